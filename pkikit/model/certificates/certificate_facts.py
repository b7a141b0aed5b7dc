"""A certificate, read once: the value that every judge asks.

`facts_of(certificate)` gives the facts of a certificate or request, the same value to everybody who asks. Each fact is read
when it is asked for first. `pkikit.values.memo` keeps the facts of the certificates that were asked about last, and no others.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from datetime import datetime
from typing import Generic, Protocol, TypeVar, cast, overload

from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning

from pkikit.model.certificates.canonical_name import CanonicalName, canonical, common_name, format_name
from pkikit.model.certificates.name_reading import read_names
from pkikit.model.certificates.oddities import find_refusal, find_refused_extensions
from pkikit.model.certificates.presented_names import PresentedNames
from pkikit.model.certificates.public_key import keys_that_may_sign, read_key, read_key_kind, verify_issued
from pkikit.reading.odd.certificate import OddCertificate
from pkikit.reading.odd.extensions import ReadExtension, extensions_of
from pkikit.reading.odd.odd_object import OddObject
from pkikit.reading.odd.request import OddRequest
from pkikit.reading.unreadable import UNREADABLE
from pkikit.text import printable
from pkikit.values.memo import lazy_property, once_per_object

_T = TypeVar("_T", bound=x509.ExtensionType)
_H = TypeVar("_H", x509.Certificate, x509.CertificateSigningRequest)
MAX_ISSUERS = 64  # answers about signatures that one certificate keeps


class Facts(Generic[_H]):
    """What a certificate and a request have in common: extensions, names and key.

    One extension that cannot be read hides no other, and never makes another look absent.
    """

    def __init__(self, holder: _H) -> None:
        self.holder: _H = holder

    @lazy_property
    def extensions(self) -> tuple[ReadExtension, ...]:
        """Every extension in the order of the file, readable or not."""
        return extensions_of(self.holder)

    @lazy_property
    def values(self) -> Mapping[type[x509.ExtensionType], x509.ExtensionType]:
        """The extensions that can be read, by their type; the first of each kind."""
        if self.reads_plainly:
            return {type(e.value): e.value for e in self.holder.extensions}
        found: dict[type[x509.ExtensionType], x509.ExtensionType] = {}
        for value in (one.value for one in self.extensions if one.value is not None):
            # What `pkikit.reading` reads more loosely can be of a subclass: it is found by the class of `cryptography`.
            for kind in type(value).__mro__:
                if issubclass(kind, x509.ExtensionType):
                    found.setdefault(kind, value)
        return found

    @lazy_property
    def reads_plainly(self) -> bool:
        """True where `cryptography` reads all of the extensions by itself."""
        if isinstance(self.holder, OddObject):
            return False
        try:
            _ = self.holder.extensions
        except UNREADABLE:
            return False
        return True

    @lazy_property
    def odd_extensions(self) -> tuple[ReadExtension, ...]:
        """The extensions that cannot be read, or only as OpenSSL reads them."""
        return () if self.reads_plainly else tuple(e for e in self.extensions if e.oddity)

    @lazy_property
    def critical_oids(self) -> tuple[str, ...]:
        """The OIDs of the critical extensions, readable or not."""
        try:
            return tuple(e.oid.dotted_string for e in self.holder.extensions if e.critical)
        except UNREADABLE:
            return tuple(e.oid for e in self.extensions if e.critical)

    def extension(self, kind: type[_T]) -> _T | None:
        """Return the extension of that kind; None when it is absent or cannot be read (`has` tells which)."""
        return self.values.get(kind)  # type: ignore[return-value]  # a value has the type that is its key

    def has(self, kind: type[x509.ExtensionType]) -> bool:
        """Return True when an extension of that kind is there, readable or not."""
        return kind in self.values or any(e.oid == kind.oid.dotted_string for e in self.odd_extensions)

    @lazy_property
    def names(self) -> PresentedNames:
        """The names that it presents."""
        kind = x509.SubjectAlternativeName
        return read_names(self.holder.subject, self.extension(kind), has_san=self.has(kind))

    @lazy_property
    def key_kind(self) -> tuple[str, int]:
        """(`RSA` | `EC` | `DSA` | other, bits); ("unreadable", 0) when the key cannot be parsed."""
        return read_key_kind(self.holder)

    @lazy_property
    def key(self) -> bytes:
        """SubjectPublicKeyInfo in DER: equal bytes, equal key."""
        return read_key(self.holder)


class RequestFacts(Facts[x509.CertificateSigningRequest]):
    """What a request says."""


class CertificateFacts(Facts[x509.Certificate]):
    """What a certificate says: beside extensions, names and key, who issued it and when it is valid."""

    def __init__(self, holder: x509.Certificate) -> None:
        super().__init__(holder)
        self._issuers: dict[CertificateFacts, bool] = {}

    @lazy_property
    def title(self) -> str:
        """A short name for a person: the common name, else the first dNSName, else the whole subject."""
        name = common_name(self.holder.subject)
        if not name:
            alternative = self.extension(x509.SubjectAlternativeName)
            dns = alternative.get_values_for_type(x509.DNSName) if alternative else []
            name = dns[0] if dns else ""
        return printable(name or format_name(self.holder.subject))

    @lazy_property
    def subject(self) -> CanonicalName:
        """The subject, to be compared with."""
        return canonical(self.holder.subject)

    @lazy_property
    def issuer(self) -> CanonicalName:
        """The issuer's name, to be compared with."""
        return canonical(self.holder.issuer)

    @lazy_property
    def begins(self) -> datetime:
        """notBefore; the beginning of time where it cannot be read (`unreadable_dates`)."""
        return self.holder.not_valid_before_utc

    @lazy_property
    def ends(self) -> datetime:
        """notAfter; the end of time where it cannot be read."""
        return self.holder.not_valid_after_utc

    @lazy_property
    def unreadable_dates(self) -> tuple[tuple[str, str], ...]:
        """(`not before` or `not after`, what is written) for each date that OpenSSL refuses; it gives no instant."""
        if not isinstance(self.holder, OddCertificate):
            return ()
        dates = (("not before", self.holder.begins), ("not after", self.holder.ends))
        return tuple((label, date.written) for label, date in dates if date.at is None)

    @lazy_property
    def serial_number(self) -> int:
        """The serial number, negative ones too; a rule reports those, so the library's warning is suppressed."""
        if _is_plainly_positive(self.holder.tbs_certificate_bytes):
            return self.holder.serial_number
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            return self.holder.serial_number

    @lazy_property
    def subject_key_id(self) -> bytes | None:
        """The subject key identifier, or None."""
        value = self.extension(x509.SubjectKeyIdentifier)
        return value.digest if value else None

    @lazy_property
    def is_self_issued(self) -> bool:
        """Issuer and subject are one name."""
        return self.issuer == self.subject

    @lazy_property
    def is_self_signed(self) -> bool:
        """Self-issued, and neither its key identifier nor the kind of signature denies it (OpenSSL's EXFLAG_SS)."""
        return self.is_self_issued and self.is_identified_by(self) and self.signature_fits(self)

    @lazy_property
    def refused_extensions(self) -> tuple[tuple[str, str], ...]:
        """(OID, what is wrong) of extensions that `cryptography` parses, or passes over, and OpenSSL refuses."""
        return find_refused_extensions(self.holder, self.values)

    @lazy_property
    def refusal(self) -> str:
        """Why OpenSSL does not read a certificate that `cryptography` reads; empty when it does."""
        return find_refusal(self.holder)

    @lazy_property
    def _signing_keys(self) -> frozenset[str]:
        return keys_that_may_sign(self.holder)

    @lazy_property
    def _key_algorithm(self) -> str:
        return self.holder.public_key_algorithm_oid.dotted_string

    def signature_fits(self, issuer: CertificateFacts) -> bool:
        """Return False when the signature cannot come from a key of the issuer's kind (OpenSSL's check_sig_alg_match)."""
        return issuer._key_algorithm in self._signing_keys

    def is_identified_by(self, issuer: CertificateFacts) -> bool:
        """Return True unless the authority key identifier names another key, serial number or issuer (X509_check_akid)."""
        identifier = self.extension(x509.AuthorityKeyIdentifier)
        if identifier is None:
            return True
        own = issuer.subject_key_id
        if identifier.key_identifier is not None and own is not None and identifier.key_identifier != own:
            return False
        serial = identifier.authority_cert_serial_number
        if serial is not None and serial != issuer.serial_number:
            return False
        above = [n.value for n in identifier.authority_cert_issuer or () if isinstance(n, x509.DirectoryName)]
        return not above or canonical(above[0]) == issuer.issuer

    def is_issued_by(self, issuer: CertificateFacts) -> bool:
        """Return True when the issuer's key signed this; False for any signature that cannot be checked."""
        known = self._issuers.get(issuer)
        if known is None:
            if len(self._issuers) >= MAX_ISSUERS:
                self._issuers.clear()
            known = self._issuers[issuer] = verify_issued(self.holder, issuer.holder)
        return known


def _is_plainly_positive(tbs: bytes) -> bool:
    """True where the first byte of the serial number shows that no warning comes: suppressing one is slow."""
    at = 2 + (tbs[1] & 0x7F if tbs[1] & 0x80 else 0)  # after the header of the SEQUENCE
    if tbs[at : at + 1] == b"\xa0":
        at += 5  # after the version: [0] with an INTEGER of one byte
    return tbs[at : at + 1] == b"\x02" and 0 < int.from_bytes(tbs[at + 2 : at + 3]) < 0x80


class _FactsOf(Protocol):
    @overload
    def __call__(self, holder: x509.Certificate, /) -> CertificateFacts: ...
    @overload
    def __call__(self, holder: x509.CertificateSigningRequest, /) -> RequestFacts: ...


@once_per_object
def _facts_of(holder: x509.Certificate | x509.CertificateSigningRequest) -> CertificateFacts | RequestFacts:
    """Return the facts of a certificate or request; the same value as long as it is among the last ones asked about."""
    if isinstance(holder, x509.CertificateSigningRequest | OddRequest):
        return RequestFacts(holder)
    return CertificateFacts(holder)


facts_of = cast("_FactsOf", _facts_of)
