"""An OCSP answer that OpenSSL reads and `cryptography` refuses: an odd name or certificate of the responder."""

from __future__ import annotations

from typing import cast

from cryptography import x509
from cryptography.x509 import ocsp

from pkikit.reading import der
from pkikit.reading.der import naming
from pkikit.reading.odd import parts
from pkikit.reading.odd.certificate_loader import load_certificate
from pkikit.reading.odd.extensions import ReadExtension, of_sequence
from pkikit.reading.odd.odd_object import OddObject

_NONCE = x509.OCSPNonce.oid.dotted_string


class OddOcspAnswer(OddObject):
    """Offers the interface of `ocsp.OCSPResponse`, as far as pkikit uses it. Of its extensions, only the nonce is read."""

    label = "OCSP RESPONSE"

    def __init__(self, original: bytes) -> None:
        """Raise BadDer unless the bytes have the shape of a basic answer and each part can be read."""
        with naming("it"):
            super().__init__(der.split(original)[0])
            status, wrapped = der.children(self._original)
            kind, octets = der.children(der.children(wrapped)[0])
            tbs, algorithm, signature, *extra = der.children(der.content(octets))
            fields = der.children(tbs)
            place = 1 if fields[0][0] == 0xA0 else 0
        self.tbs_response_bytes = tbs
        report = self._report
        with naming("its signature"):
            self.signature = parts.signature(signature, report)
        with naming("its signature algorithm"):
            algorithm = parts.algorithm(algorithm, report)
        with naming("the responder's name"):
            if fields[place][0] == 0xA1:
                fields[place] = der.element(0xA1, parts.name(der.children(fields[place])[0], "responder", report))
        with naming("a certificate in it"):
            listed = der.children(der.children(extra[0])[0]) if extra else []
            self.certificates = [load_certificate(c) for c in listed]
        self.read_extensions = _nonce(fields)
        fields = [f for f in fields if f[0] != 0xA1 or f is fields[place]]
        bits = der.element(der.BIT_STRING, b"\0", self.signature)
        basic = der.element(der.SEQUENCE, der.element(der.SEQUENCE, *fields), algorithm, bits)
        body = der.element(der.SEQUENCE, kind, der.element(der.OCTETS, basic))
        with naming("it"):
            self._repaired = ocsp.load_der_ocsp_response(der.element(der.SEQUENCE, status, der.element(0xA0, body)))
            touch(cast("ocsp.OCSPResponse", self._repaired))
        if not report.oddities:
            report.odd("it is not written as DER asks for")


def _nonce(fields: list[bytes]) -> tuple[ReadExtension, ...]:
    """Return the nonce, so that a judge notices a wrong one. It is the DER of an OCTET STRING or (old servers) bare bytes."""
    with naming("its extensions"):
        last = fields[-1]
        found = of_sequence(der.children(last)[0]) if last[0] == 0xA1 and len(fields) > 3 else ()
        read = []
        for one in found:
            if one.oid == _NONCE and isinstance(one.value, x509.UnrecognizedExtension | x509.OCSPNonce):
                value = one.value.nonce if isinstance(one.value, x509.OCSPNonce) else one.value.value
                inner = der.content(value) if value[:1] == bytes((der.OCTETS,)) else value
                read.append(ReadExtension(oid=one.oid, critical=one.critical, value=x509.OCSPNonce(inner)))
        return tuple(read)


def touch(answer: ocsp.OCSPResponse) -> None:
    """Read every part that `cryptography` parses late, so that nothing raises later. Judges handle unknown algorithms."""
    if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        return
    _ = answer.responder_name, answer.responder_key_hash, answer.signature, answer.tbs_response_bytes
    _ = answer.produced_at_utc, answer.certificates, list(answer.extensions)
    for certificate in answer.certificates:
        _ = certificate.subject, certificate.issuer, certificate.not_valid_before_utc, certificate.not_valid_after_utc
    for single in answer.responses:
        _ = single.certificate_status, single.serial_number, single.this_update_utc, single.next_update_utc
        _ = single.revocation_time_utc, single.revocation_reason, single.issuer_key_hash, single.issuer_name_hash
