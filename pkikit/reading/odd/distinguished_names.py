"""Distinguished names as OpenSSL reads them, written so that `cryptography` reads them too.

OpenSSL takes the bytes of a PrintableString, IA5String, NumericString or T61String for Latin-1, whatever the type
allows (crypto/asn1/a_mbstr.c, x_name.c). Attributes of one RDN come in any order, an RDN may be empty.
"""

from __future__ import annotations

import string

from cryptography import x509

from pkikit.reading.der import (
    OID,
    SEQUENCE,
    SET,
    UTF8,
    BadDer,
    children,
    content,
    element,
    expect,
    first_byte,
    read_oid,
)

_PRINTABLE, _NUMERIC, _T61, _IA5, _BMP, _UNIVERSAL, _BIT_STRING = 0x13, 0x12, 0x14, 0x16, 0x1E, 0x1C, 0x03
_LATIN = {_PRINTABLE: "a PrintableString", _NUMERIC: "a NumericString", _T61: "a T61String", _IA5: "an IA5String"}
_WIDE = {_BMP: ("utf-16-be", 2), _UNIVERSAL: ("utf-32-be", 4)}
_PRINTABLE_CHARACTERS = frozenset((string.ascii_letters + string.digits + " '()+,-./:=?").encode())
# Types that OpenSSL does not take for a value of a name (B_ASN1_PRINTABLE leaves them out), although X.520 knows some.
_REFUSED = {0x01, 0x02, 0x04, 0x05, 0x06, 0x0A, 0x15, 0x17, 0x18, 0x19, 0x1A, 0x1B, SET}
_UNIQUE_IDENTIFIER = "2.5.4.45"


def readable_name(name: bytes, what: str) -> tuple[bytes, tuple[str, ...]]:
    """Rewrite a name so that `cryptography` parses it.

    Args:
        name: the DER of a Name.
        what: whose name it is, for the sentences (`subject`, `issuer`).

    Returns:
        (the DER of a name that `cryptography` parses, what was odd about the original).

    Raises:
        BadDer: OpenSSL refuses the name as well.
    """
    oddities: dict[str, None] = {}
    rdns = []
    for rdn in children(expect(name, SEQUENCE)):
        attributes = [_attribute(a, what, oddities) for a in children(expect(rdn, SET))]
        if not attributes:
            oddities[f"the {what} has an RDN without an attribute"] = None
            continue
        if sorted(attributes) != attributes or len(set(attributes)) != len(attributes):
            oddities[f"the {what} has an RDN whose attributes are out of order or stand twice"] = None
        rdns.append(element(SET, *sorted(set(attributes))))
    return element(SEQUENCE, *rdns), tuple(oddities)


def _attribute(attribute: bytes, what: str, oddities: dict[str, None]) -> bytes:
    parts = children(expect(attribute, SEQUENCE))
    if len(parts) != 2:
        raise BadDer(f"has an attribute of {len(parts)} parts")
    kind = read_oid(parts[0])
    value, oddity = _value(parts[1], kind)
    if oddity:
        oddities[f"the {what} has {oddity} in {x509.ObjectIdentifier(kind)._name}"] = None
    return element(SEQUENCE, element(OID, content(parts[0])), value)


def _value(value: bytes, kind: str) -> tuple[bytes, str]:
    first = first_byte(value)
    plain = first & ~0x20 if first != SEQUENCE else first
    if first in _REFUSED or plain in _REFUSED:
        raise BadDer(f"has a value of the type {first:#04x}, which is not text")
    if plain == UTF8:
        text, oddity = _decode_text(content(value), "utf-8", "a UTF8String"), ""
    elif plain in _WIDE:
        encoding, width = _WIDE[plain]
        data = content(value)
        if len(data) % width or _has_surrogates(data, width):
            raise BadDer("has a string of 2- or 4-byte characters that is broken")
        text, oddity = _decode_text(data, encoding, "a string of 2- or 4-byte characters"), ""
    elif plain in _LATIN:
        data = content(value)
        text = data.decode("latin-1")
        oddity = "" if _keeps_to_type(data, plain) else f"{_LATIN[plain]} with characters that the type does not allow"
    elif plain == _BIT_STRING and kind == _UNIQUE_IDENTIFIER:
        return value, ""
    else:
        text, oddity = f"#{value.hex()}", "a value that is not text"
    if not oddity and first == plain and value == element(first, content(value)):
        return value, ""
    if not oddity:
        oddity = "a string that is not written as DER asks for"
    return element(UTF8, text.encode()), oddity


def _keeps_to_type(data: bytes, plain: int) -> bool:
    if plain == _PRINTABLE:
        return _PRINTABLE_CHARACTERS.issuperset(data)
    return data.isascii()


def _has_surrogates(data: bytes, width: int) -> bool:
    return width == 2 and any(0xD8 <= high <= 0xDF for high in data[::2])


def _decode_text(data: bytes, encoding: str, what: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise BadDer(f"has {what} that is broken") from None
