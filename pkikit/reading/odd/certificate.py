"""A certificate that OpenSSL reads and `cryptography` refuses.

`OddCertificate` answers what `x509.Certificate` answers. Bytes, digests and signatures are those of the original; names,
key and algorithms come from a copy that was rewritten until `cryptography` parsed it; extensions are read one by one.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

from cryptography import x509

from pkikit.reading import der
from pkikit.reading.der import BadDer, naming
from pkikit.reading.odd import parts
from pkikit.reading.odd.extensions import ReadExtension, of_sequence
from pkikit.reading.odd.odd_object import OddObject
from pkikit.reading.signatures import verify_signature

_NEVER = datetime.max.replace(tzinfo=UTC, microsecond=0)
_V3 = 2


class OddCertificate(OddObject):
    """Offers the interface of `x509.Certificate`, as far as pkikit uses it. `pkikit.reading.odd.certificate_loader` makes it."""

    label = "CERTIFICATE"

    def __init__(self, original: bytes) -> None:
        """Raise BadDer unless the bytes have the shape of a certificate and OpenSSL reads each part."""
        with naming("it"):
            super().__init__(der.split(original)[0])
            tbs, algorithm, signature = der.children(der.expect(self._original, der.SEQUENCE))
            fields = _Fields(tbs)
        self.subject_bytes = fields.subject
        self.tbs_certificate_bytes = tbs
        with naming("its signature"):
            self.signature = parts.signature(signature, self._report)
        with naming("its serial number"):
            self.serial_number = der.number(fields.serial)
        with naming("its validity"):
            self.begins, self.ends = (parts.instant(t) for t in der.children(fields.validity))
        self._repaired = self._load(fields, algorithm)
        self.signs_as_it_says = der.children(fields.algorithm) == der.children(algorithm)
        self.read_extensions = _extensions(fields.extensions, self._report)
        if not self._report.oddities and self.begins.at and self.ends.at:
            self._report.odd("it is not written as DER asks for")

    def _load(self, fields: _Fields, outer: bytes) -> x509.Certificate:
        report = self._report
        with naming("its signature algorithm"):
            self.signature_algorithm_oid = x509.ObjectIdentifier(der.read_oid(der.children(outer)[0]))
        with naming("its issuer"):
            issuer = parts.name(fields.issuer, "issuer", report)
        with naming("its subject"):
            subject = parts.name(fields.subject, "subject", report)
        with naming("its signature algorithm"):
            algorithm = parts.algorithm(outer, report)
        with naming("its public key"):
            key = parts.public_key(fields.key, report)
        if fields.version not in {0, _V3}:
            report.odd(f"its version is {fields.version + 1}, and there are 1 and 3")
        self.version = x509.Version.v1 if fields.version == 0 else x509.Version.v3
        dates = der.element(der.SEQUENCE, parts.placeholder(self.begins), parts.placeholder(self.ends))
        head = der.element(0xA0, der.element(der.INTEGER, bytes((_V3,)))), der.element(der.INTEGER, b"\1")
        tbs = der.element(der.SEQUENCE, *head, algorithm, issuer, dates, subject, key)
        copy = der.element(der.SEQUENCE, tbs, algorithm, der.element(der.BIT_STRING, b"\0", self.signature))
        with naming("it"):
            return x509.load_der_x509_certificate(copy)

    @property
    def subject(self) -> x509.Name:
        """The subject, rewritten so that `cryptography` parses it."""
        return cast("x509.Name", self._repaired.subject)

    @property
    def issuer(self) -> x509.Name:
        """The issuer, rewritten so that `cryptography` parses it."""
        return cast("x509.Name", self._repaired.issuer)

    @property
    def not_valid_before_utc(self) -> datetime:
        """The time of notBefore. If it cannot be read: the earliest time there is, and `begins.at` is None."""
        return self.begins.at or datetime.min.replace(tzinfo=UTC)

    @property
    def not_valid_after_utc(self) -> datetime:
        """The time of notAfter. If it cannot be read: the latest time there is, and `ends.at` is None."""
        return self.ends.at or _NEVER

    def verify_directly_issued_by(self, issuer: x509.Certificate) -> None:
        """Check names and signature as `x509.Certificate.verify_directly_issued_by` does, over the original bytes.

        Args:
            issuer: the certificate that should have issued this one.

        Raises:
            InvalidSignature: the issuer's key did not sign this certificate.
            ValueError: the names differ.
            TypeError: the issuer's key is of a kind that signs nothing.
        """
        if self.issuer != issuer.subject:
            raise ValueError("the issuer's subject is not the issuer that the certificate names")
        verify_signature(cast("x509.Certificate", self), issuer)

    def __repr__(self) -> str:
        return f"<Certificate(subject={self.subject!r}, ...)>"


class _Fields:
    """The parts of a TBSCertificate, each as DER."""

    def __init__(self, tbs: bytes) -> None:
        listed = der.children(der.expect(tbs, der.SEQUENCE))
        self.version = 0
        if listed and listed[0][0] == 0xA0:
            self.version = int.from_bytes(der.content(der.children(listed.pop(0))[0]), "big", signed=True)
        if len(listed) < 6:
            raise BadDer(f"has {len(listed)} parts where 6 belong")
        self.serial = der.expect(listed[0], der.INTEGER)
        self.algorithm, self.issuer, self.validity, self.subject, self.key = listed[1:6]
        tagged = {part[0]: part for part in listed[6:]}
        self.extensions = der.children(tagged[0xA3])[0] if 0xA3 in tagged else b""


def _extensions(data: bytes, report: parts.Report) -> tuple[ReadExtension, ...]:
    try:
        return of_sequence(data)
    except (BadDer, ValueError) as error:
        report.add_unreadable(f"the list of extensions ({error})")
        return ()
