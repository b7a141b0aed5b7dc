"""DER and BER, one level at a time: pyasn1 splits an element, and nothing in this module knows what the parts mean.

pyasn1 reads what OpenSSL reads and DER forbids: lengths that are longer than necessary, or indefinite.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import pairwise

from pyasn1.codec.ber import decoder
from pyasn1.error import PyAsn1Error
from pyasn1.type import tag, univ

from pkikit.reading.unreadable import UNREADABLE

INTEGER, BIT_STRING, OCTETS, NULL, OID, UTF8, SEQUENCE, SET = 0x02, 0x03, 0x04, 0x05, 0x06, 0x0C, 0x30, 0x31
BOOLEAN, ENUMERATED, UTC_TIME, GENERALIZED_TIME = 0x01, 0x0A, 0x17, 0x18
_CLASSES = (tag.tagClassUniversal, tag.tagClassApplication, tag.tagClassContext, tag.tagClassPrivate)
_CONSTRUCTED, _INDEFINITE, _LONG_TAG = 0x20, 0x80, 0x1F


class BadDer(ValueError):
    """An element that is cut off or has the wrong form; the message says what is wrong."""


@contextmanager
def naming(what: str) -> Iterator[None]:
    """Add the name of a part to the errors that reading it raises.

    Args:
        what: the part, for the sentence.

    Yields:
        Nothing.

    Raises:
        BadDer: the body of the `with` block raised it; the message now names the part.
    """
    try:
        yield
    except BadDer as error:
        raise BadDer(f"{what} {error}") from None
    except UNREADABLE as error:
        raise BadDer(f"{what} cannot be read ({str(error)[:80]})") from None


@cache
def _spec(first: int, *, as_list: bool) -> univ.SequenceOf | univ.Any:
    shape = tag.tagFormatConstructed if first & _CONSTRUCTED else tag.tagFormatSimple
    tags = tag.TagSet((), tag.Tag(_CLASSES[first >> 6], shape, first & _LONG_TAG))
    if as_list:
        return univ.SequenceOf(componentType=univ.Any(), tagSet=tags)
    return univ.Any(tagSet=tags)


def _decode(data: bytes, spec: univ.SequenceOf | univ.Any) -> tuple[object, bytes]:
    try:
        value, rest = decoder.decode(data, asn1Spec=spec)
    except (PyAsn1Error, ValueError, IndexError, TypeError, RecursionError) as error:
        raise BadDer(f"is cut off or is not DER ({str(error)[:80] or type(error).__name__})") from None
    return value, rest


def first_byte(element: bytes) -> int:
    """Return the tag of an element.

    Args:
        element: one element.

    Returns:
        The tag, 0 to 255.

    Raises:
        BadDer: the tag does not fit into one byte; no tag in X.509 is longer.
    """
    if not element:
        raise BadDer("is empty")
    if element[0] & _LONG_TAG == _LONG_TAG:
        raise BadDer("has a tag that X.509 does not use")
    return element[0]


def children(element: bytes) -> list[bytes]:
    """Return the elements inside a constructed one. What follows the element is ignored, as in OpenSSL.

    Args:
        element: one constructed element.

    Returns:
        Each inner element with its header.

    Raises:
        BadDer: an inner element is cut off.
    """
    if not first_byte(element) & _CONSTRUCTED:
        raise BadDer("is not made of parts")
    value, _ = _decode(element, _spec(element[0], as_list=True))
    return [_close(bytes(part)) for part in value]  # type: ignore[attr-defined]


def _close(part: bytes) -> bytes:
    """Add the two bytes that end an element of indefinite length: pyasn1 leaves them out."""
    return part + b"\0\0" if part[1:2] == bytes((_INDEFINITE,)) else part


def content(element: bytes) -> bytes:
    """Return the bytes inside an element. The pieces of a string that was written in pieces (BER) are joined."""
    first = first_byte(element)
    if first & _CONSTRUCTED and first >> 6 == 0 and first not in {SEQUENCE, SET}:
        return b"".join(content(piece) for piece in children(element))
    value, _ = _decode(element, _spec(first, as_list=False))
    return bytes(value)  # type: ignore[call-overload,no-any-return]


def expect(element: bytes, *tags: int) -> bytes:
    """Return the element itself if it has one of these tags.

    Args:
        element: one element.
        *tags: the tags that are allowed.

    Returns:
        The element.

    Raises:
        BadDer: the element has another tag.
    """
    if first_byte(element) & ~_CONSTRUCTED not in {t & ~_CONSTRUCTED for t in tags}:
        raise BadDer(f"has the tag {element[0]:#04x} where {tags[0]:#04x} belongs")
    return element


def split(data: bytes) -> tuple[bytes, bytes]:
    """Return (the first element, the bytes after it)."""
    _, rest = _decode(data, _spec(first_byte(data), as_list=False))
    return data[: len(data) - len(rest)], rest


def element(first: int, *parts: bytes) -> bytes:
    """Return one element in DER."""
    body = b"".join(parts)
    if len(body) < _INDEFINITE:
        return bytes((first, len(body))) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes((first, _INDEFINITE | len(length))) + length + body


def number(element: bytes) -> int:
    """Return the value of an INTEGER.

    Args:
        element: the INTEGER.

    Returns:
        Its value.

    Raises:
        BadDer: it has no bytes or superfluous ones; OpenSSL refuses both as well.
    """
    data = content(element)
    if not data or (len(data) > 1 and data[0] in {0, 0xFF} and (data[0] ^ data[1]) < 0x80):
        raise BadDer("is an INTEGER with no or with superfluous bytes")
    return int.from_bytes(data, "big", signed=True)


def read_oid(element: bytes) -> str:
    """Return the numbers of an OBJECT IDENTIFIER, separated by dots.

    Args:
        element: the OBJECT IDENTIFIER.

    Returns:
        For example `2.5.29.17`.

    Raises:
        BadDer: the bytes are not an OBJECT IDENTIFIER.
    """
    data = content(expect(element, OID))
    padded = data[:1] == b"\x80" or any(before < 0x80 and after == 0x80 for before, after in pairwise(data))
    if not data or data[-1] & 0x80 or padded:
        raise BadDer("is not an object identifier")
    numbers: list[int] = []
    value = 0
    for byte in data:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(str(n) for n in (first, numbers[0] - 40 * first, *numbers[1:]))


def oid(numbers: str) -> bytes:
    """Return an OBJECT IDENTIFIER in DER."""
    first, second, *rest = (int(n) for n in numbers.split("."))
    body = bytearray()
    for value in (40 * first + second, *rest):
        groups = [value & 0x7F]
        while value := value >> 7:
            groups.append(value & 0x7F | 0x80)
        body += bytes(reversed(groups))
    return element(OID, bytes(body))
