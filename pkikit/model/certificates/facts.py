"""What a certificate says, read once and safely: a certificate from outside may hold anything."""

from __future__ import annotations

import re
import string
import warnings
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from pkikit.model.certificates.oddities import by_kind, unreadable_dates
from pkikit.reading.certificate import OddCertificate
from pkikit.reading.errors import UNREADABLE as UNREADABLE
from pkikit.reading.extensions import ReadExtension, extensions_of
from pkikit.reading.request import OddRequest
from pkikit.reading.shapes import raw_public_key
from pkikit.reading.signatures import NOT_SIGNED, verify_signature
from pkikit.values.memo import once_per_object
from pkikit.values.names import printable

_T = TypeVar("_T", bound=x509.ExtensionType)


Holder = x509.Certificate | x509.CertificateSigningRequest | x509.CertificateRevocationList


def extension(holder: Holder, kind: type[_T]) -> _T | None:
    """The extension of that kind; None when it is absent or cannot be read (`has_extension` tells which)."""
    if isinstance(holder, x509.Certificate):
        known = by_kind(holder)
        if known is not None:
            return known.get(kind)  # type: ignore[return-value]  # a value has the type that is its key
    try:
        return holder.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
    except UNREADABLE:
        return next((e.value for e in read_extensions(holder) if isinstance(e.value, kind)), None)


def has_extension(holder: Holder, kind: type[x509.ExtensionType]) -> bool:
    """True when an extension of that kind is there, readable or not."""
    return extension(holder, kind) is not None or any(e.oid == kind.oid.dotted_string for e in odd_extensions(holder))


def is_unreadable(holder: Holder, kind: type[x509.ExtensionType]) -> bool:
    """True when an extension of that kind is there and cannot be read: nobody knows what it says."""
    return extension(holder, kind) is None and has_extension(holder, kind)


def read_extensions(holder: Holder) -> tuple[ReadExtension, ...]:
    """Every extension in the order of the file; one that cannot be read hides no other."""
    return extensions_of(holder)


def odd_extensions(holder: Holder) -> tuple[ReadExtension, ...]:
    """The extensions that cannot be read, or only as OpenSSL reads them."""
    if not hasattr(holder, "read_extensions"):
        try:
            _ = holder.extensions
        except UNREADABLE:
            pass
        else:
            return ()
    return tuple(e for e in extensions_of(holder) if e.oddity)


def common_name(name: x509.Name) -> str:
    """The last common name of a distinguished name, or an empty string."""
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[-1].value) if found else ""


def organisation(name: x509.Name) -> str:
    """The organisation of a distinguished name, or an empty string."""
    found = name.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return str(found[0].value) if found else ""


@once_per_object
def title(certificate: x509.Certificate) -> str:
    """A short name for a person: the common name, else the first dNSName, else the whole subject."""
    name = common_name(certificate.subject)
    if not name:
        alternative = extension(certificate, x509.SubjectAlternativeName)
        dns = alternative.get_values_for_type(x509.DNSName) if alternative else []
        name = dns[0] if dns else ""
    return printable(name or distinguished(certificate.subject))


def distinguished(name: x509.Name) -> str:
    """A distinguished name on one line, escaped; never raises."""
    try:
        return printable(name.rfc4514_string()) or "(empty)"
    except UNREADABLE:
        return "(cannot be read)"


CanonicalName = tuple[tuple[tuple[str, str], ...], ...]


def canonical(name: x509.Name) -> CanonicalName:
    """A distinguished name as OpenSSL compares it: case of ASCII letters and ASCII spaces do not matter (x_name.c)."""
    return tuple(tuple(sorted((a.oid.dotted_string, _folded(a.value)) for a in rdn)) for rdn in name.rdns)


def _folded(value: str | bytes) -> str:
    if isinstance(value, bytes):
        return value.hex()
    return " ".join(value.split() if value.isascii() else _ASCII_SPACE.split(value.strip(" \t\n\v\f\r"))).translate(
        _LOWER
    )


_ASCII_SPACE = re.compile(r"[ \t\n\v\f\r]+")
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


@once_per_object
@lru_cache(maxsize=8192)
def subject_of(certificate: x509.Certificate) -> CanonicalName:
    """The subject, to be compared with."""
    return canonical(certificate.subject)


@once_per_object
@lru_cache(maxsize=8192)
def issuer_of(certificate: x509.Certificate) -> CanonicalName:
    """The issuer's name, to be compared with."""
    return canonical(certificate.issuer)


def is_self_issued(certificate: x509.Certificate) -> bool:
    """Issuer and subject are one name."""
    return issuer_of(certificate) == subject_of(certificate)


@lru_cache(maxsize=8192)
def is_self_signed(certificate: x509.Certificate) -> bool:
    """Self-issued, and neither its authority key identifier nor the kind of signature denies it (OpenSSL's EXFLAG_SS)."""
    return (
        is_self_issued(certificate)
        and identifies(certificate, certificate)
        and signature_fits(certificate, certificate)
    )


# Kinds of public key by the OID of SubjectPublicKeyInfo, and by the beginning of the OIDs of their signatures.
_RSA_KEYS = frozenset({"1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10"})
_EC_KEY, _DSA_KEY = "1.2.840.10045.2.1", "1.2.840.10040.4.1"
_SIGNED_BY: tuple[tuple[str, frozenset[str]], ...] = (
    ("1.2.840.113549.1.1.", _RSA_KEYS),
    ("1.2.840.10045.4.", frozenset({_EC_KEY})),
    ("1.2.840.10040.4.3", frozenset({_DSA_KEY})),
    ("2.16.840.1.101.3.4.3.", _RSA_KEYS | {_EC_KEY, _DSA_KEY}),
    ("1.3.101.112", frozenset({"1.3.101.112"})),
    ("1.3.101.113", frozenset({"1.3.101.113"})),
)


@lru_cache(maxsize=8192)
def signature_fits(child: x509.Certificate, issuer: x509.Certificate) -> bool:
    """False when the child's signature cannot come from a key of the issuer's kind (OpenSSL's check_sig_alg_match).

    An algorithm that nobody knows fits no key.
    """
    signature, key = child.signature_algorithm_oid.dotted_string, issuer.public_key_algorithm_oid.dotted_string
    return next((key in kinds for prefix, kinds in _SIGNED_BY if signature.startswith(prefix)), False)


def identifies(child: x509.Certificate, issuer: x509.Certificate) -> bool:
    """True unless the child's authority key identifier names another key, serial number or issuer (X509_check_akid)."""
    identifier = extension(child, x509.AuthorityKeyIdentifier)
    if identifier is None:
        return True
    own = subject_key_id(issuer)
    if identifier.key_identifier is not None and own is not None and identifier.key_identifier != own:
        return False
    serial = identifier.authority_cert_serial_number
    if serial is not None and serial != serial_number(issuer):
        return False
    above = [n.value for n in identifier.authority_cert_issuer or () if isinstance(n, x509.DirectoryName)]
    return not above or canonical(above[0]) == issuer_of(issuer)


def subject_key_id(certificate: x509.Certificate) -> bytes | None:
    """The subject key identifier, or None."""
    value = extension(certificate, x509.SubjectKeyIdentifier)
    return value.digest if value else None


# At the exact second of notAfter, OpenSSL up to 3.1 says "expired" and OpenSSL 3.2 and later do not (measured). The lab
# follows the OpenSSL inside `cryptography`; tests/interop/test_paths_openssl.py compares this constant with it.
END_SECOND_IS_VALID = True


def has_ended(certificate: x509.Certificate, at: datetime, *, end_second_is_valid: bool = END_SECOND_IS_VALID) -> bool:
    """True after notAfter. X.509 counts whole seconds; the last one belongs to the life, or not, as OpenSSL has it."""
    now = at.replace(microsecond=0)
    ends = certificate.not_valid_after_utc
    return now > ends if end_second_is_valid else now >= ends


def has_started(certificate: x509.Certificate, at: datetime) -> bool:
    """True from notBefore on."""
    return certificate.not_valid_before_utc <= at.replace(microsecond=0)


def is_valid_at(certificate: x509.Certificate, at: datetime) -> bool:
    """True inside notBefore..notAfter; False where a date cannot be read, as in OpenSSL."""
    return not unreadable_dates(certificate) and has_started(certificate, at) and not has_ended(certificate, at)


def leaf_first(certificates: Sequence[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """A chain in its order, the leaf in front; as it was when it is no single chain. PKCS#7 is a set and keeps no order."""
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


@lru_cache(maxsize=8192)
def issued(child: x509.Certificate, issuer: x509.Certificate) -> bool:
    """True when the issuer's key signed the child; False for any signature that cannot be checked.

    Names that differ in case, spaces or kind of string only are one name here, which the library's own check does not know.
    """
    try:
        odd = isinstance(child, OddCertificate) or isinstance(issuer, OddCertificate)
        plain = not odd and child.issuer.public_bytes() == issuer.subject.public_bytes()
        # The library's own check refuses ECDSA with SHA-1 unseen: a weak digest is another rule's matter.
        if plain and digest_name(child) != "sha1":
            child.verify_directly_issued_by(issuer)
        else:
            verify_signature(child, issuer)
    except NOT_SIGNED:
        return False
    return isinstance(child, OddCertificate) or _is_of_whole_bytes(child)


def _is_of_whole_bytes(certificate: x509.Certificate) -> bool:
    """False for a signature with unused bits, of which `cryptography` says nothing and which OpenSSL refuses.

    A certificate ends with the BIT STRING of its signature: the number of unused bits, then the bytes.
    """
    return certificate.public_bytes(Encoding.DER)[-len(certificate.signature) - 1] == 0


def shown_time(instant: datetime) -> str:
    """An instant for people, to the minute."""
    return f"{instant:%Y-%m-%d %H:%M} UTC"


def serial_number(certificate: x509.Certificate) -> int:
    """The serial number, negative ones too; a rule reports those, so the library's warning is suppressed."""
    if _is_plainly_positive(certificate.tbs_certificate_bytes):
        return certificate.serial_number
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        return certificate.serial_number


def _is_plainly_positive(tbs: bytes) -> bool:
    """True where the first byte of the serial number shows that no warning comes: suppressing one is slow."""
    at = 2 + (tbs[1] & 0x7F if tbs[1] & 0x80 else 0)  # after the header of the SEQUENCE
    if tbs[at : at + 1] == b"\xa0":
        at += 5  # after the version: [0] with an INTEGER of one byte
    return tbs[at : at + 1] == b"\x02" and 0 < int.from_bytes(tbs[at + 2 : at + 3]) < 0x80


# id-ecPublicKey followed by a SEQUENCE: the curve is spelled out instead of named, which OpenSSL refuses.
_EXPLICIT_CURVE = bytes.fromhex("06072a8648ce3d020130")


def _signed_part(holder: x509.Certificate | x509.CertificateSigningRequest) -> bytes:
    if isinstance(holder, x509.CertificateSigningRequest | OddRequest):
        return holder.tbs_certrequest_bytes
    return holder.tbs_certificate_bytes


@once_per_object
def key_kind(certificate: x509.Certificate | x509.CertificateSigningRequest) -> tuple[str, int]:
    """(`RSA` | `EC` | `DSA` | other, bits); ("unreadable", 0) when the key cannot be parsed."""
    try:
        key = certificate.public_key()
    except UNREADABLE:
        return "unreadable", 0
    match key:
        case ec.EllipticCurvePublicKey():
            explicit = _EXPLICIT_CURVE in _signed_part(certificate)
            return ("unreadable", 0) if explicit else ("EC", key.key_size)
        case rsa.RSAPublicKey():
            return "RSA", key.key_size
        case dsa.DSAPublicKey():
            return "DSA", key.key_size
        case _:
            return type(key).__name__.removesuffix("PublicKey"), 0


def digest_name(certificate: Holder | ocsp.OCSPResponse) -> str:
    """The signature's digest, as `sha256`; empty where the algorithm has none (Ed25519) or is unknown."""
    try:
        algorithm = certificate.signature_hash_algorithm
    except UNREADABLE:
        return "unknown"
    return algorithm.name if algorithm else ""


def critical_oids(certificate: Holder) -> tuple[str, ...]:
    """The OIDs of the critical extensions, readable or not."""
    try:
        return tuple(e.oid.dotted_string for e in certificate.extensions if e.critical)
    except UNREADABLE:
        return tuple(e.oid for e in read_extensions(certificate) if e.critical)


def is_signed(request: x509.CertificateSigningRequest) -> bool:
    """True when the request's own key signed it; False for any signature that cannot be checked."""
    try:
        return request.is_signature_valid
    except NOT_SIGNED:
        return False


def subject_bytes(certificate: x509.Certificate) -> bytes:
    """The subject in DER, as it stands in the certificate."""
    return certificate.subject_bytes if isinstance(certificate, OddCertificate) else certificate.subject.public_bytes()


def key_of(holder: x509.Certificate | x509.CertificateSigningRequest) -> bytes:
    """SubjectPublicKeyInfo in DER: equal bytes, equal key. As it stands in the file where the key cannot be parsed."""
    try:
        return holder.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except UNREADABLE:
        return raw_public_key(_signed_part(holder))


def oid_name(oid: x509.ObjectIdentifier) -> str:
    """The library's name of an OID, or its numbers."""
    return oid._name if oid._name != "Unknown OID" else oid.dotted_string


def ocsp_urls(certificate: x509.Certificate) -> tuple[str, ...]:
    """The OCSP responders that a certificate names."""
    access = extension(certificate, x509.AuthorityInformationAccess)
    return tuple(
        d.access_location.value
        for d in access or ()
        if d.access_method == AuthorityInformationAccessOID.OCSP
        and isinstance(d.access_location, x509.UniformResourceIdentifier)
    )


def crl_urls(certificate: x509.Certificate) -> tuple[str, ...]:
    """The CRL distribution points that a certificate names as URL."""
    points = extension(certificate, x509.CRLDistributionPoints)
    names = (name for point in points or () for name in point.full_name or ())
    return tuple(n.value for n in names if isinstance(n, x509.UniformResourceIdentifier))
