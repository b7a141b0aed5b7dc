"""A CRL that OpenSSL reads and `cryptography` refuses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import cast

from cryptography import x509

from pkikit.reading import der
from pkikit.reading.der import BadDer, naming
from pkikit.reading.odd import parts
from pkikit.reading.odd.extensions import extensions_of_crl, of_crl
from pkikit.reading.odd.odd_object import OddObject
from pkikit.reading.signatures import NOT_SIGNED, verify_with
from pkikit.reading.unreadable import UNREADABLE

# Where each entry has to be rewritten. `cryptography` reads good lists of any length.
MAX_ENTRIES = 20_000


class OddCrl(OddObject):
    """Offers the interface of `x509.CertificateRevocationList`, as far as pkikit uses it."""

    label = "X509 CRL"

    def __init__(self, original: bytes) -> None:
        """Raise BadDer unless the bytes have the shape of a CRL, OpenSSL reads each part, and the times are readable."""
        with naming("it"):
            super().__init__(der.split(original)[0])
            tbs, outer, signature = der.children(der.expect(self._original, der.SEQUENCE))
            fields = der.children(der.expect(tbs, der.SEQUENCE))
            if fields[0][0] == der.INTEGER:
                fields.pop(0)
            inner, issuer, this_update, *rest = fields
        self.tbs_certlist_bytes = tbs
        self.signs_as_it_says = der.children(inner) == der.children(outer)
        with naming("its signature"):
            self.signature = parts.signature(signature, self._report)
        with naming("its issuer"):
            issuer = parts.name(issuer, "issuer", self._report)
        with naming("its signature algorithm"):
            algorithm = parts.algorithm(outer, self._report)
        times = [_time(this_update, "its last update")]
        if rest and rest[0][0] in {der.UTC_TIME, der.GENERALIZED_TIME}:
            times.append(_time(rest.pop(0), "its next update"))
        revoked = rest[0] if rest and rest[0][0] == der.SEQUENCE else b""
        with naming("its extensions"):
            self.read_extensions = of_crl(extensions_of_crl(tbs))
        head = der.element(der.INTEGER, b"\1"), algorithm, issuer, *times
        self._repaired = self._load(head, algorithm, revoked)
        if not self._report.oddities:
            self._report.odd("it is not written as DER asks for")

    def _load(self, head: tuple[bytes, ...], algorithm: bytes, revoked: bytes) -> x509.CertificateRevocationList:
        bits = der.element(der.BIT_STRING, b"\0", self.signature)

        def copy(entries: bytes) -> x509.CertificateRevocationList:
            tbs = der.element(der.SEQUENCE, *head, entries)
            made = x509.load_der_x509_crl(der.element(der.SEQUENCE, tbs, algorithm, bits))
            _ = made.issuer, made.last_update_utc, made.next_update_utc
            return made

        try:
            return copy(revoked)
        except UNREADABLE:
            pass
        with naming("its list of entries"):
            entries = der.children(revoked) if revoked else []
            if len(entries) > MAX_ENTRIES:
                raise BadDer(f"has more than {MAX_ENTRIES:,} entries and is not DER")
            return copy(der.element(der.SEQUENCE, *(self._entry(e) for e in entries)) if entries else b"")

    def _entry(self, entry: bytes) -> bytes:
        """Return serial number and date. The reason is left out, because no decision uses it."""
        serial, date, *extensions = der.children(entry)
        der.number(serial)
        self._report.odd("its entries are not written as DER asks for; their reasons are not read")
        if extensions and b"\1\1\xff" in extensions[0]:
            self._report.add_unreadable("critical extensions of its entries")
        moment = parts.placeholder(parts.instant(date))
        return der.element(der.SEQUENCE, der.element(der.INTEGER, der.content(serial)), moment)

    @property
    def issuer(self) -> x509.Name:
        """The issuer, rewritten so that `cryptography` parses it."""
        return cast("x509.Name", self._repaired.issuer)

    @property
    def last_update_utc(self) -> datetime:
        """The time of thisUpdate."""
        return cast("datetime", self._repaired.last_update_utc)

    @property
    def next_update_utc(self) -> datetime | None:
        """The time of nextUpdate; None if the CRL has none."""
        return cast("datetime | None", self._repaired.next_update_utc)

    def is_signature_valid(self, public_key: object) -> bool:
        """Return True if this key signed the original bytes."""
        copy = self._repaired
        try:
            verify_with(
                public_key, self.signature, self.tbs_certlist_bytes,
                copy.signature_algorithm_parameters, copy.signature_hash_algorithm,
            )  # fmt: skip
        except NOT_SIGNED:
            return False
        return self.signs_as_it_says

    def __len__(self) -> int:
        return len(self._repaired)

    def __iter__(self) -> Iterator[x509.RevokedCertificate]:
        return iter(self._repaired)


def _time(data: bytes, what: str) -> bytes:
    with naming(what):
        moment = parts.instant(data)
        if moment.at is None:
            raise BadDer(f"is {moment.written!r}, which is not a time that OpenSSL takes")
        return parts.placeholder(moment)
