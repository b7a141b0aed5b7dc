"""Extension by extension: one that cannot be read hides no other.

`cryptography` reads either all extensions of a certificate or none. If it reads none, this module puts each extension
into a certificate with no other one and reads it there. If an extension is unreadable even so, this module splits it
as OpenSSL does, and asks OpenSSL whether it refuses the extension.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from pkikit.reading import der
from pkikit.reading.der import BadDer
from pkikit.reading.odd.values import READERS, key_reference, limits
from pkikit.reading.openssl import Identity, carrier, crl_carrier, refuses_extensions
from pkikit.reading.unreadable import UNREADABLE

MAX_EXTENSIONS = 1000
# What a verdict about a certificate depends on. If one of these cannot be read, nobody knows what it forbids.
_DECIDES = frozenset(
    oid.dotted_string
    for oid in (
        ExtensionOID.BASIC_CONSTRAINTS, ExtensionOID.KEY_USAGE, ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME, ExtensionOID.SUBJECT_KEY_IDENTIFIER,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER, ExtensionOID.NAME_CONSTRAINTS, ExtensionOID.CRL_DISTRIBUTION_POINTS,
    )
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ReadExtension:
    """One extension as written in a certificate, request or CRL.

    value: None if it cannot be read.
    oddity: what is wrong with how it is written; empty for a good one.
    refused: a verifier refuses the certificate because of it (OpenSSL does, or its value decides and nobody can read it).
    """

    oid: str
    critical: bool
    value: x509.ExtensionType | None
    oddity: str = ""
    refused: bool = False


def of_good(extensions: Iterable[x509.Extension[x509.ExtensionType]]) -> tuple[ReadExtension, ...]:
    """Return what `cryptography` read without trouble."""
    return tuple(ReadExtension(oid=e.oid.dotted_string, critical=e.critical, value=e.value) for e in extensions)


def of_sequence(extensions: bytes) -> tuple[ReadExtension, ...]:
    """Read the extensions of a certificate or request, one by one.

    Args:
        extensions: the DER of the SEQUENCE of them; empty if there is none.

    Returns:
        Every extension, in the order of the object.

    Raises:
        BadDer: the list itself cannot be split.
    """
    listed = _split(extensions)
    oids = [oid for oid, _, _, _ in listed]
    read = []
    for oid, critical, value, whole in listed:
        found = _strict(oid, critical, whole) or _loose(oid, critical, value)
        if oids.count(oid) > 1:
            twice = refuses_extensions(tuple(_uncritical(o, v) for o, _, v, _ in listed if o == oid)[:2])
            found = ReadExtension(
                oid=oid, critical=critical, value=found.value, oddity="is there more than once", refused=twice
            )
        read.append(found)
    return tuple(read)


# OpenSSL marks a CRL as invalid for these alone (crl_cb in crypto/x509/x_crl.c).
_DECIDES_IN_CRL = frozenset(
    oid.dotted_string
    for oid in (
        ExtensionOID.ISSUING_DISTRIBUTION_POINT, ExtensionOID.AUTHORITY_KEY_IDENTIFIER, ExtensionOID.CRL_NUMBER,
        ExtensionOID.DELTA_CRL_INDICATOR,
    )
)  # fmt: skip


@lru_cache(maxsize=256)
def of_crl(extensions: bytes) -> tuple[ReadExtension, ...]:
    """Read the extensions of a CRL, one by one. Raises as `of_sequence`."""
    listed = _split(extensions)
    oids = [oid for oid, _, _, _ in listed]
    read = []
    for oid, critical, value, whole in listed:
        twice = oids.count(oid) > 1
        decides = oid in _DECIDES_IN_CRL
        try:
            (found,) = x509.load_der_x509_crl(crl_carrier(whole)).extensions
        except UNREADABLE:
            value_read, oddity = None, "is not written as its standard says"
            if oid == ExtensionOID.AUTHORITY_KEY_IDENTIFIER.dotted_string:
                loose = _loose(oid, critical, value)
                value_read, decides = loose.value, loose.refused
        else:
            value_read, oddity = found.value, ""
        oddity = "is there more than once" if twice else oddity
        read.append(
            ReadExtension(oid=oid, critical=critical, value=value_read, oddity=oddity, refused=bool(oddity) and decides)
        )
    return tuple(read)


def _split(extensions: bytes) -> list[tuple[str, bool, bytes, bytes]]:
    """Return (OID, critical, value, the whole in DER) of each extension.

    Args:
        extensions: the DER of the SEQUENCE of extensions.

    Returns:
        One tuple per extension.

    Raises:
        BadDer: the list or one of its elements cannot be split.
    """
    whole = der.children(extensions) if extensions else []
    if len(whole) > MAX_EXTENSIONS:
        raise BadDer(f"has more than {MAX_EXTENSIONS} extensions")
    return [_parts(e) for e in whole]


def _parts(extension: bytes) -> tuple[str, bool, bytes, bytes]:
    oid, *flag, value = der.children(der.expect(extension, der.SEQUENCE))
    if len(flag) > 1:
        raise BadDer("has an extension of more than three parts")
    critical = bool(flag) and any(der.content(der.expect(flag[0], der.BOOLEAN)))
    data = der.content(der.expect(value, der.OCTETS))
    written = (der.element(der.BOOLEAN, b"\xff"),) if critical else ()
    whole = der.element(der.SEQUENCE, oid, *written, der.element(der.OCTETS, data))
    return der.read_oid(oid), critical, data, whole


def _uncritical(oid: str, value: bytes) -> bytes:
    return der.element(der.SEQUENCE, der.oid(oid), der.element(der.OCTETS, value))


def _strict(oid: str, critical: bool, whole: bytes) -> ReadExtension | None:
    try:
        (found,) = x509.load_der_x509_certificate(carrier((whole,))).extensions
    except UNREADABLE:
        return None
    return ReadExtension(oid=oid, critical=critical, value=found.value)


def _loose(oid: str, critical: bool, value: bytes) -> ReadExtension:
    reader = READERS.get(oid)
    reason = "is not written as its standard says"
    read: x509.ExtensionType | None = None
    identity = Identity()
    try:
        inner, rest = der.split(value)
        if rest:
            reason = "is followed by bytes that do not belong to it"
        if oid == ExtensionOID.AUTHORITY_KEY_IDENTIFIER.dotted_string:
            identity = _fit_identifier(inner)
        read = reader(inner) if reader else None
    except UNREADABLE as error:
        reason = str(error) if isinstance(error, BadDer) else reason
    refused = refuses_extensions((_uncritical(oid, value),), identity)
    if refused:
        read = None
    unknown = read is None and oid in _DECIDES
    return ReadExtension(oid=oid, critical=critical, value=read, oddity=reason, refused=refused or unknown)


def _fit_identifier(value: bytes) -> Identity:
    """Return a certificate that this authority key identifier fits, so that OpenSSL judges only the identifier's form."""
    key_reference(value)
    parts = {part[0]: part for part in der.children(value)}
    serial = der.content(parts[0x82]) if 0x82 in parts else b"\1"
    directory = next((n for n in der.children(parts[0xA1]) if n[0] == 0xA4), b"") if 0xA1 in parts else b""
    return Identity(serial=serial, name=der.children(directory)[0] if directory else b"")


def extensions_of_certificate(tbs: bytes) -> bytes:
    """Return the DER of the SEQUENCE of extensions in a TBSCertificate; empty if there is none."""
    return _find_tag(tbs, 0xA3)


def extensions_of_crl(tbs: bytes) -> bytes:
    """Return the DER of the SEQUENCE of extensions in a TBSCertList; empty if there is none."""
    return _find_tag(tbs, 0xA0)


def _find_tag(tbs: bytes, tag: int) -> bytes:
    found = next((part for part in der.children(tbs) if part[0] == tag), b"")
    return der.children(found)[0] if found else b""


_EXTENSION_REQUESTS = frozenset({"1.2.840.113549.1.9.14", "1.3.6.1.4.1.311.2.1.14"})


def extensions_of_request(tbs: bytes) -> bytes:
    """Return the DER of the SEQUENCE of extensions in a CertificationRequestInfo.

    They are in an attribute, either Microsoft's or the one of PKCS#9.
    """
    attributes = next((part for part in der.children(tbs) if part[0] == 0xA0), b"")
    for attribute in der.children(attributes) if attributes else ():
        kind, values = der.children(attribute)
        if der.read_oid(kind) in _EXTENSION_REQUESTS:
            return der.children(values)[0]
    return b""


Holder = x509.Certificate | x509.CertificateSigningRequest | x509.CertificateRevocationList


def extensions_of(holder: Holder) -> tuple[ReadExtension, ...]:
    """Return every extension of a certificate, request or CRL; nothing if even their list cannot be split."""
    own: tuple[ReadExtension, ...] | None = getattr(holder, "read_extensions", None)
    if own is not None:
        return own
    try:
        return of_good(holder.extensions)
    except UNREADABLE:
        pass
    try:
        match holder:
            case x509.CertificateSigningRequest():
                return of_sequence(extensions_of_request(holder.tbs_certrequest_bytes))
            case x509.CertificateRevocationList():
                return of_crl(extensions_of_crl(holder.tbs_certlist_bytes))
            case _:
                return of_sequence(extensions_of_certificate(holder.tbs_certificate_bytes))
    except UNREADABLE:
        return ()


def as_extensions(read: Sequence[ReadExtension]) -> x509.Extensions:
    """Return the readable extensions, the first of each kind, as `cryptography` represents them."""
    first: dict[str, x509.Extension[x509.ExtensionType]] = {}
    for one in read:
        if one.value is not None and one.oid not in first:
            first[one.oid] = x509.Extension(x509.ObjectIdentifier(one.oid), one.critical, one.value)
    return x509.Extensions(first.values())


def refuses_value(oid: str, value: bytes) -> bool:
    """Return True if OpenSSL refuses a certificate because an extension has this value."""
    return refuses_extensions((_uncritical(oid, value),))


def has_limits(tbs: bytes) -> bool:
    """Return True if name constraints give a minimum other than 0 or a maximum, which `cryptography` ignores."""
    wanted = ExtensionOID.NAME_CONSTRAINTS.dotted_string
    try:
        listed = _split(extensions_of_certificate(tbs))
        return any(limits(value) for oid, _, value, _ in listed if oid == wanted)
    except UNREADABLE:
        return True
