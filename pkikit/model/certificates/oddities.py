"""What is odd about a certificate, request or CRL, and what OpenSSL says of it."""

from __future__ import annotations

from collections.abc import Mapping

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.reading.odd.certificate import OddCertificate
from pkikit.reading.odd.extensions import Holder, as_extensions, extensions_of, has_limits, refuses_value
from pkikit.reading.odd.odd_object import OddObject
from pkikit.reading.openssl import refusal
from pkikit.reading.unreadable import UNREADABLE

_MAY_BE_REFUSED = {x509.UnrecognizedExtension, x509.NameConstraints}


def oddities(holder: Holder) -> tuple[str, ...]:
    """Return one sentence per deviation from the standard, outside the extensions, that OpenSSL ignores."""
    return holder.oddities if isinstance(holder, OddObject) else ()


def unreadable_parts(holder: Holder) -> tuple[str, ...]:
    """Return the parts that OpenSSL reads and pkikit does not."""
    return holder.unreadable if isinstance(holder, OddObject) else ()


_NETSCAPE_TYPE = x509.ObjectIdentifier("2.16.840.1.113730.1.1")


def find_refused_extensions(
    certificate: x509.Certificate, values: Mapping[type[x509.ExtensionType], x509.ExtensionType]
) -> tuple[tuple[str, str], ...]:
    """Find extensions that `cryptography` parses, or passes over, and OpenSSL refuses.

    Args:
        certificate: the certificate.
        values: those of its extensions that can be read, by their type.

    Returns:
        (OID, what is wrong) of each.
    """
    if not _MAY_BE_REFUSED & values.keys():
        return ()
    found = []
    for one in _readable_extensions(certificate):
        match one.value:
            case x509.UnrecognizedExtension(value=value) if one.oid == _NETSCAPE_TYPE:
                if refuses_value(one.oid.dotted_string, value):
                    found.append((one.oid.dotted_string, "is not written as Netscape specified"))
            case x509.NameConstraints() as limited if limited.public_bytes() not in certificate.tbs_certificate_bytes:
                if has_limits(certificate.tbs_certificate_bytes):
                    found.append((one.oid.dotted_string, "has a minimum or maximum, which OpenSSL does not support"))
            case _:
                pass
    return tuple(found)


def _readable_extensions(certificate: x509.Certificate) -> x509.Extensions:
    try:
        return certificate.extensions
    except UNREADABLE:
        return as_extensions(extensions_of(certificate))


# The types of text that OpenSSL takes in a name; `cryptography` takes others too.
_OPENSSL_TEXT = frozenset({0x03, 0x0C, 0x12, 0x13, 0x14, 0x16, 0x1C, 0x1E})
_BMP = 0x1E


def find_refusal(certificate: x509.Certificate) -> str:
    """Why OpenSSL does not read a certificate that `cryptography` reads; empty when it does. Names are all it may be."""
    if isinstance(certificate, OddCertificate):
        return ""
    for name in (certificate.subject, certificate.issuer):
        for attribute in name:
            kind = attribute._type.value
            if kind not in _OPENSSL_TEXT or (kind == _BMP and any(ord(c) > 0xFFFF for c in str(attribute.value))):
                return refusal(certificate.public_bytes(Encoding.DER))
    return ""
