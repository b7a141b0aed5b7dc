"""Parts that certificates, requests, CRLs and OCSP answers share, rewritten so that `cryptography` parses them.

Each function returns the part in a form that parses, and what was odd about it. BadDer: OpenSSL refuses it as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography import x509

from pkikit.reading import der
from pkikit.reading.odd.distinguished_names import readable_name
from pkikit.reading.openssl import carrier_with
from pkikit.reading.unreadable import UNREADABLE

_NULL = der.element(der.NULL)
# RSA with PKCS#1 v1.5: parameters are NULL, and OpenSSL does not look at them. Elliptic and Edwards curves have none.
_RSA = "1.2.840.113549.1.1."
_WITH_NULL = frozenset({f"{_RSA}{n}" for n in (1, 2, 3, 4, 5, 11, 12, 13, 14)})
_WITHOUT = ("1.2.840.10045.4.", "1.2.840.10040.4.3", "2.16.840.1.101.3.4.3.")
_UNKNOWN = der.element(der.SEQUENCE, der.oid("1.3.6.1.4.1.0"))
_UTC = re.compile(rb"\d{12}Z\Z")
_GENERALIZED = re.compile(rb"\d{14}Z\Z")


@dataclass
class Report:
    """The findings of a rewrite: `oddities` that OpenSSL accepts, and parts that are lost."""

    oddities: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    def odd(self, sentence: str) -> None:
        """Add something that breaks the standard."""
        if sentence not in self.oddities:
            self.oddities.append(sentence)

    def add_unreadable(self, sentence: str) -> None:
        """Add a part that nobody can read."""
        if sentence not in self.unreadable:
            self.unreadable.append(sentence)


def name(data: bytes, what: str, report: Report) -> bytes:
    """Rewrite a distinguished name."""
    readable, oddities = readable_name(data, what)
    for oddity in oddities:
        report.odd(oddity)
    if _parses(lambda: x509.load_der_x509_certificate(carrier_with(name=readable)).subject):
        return readable
    report.add_unreadable(f"the {what}")
    return der.element(der.SEQUENCE)


def _parses(load: Callable[[], object]) -> bool:
    try:
        load()
    except UNREADABLE:
        return False
    return True


def algorithm(data: bytes, report: Report) -> bytes:
    """Rewrite a signature algorithm. OpenSSL skips parameters that do not belong to it; an unknown algorithm stays unknown."""
    kind, *parameters = der.children(der.expect(data, der.SEQUENCE))
    number = der.read_oid(kind)
    written = der.element(der.SEQUENCE, der.oid(number), *parameters)
    if _parses(lambda: x509.load_der_x509_certificate(carrier_with(algorithm=written))):
        return written
    report.odd(f"the signature algorithm {number} has parameters that do not belong to it")
    if number in _WITH_NULL:
        return der.element(der.SEQUENCE, der.oid(number), _NULL)
    if number.startswith(_WITHOUT):
        return der.element(der.SEQUENCE, der.oid(number))
    return _UNKNOWN


def public_key(data: bytes, report: Report) -> bytes:
    """Rewrite a SubjectPublicKeyInfo: a key of another kind replaces one that does not parse."""
    head, bits = der.children(der.expect(data, der.SEQUENCE))
    kind, *parameters = der.children(head)
    number = der.read_oid(kind)
    if number == f"{_RSA}1":
        parameters = [_NULL]
    written = der.element(
        der.SEQUENCE,
        der.element(der.SEQUENCE, der.oid(number), *parameters),
        der.element(der.BIT_STRING, b"\0", der.content(bits)[1:]),
    )
    if written != data:
        report.odd("the public key is not written as DER asks for")
    if _parses(lambda: x509.load_der_x509_certificate(carrier_with(key=written))):
        return written
    return der.element(der.SEQUENCE, _UNKNOWN, der.element(der.BIT_STRING, b"\0"))


@dataclass(frozen=True, kw_only=True)
class Instant:
    """A time of a certificate or CRL: the text, and the instant; None if no verifier accepts the text."""

    written: str
    at: datetime | None


def instant(data: bytes) -> Instant:
    """Read a UTCTime or GeneralizedTime. RFC 5280 and OpenSSL require seconds and a Z, and forbid fractions."""
    text = der.content(der.expect(data, der.UTC_TIME, der.GENERALIZED_TIME))
    written = text[:40].decode("ascii", "backslashreplace")
    if der.first_byte(data) == der.UTC_TIME and _UTC.match(text):
        text = (b"19" if text[:2] >= b"50" else b"20") + text
    elif not (der.first_byte(data) == der.GENERALIZED_TIME and _GENERALIZED.match(text)):
        return Instant(written=written, at=None)
    if text[:4] == b"0000":
        return Instant(written=written, at=datetime.min.replace(tzinfo=UTC))  # OpenSSL knows a year 0, Python does not
    try:
        return Instant(written=written, at=datetime.strptime(text.decode(), "%Y%m%d%H%M%SZ").replace(tzinfo=UTC))
    except ValueError:
        return Instant(written=written, at=None)


def placeholder(moment: Instant) -> bytes:
    """Return a time that parses, to replace one that may not."""
    at = moment.at or datetime(2000, 1, 1, tzinfo=UTC)
    return der.element(der.GENERALIZED_TIME, f"{at:%Y%m%d%H%M%SZ}".rjust(15, "0").encode())


def signature(data: bytes, report: Report) -> bytes:
    """Return the bytes of a signature. A signature with unused bits never verifies."""
    bits = der.content(der.expect(data, der.BIT_STRING))
    if bits[:1] != b"\0":
        report.odd("the signature is not a whole number of bytes")
        return b""
    return bits[1:]
