"""What a certificate says, read once and safely: a certificate from outside may hold anything."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from pkikit.model.certificates.canonical_name import CanonicalName
from pkikit.model.certificates.certificate_facts import facts_of
from pkikit.model.certificates.presented_names import PresentedNames
from pkikit.reading.odd.certificate import OddCertificate
from pkikit.reading.odd.crl import OddCrl
from pkikit.reading.odd.extensions import ReadExtension, extensions_of
from pkikit.reading.unreadable import UNREADABLE

_T = TypeVar("_T", bound=x509.ExtensionType)


Holder = x509.Certificate | x509.CertificateSigningRequest | x509.CertificateRevocationList
_CRLS = (x509.CertificateRevocationList, OddCrl)


def extension(holder: Holder, kind: type[_T]) -> _T | None:
    """Return the extension of that kind; None when it is absent or cannot be read (`has_extension` tells which)."""
    if isinstance(holder, x509.Certificate) or not isinstance(holder, _CRLS):
        return facts_of(holder).values.get(kind)  # type: ignore[return-value]  # a value has the type that is its key
    # A list of revoked certificates can have millions of entries: its facts are not kept.
    return next((e.value for e in extensions_of(holder) if isinstance(e.value, kind)), None)


def has_extension(holder: Holder, kind: type[x509.ExtensionType]) -> bool:
    """True when an extension of that kind is there, readable or not."""
    return extension(holder, kind) is not None or any(e.oid == kind.oid.dotted_string for e in odd_extensions(holder))


def is_unreadable(holder: Holder, kind: type[x509.ExtensionType]) -> bool:
    """True when an extension of that kind is there and cannot be read: nobody knows what it says."""
    return extension(holder, kind) is None and has_extension(holder, kind)


def read_extensions(holder: Holder) -> tuple[ReadExtension, ...]:
    """Return every extension in the order of the file; an unreadable one does not hide the others."""
    return extensions_of(holder) if isinstance(holder, _CRLS) else facts_of(holder).extensions


def odd_extensions(holder: Holder) -> tuple[ReadExtension, ...]:
    """Return the extensions that nobody can read, or only as OpenSSL reads them."""
    if isinstance(holder, x509.Certificate) or not isinstance(holder, _CRLS):
        return facts_of(holder).odd_extensions
    return tuple(e for e in extensions_of(holder) if e.oddity)


def title(certificate: x509.Certificate) -> str:
    """Return a short name for people: the common name, else the first dNSName, else the whole subject."""
    return facts_of(certificate).title


def presented_names(holder: x509.Certificate | x509.CertificateSigningRequest) -> PresentedNames:
    """Return the names that a certificate or a request presents. Entries that cannot match are in `refused`, never dropped."""
    return facts_of(holder).names


def subject_of(certificate: x509.Certificate) -> CanonicalName:
    """Return the subject in a form for comparison."""
    return facts_of(certificate).subject


def issuer_of(certificate: x509.Certificate) -> CanonicalName:
    """Return the issuer's name in a form for comparison."""
    return facts_of(certificate).issuer


def is_self_issued(certificate: x509.Certificate) -> bool:
    """True when issuer and subject are the same name."""
    return facts_of(certificate).is_self_issued


def is_self_signed(certificate: x509.Certificate) -> bool:
    """True when a certificate is self-issued, and key identifier and kind of signature agree (OpenSSL's EXFLAG_SS)."""
    return facts_of(certificate).is_self_signed


def signature_fits(child: x509.Certificate, issuer: x509.Certificate) -> bool:
    """False when the child's signature cannot come from a key of the issuer's kind (OpenSSL's check_sig_alg_match).

    An algorithm that nobody knows fits no key.
    """
    return facts_of(child).signature_fits(facts_of(issuer))


def identifies(child: x509.Certificate, issuer: x509.Certificate) -> bool:
    """True unless the child's authority key identifier names another key, serial number or issuer (X509_check_akid)."""
    return facts_of(child).is_identified_by(facts_of(issuer))


def is_issued_by(child: x509.Certificate, issuer: x509.Certificate) -> bool:
    """True when the issuer's key signed the child; False for any signature that cannot be checked."""
    return facts_of(child).is_issued_by(facts_of(issuer))


def subject_key_id(certificate: x509.Certificate) -> bytes | None:
    """Return the subject key identifier, or None."""
    return facts_of(certificate).subject_key_id


# At the exact second of notAfter, OpenSSL up to 3.1 says "expired" and OpenSSL 3.2 and later do not (measured). The lab
# follows the OpenSSL inside `cryptography`; tests/interop/test_paths_openssl.py compares this constant with it.
END_SECOND_IS_VALID = True


def has_ended(certificate: x509.Certificate, at: datetime, *, end_second_is_valid: bool = END_SECOND_IS_VALID) -> bool:
    """True after notAfter. X.509 counts whole seconds; the last second counts as OpenSSL counts it."""
    now, ends = at.replace(microsecond=0), facts_of(certificate).ends
    return now > ends if end_second_is_valid else now >= ends


def has_started(certificate: x509.Certificate, at: datetime) -> bool:
    """True from notBefore on."""
    return facts_of(certificate).begins <= at.replace(microsecond=0)


def is_valid_at(certificate: x509.Certificate, at: datetime) -> bool:
    """True inside notBefore..notAfter; False where a date cannot be read, as in OpenSSL."""
    return not unreadable_dates(certificate) and has_started(certificate, at) and not has_ended(certificate, at)


def unreadable_dates(certificate: x509.Certificate) -> tuple[tuple[str, str], ...]:
    """Return (`not before` or `not after`, its text) for each date that OpenSSL refuses."""
    return facts_of(certificate).unreadable_dates


def refused_though_parsed(certificate: x509.Certificate) -> tuple[tuple[str, str], ...]:
    """Return (OID, what is wrong) of extensions that `cryptography` parses, or passes over, and OpenSSL refuses."""
    return facts_of(certificate).refused_extensions


def refusal_of(certificate: x509.Certificate) -> str:
    """Return why OpenSSL does not read a certificate that `cryptography` reads; empty when it does."""
    return facts_of(certificate).refusal


def leaf_first(certificates: Sequence[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """Return a chain in its order, leaf first; unchanged if it is not a single chain. PKCS#7 is a set and keeps no order."""
    issuers = {issuer_of(c) for c in certificates if not is_self_issued(c)}
    leaves = [c for c in certificates if subject_of(c) not in issuers]
    if len(leaves) != 1:
        return tuple(certificates)
    ordered = leaves
    while len(ordered) < len(certificates):
        above = [c for c in certificates if c not in ordered and subject_of(c) == issuer_of(ordered[-1])]
        if len(above) != 1:
            return tuple(certificates)
        ordered += above
    return tuple(ordered)


def format_time(instant: datetime) -> str:
    """Return an instant as text for people, in UTC, to the minute."""
    return f"{instant:%Y-%m-%d %H:%M} UTC"


def serial_number(certificate: x509.Certificate) -> int:
    """Return the serial number, negative ones too."""
    return facts_of(certificate).serial_number


def key_kind(certificate: x509.Certificate | x509.CertificateSigningRequest) -> tuple[str, int]:
    """Return (`RSA` | `EC` | `DSA` | other, bits); ("unreadable", 0) when nobody can parse the key."""
    return facts_of(certificate).key_kind


def critical_oids(holder: Holder) -> tuple[str, ...]:
    """Return the OIDs of the critical extensions, readable or not."""
    if isinstance(holder, x509.Certificate) or not isinstance(holder, _CRLS):
        return facts_of(holder).critical_oids
    try:
        return tuple(e.oid.dotted_string for e in holder.extensions if e.critical)
    except UNREADABLE:
        return tuple(e.oid for e in extensions_of(holder) if e.critical)


def subject_bytes(certificate: x509.Certificate) -> bytes:
    """Return the bytes of the subject (DER)."""
    return certificate.subject_bytes if isinstance(certificate, OddCertificate) else certificate.subject.public_bytes()


def key_of(holder: x509.Certificate | x509.CertificateSigningRequest) -> bytes:
    """Return the SubjectPublicKeyInfo in DER: equal bytes, equal key. The file's bytes if nobody can parse the key."""
    return facts_of(holder).key


def oid_name(oid: x509.ObjectIdentifier) -> str:
    """Return the library's name of an OID, or its numbers."""
    return oid._name if oid._name != "Unknown OID" else oid.dotted_string


def ocsp_urls(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the OCSP responders that a certificate names."""
    access = extension(certificate, x509.AuthorityInformationAccess)
    return tuple(
        d.access_location.value
        for d in access or ()
        if d.access_method == AuthorityInformationAccessOID.OCSP
        and isinstance(d.access_location, x509.UniformResourceIdentifier)
    )


def crl_urls(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the CRL distribution points that a certificate names as URL."""
    points = extension(certificate, x509.CRLDistributionPoints)
    names = (name for point in points or () for name in point.full_name or ())
    return tuple(n.value for n in names if isinstance(n, x509.UniformResourceIdentifier))
