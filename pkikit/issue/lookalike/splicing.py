"""Parts of DER objects, replaced in place: whatever is odd about the bytes around them stays as it is."""

from __future__ import annotations

from pkikit.reading import der
from pkikit.reading.der import BadDer

_LONG, _INDEFINITE = 0x80, 0x80


def header_length(element: bytes) -> int:
    """Return how many bytes the tag and the length of an element take."""
    return 2 + (element[1] & 0x7F if element[1] & _LONG else 0)


def with_parts(element: bytes, *parts: bytes) -> bytes:
    """Return a constructed element with other parts, whose length is written in the form of the original.

    Args:
        element: the original.
        *parts: the new parts, in order.

    Returns:
        The new element: indefinite if the original is, with superfluous bytes in its length if the original has them.
    """
    body = b"".join(parts)
    if element[1] == _INDEFINITE:
        return element[:2] + body + b"\0\0"
    written = element[2 : header_length(element)] if element[1] & _LONG else b""
    superfluous = element[1] & _LONG and (written[:1] == b"\0" or int.from_bytes(written, "big") < _LONG)
    if superfluous and len(body) < 1 << 8 * len(written):
        return element[:2] + len(body).to_bytes(len(written), "big") + body
    return der.element(element[0], body)


def signed_parts(data: bytes) -> tuple[bytes, bytes, bytes, tuple[bytes, ...]]:
    """Split a signed object.

    Args:
        data: a certificate, CRL or basic OCSP answer.

    Returns:
        (signed part, algorithm, signature as BIT STRING, what follows).

    Raises:
        BadDer: the bytes have another shape.
    """
    signed, algorithm, signature, *rest = [*der.children(data), b"", b"", b""][: max(3, len(der.children(data)))]
    if not signature:
        raise BadDer("is not a signed object")
    return signed, algorithm, signature, tuple(rest)


def with_content(bits: bytes, content: bytes) -> bytes:
    """Return a BIT STRING with other content.

    Args:
        bits: the original BIT STRING.
        content: the number of unused bits and the new bytes. The unused bits themselves stay as they are.

    Returns:
        The new BIT STRING. One that was written in pieces becomes one piece.
    """
    if len(content) > 1 and 0 < content[0] < 8:
        unused = (1 << content[0]) - 1
        content = content[:-1] + bytes((content[-1] & ~unused | der.content(bits)[-1] & unused,))
    return der.element(der.BIT_STRING, content) if bits[0] & 0x20 else with_parts(bits, content)


def with_public_key(tbs: bytes, old: bytes, new: bytes) -> bytes:
    """Return the signed part of a certificate with another SubjectPublicKeyInfo.

    Args:
        tbs: the signed part.
        old: its SubjectPublicKeyInfo, as written there.
        new: the new one.

    Returns:
        The new signed part.
    """
    if tbs.count(old) == 1 and len(old) == len(new):
        return tbs.replace(old, new)
    parts = der.children(tbs)
    place = max(index for index, part in enumerate(parts[:7]) if part == old)
    return with_parts(tbs, *parts[:place], new, *parts[place + 1 :])
