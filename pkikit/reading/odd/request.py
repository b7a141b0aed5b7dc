"""A certificate request that OpenSSL reads and `cryptography` refuses."""

from __future__ import annotations

from typing import Any, cast

from cryptography import x509

from pkikit.reading import der
from pkikit.reading.der import BadDer, naming
from pkikit.reading.odd import parts
from pkikit.reading.odd.extensions import extensions_of_request, of_sequence
from pkikit.reading.odd.odd_object import OddObject
from pkikit.reading.signatures import NOT_SIGNED, verify_with


class OddRequest(OddObject):
    """Offers the interface of `x509.CertificateSigningRequest`, as far as pkikit uses it.

    Of its attributes, only the extensions are read.
    """

    label = "CERTIFICATE REQUEST"

    def __init__(self, original: bytes) -> None:
        """Raise BadDer unless the bytes have the shape of a request and OpenSSL reads each part."""
        with naming("it"):
            super().__init__(der.split(original)[0])
            tbs, algorithm, signature = der.children(der.expect(self._original, der.SEQUENCE))
            version, subject, key, *_ = der.children(der.expect(tbs, der.SEQUENCE))
        report = self._report
        self.tbs_certrequest_bytes = tbs
        with naming("its signature"):
            self.signature = parts.signature(signature, report)
        with naming("its version"):
            if int.from_bytes(der.content(version), "big"):
                report.odd("its version is not 1")
        with naming("its subject"):
            subject = parts.name(subject, "subject", report)
        with naming("its public key"):
            key = parts.public_key(key, report)
        with naming("its signature algorithm"):
            algorithm = parts.algorithm(algorithm, report)
        try:
            self.read_extensions = of_sequence(extensions_of_request(tbs))
        except (BadDer, ValueError) as error:
            report.add_unreadable(f"the list of extensions ({error})")
        head = der.element(der.INTEGER, b"\0"), subject, key, der.element(0xA0)
        bits = der.element(der.BIT_STRING, b"\0", self.signature)
        with naming("it"):
            self._repaired = x509.load_der_x509_csr(
                der.element(der.SEQUENCE, der.element(der.SEQUENCE, *head), algorithm, bits)
            )
            _ = self._repaired.subject
        if not report.oddities:
            report.odd("it is not written as DER asks for")

    @property
    def subject(self) -> x509.Name:
        """The requested subject."""
        return cast("x509.Name", self._repaired.subject)

    @property
    def attributes(self) -> Any:
        """No attributes: only the extensions are read."""
        return self._repaired.attributes

    @property
    def is_signature_valid(self) -> bool:
        """True if the request's own key signed the original bytes."""
        copy = self._repaired
        try:
            verify_with(
                copy.public_key(), self.signature, self.tbs_certrequest_bytes,
                copy.signature_algorithm_parameters, copy.signature_hash_algorithm,
            )  # fmt: skip
        except NOT_SIGNED:
            return False
        return True
