"""What kind of object bytes are, by the outline alone: which elements follow each other at the first levels."""

from __future__ import annotations

from pkikit.reading import der
from pkikit.reading.der import BadDer


def _outline(data: bytes) -> list[bytes] | None:
    """Return the parts of the signed part of SEQUENCE { SEQUENCE, SEQUENCE, BIT STRING … }; None for another shape."""
    try:
        tbs, algorithm, signature = der.children(der.expect(data, der.SEQUENCE))[:3]
        if (tbs[0], algorithm[0]) != (der.SEQUENCE, der.SEQUENCE) or signature[0] & ~0x20 != der.BIT_STRING:
            return None
        return der.children(tbs)
    except (BadDer, ValueError):
        return None


def _tags(parts: list[bytes]) -> list[int]:
    return [part[0] for part in parts if part]


def is_certificate(data: bytes) -> bool:
    """Return True for the outline [version,] serial number, algorithm, issuer, validity, subject, key."""
    parts = _outline(data)
    tags = _tags(parts or [])
    if tags[:1] == [0xA0]:
        tags = tags[1:]
    return tags[:6] == [der.INTEGER, *[der.SEQUENCE] * 5]


def is_request(data: bytes) -> bool:
    """Return True for the outline version, subject, key, attributes."""
    parts = _outline(data)
    tags = _tags(parts or [])
    return tags[:3] == [der.INTEGER, der.SEQUENCE, der.SEQUENCE] and tags[3:] in ([], [0xA0])


def is_crl(data: bytes) -> bool:
    """Return True for the outline [version,] algorithm, issuer, a time."""
    parts = _outline(data)
    tags = _tags(parts or [])
    if tags[:1] == [der.INTEGER]:
        tags = tags[1:]
    return tags[:2] == [der.SEQUENCE, der.SEQUENCE] and tags[2:3] in ([der.UTC_TIME], [der.GENERALIZED_TIME])


def is_ocsp_answer(data: bytes) -> bool:
    """Return True for the outline of an OCSP answer: a status, and the answer if the status is good."""
    try:
        tags = _tags(der.children(der.expect(data, der.SEQUENCE)))
    except (BadDer, ValueError):
        return False
    return tags in ([der.ENUMERATED], [der.ENUMERATED, 0xA0])


def raw_public_key(signed: bytes) -> bytes:
    """Return the unchanged SubjectPublicKeyInfo from the signed part of a certificate or request; empty if there is none."""
    try:
        parts = der.children(signed)
    except (BadDer, ValueError):
        return b""
    tags = _tags(parts)
    if tags[:1] == [0xA0]:
        parts, tags = parts[1:], tags[1:]
    place = 2 if tags[:3] == [der.INTEGER, der.SEQUENCE, der.SEQUENCE] and tags[3:] in ([], [0xA0]) else 5
    return parts[place] if len(parts) > place else b""


_SIGNED_DATA = "1.2.840.113549.1.7.2"


def certificates_of_pkcs7(data: bytes) -> list[bytes]:
    """Return the DER of each certificate in a SignedData. Attribute certificates are left out.

    Args:
        data: the DER of the bundle.

    Returns:
        The DER of each certificate, in the order of the bundle.

    Raises:
        BadDer: the bytes are not a SignedData.
    """
    parts = der.children(der.expect(data, der.SEQUENCE))
    if len(parts) < 2 or der.read_oid(parts[0]) != _SIGNED_DATA:
        raise BadDer("is not SignedData")
    fields = der.children(der.children(parts[1])[0])
    listed = next((f for f in fields if f[0] == 0xA0), b"")
    return [c for c in der.children(listed) if c[:1] == bytes((der.SEQUENCE,))] if listed else []
