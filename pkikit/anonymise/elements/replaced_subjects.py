"""Subjects and issuers under other names: attributes, their order and their types of text stay."""

from __future__ import annotations

from pkikit.anonymise.elements.replaced_numbers import Numbers
from pkikit.anonymise.naming.replaced_names import Names
from pkikit.errors import InputError
from pkikit.issue.lookalike.splicing import with_parts
from pkikit.reading import der

_CODECS = {
    0x0C: "utf-8", 0x12: "latin-1", 0x13: "latin-1", 0x14: "latin-1", 0x16: "latin-1", 0x1A: "latin-1", 0x1B: "latin-1",
    0x1C: "utf-32-be", 0x1E: "utf-16-be",
}  # fmt: skip
_CONSTRUCTED = 0x20  # a string in pieces (BER)
COMMON_NAME, COUNTRY, DOMAIN_COMPONENT = "2.5.4.3", "2.5.4.6", "0.9.2342.19200300.100.1.25"
MAIL = "1.2.840.113549.1.9.1"
# X.520: how many characters these attributes may have.
_LIMITS = {COMMON_NAME: 64, "2.5.4.10": 64, "2.5.4.11": 64, "2.5.4.7": 128, "2.5.4.8": 128}
_COUNTRIES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"  # XA to XZ are nobody's in ISO 3166


class LengthError(InputError):
    """A new name is longer than a limit that the original kept, or keeps one that the original broke."""


def checked_length(old: str, new: str, limit: int) -> str:
    """Return the new text if it is on the same side of a limit as the old one.

    Args:
        old: the original.
        new: what takes its place.
        limit: how many characters are allowed.

    Returns:
        The new text.

    Raises:
        LengthError: it is on the other side.
    """
    if (len(old) > limit) is not (len(new) > limit):
        raise LengthError(f"{new!r} does not keep the length of the original")
    return new


class DistinguishedNames:
    """What takes the place of a Name in DER."""

    def __init__(self, names: Names, numbers: Numbers) -> None:
        """Take what replaces names and numbers."""
        self._names, self._numbers = names, numbers
        self._countries: dict[str, str] = {}
        self._made: dict[bytes, bytes] = {}

    def name(self, element: bytes) -> bytes:
        """Return another Name: the same bytes always get the same bytes."""
        if element not in self._made:
            self._made[element] = with_parts(element, *map(self.relative, der.children(element)))
        return self._made[element]

    def relative(self, element: bytes) -> bytes:
        """Return another RelativeDistinguishedName."""
        return with_parts(element, *map(self._attribute, der.children(element)))

    def _attribute(self, element: bytes) -> bytes:
        oid, *values = der.children(element)
        kind = der.read_oid(oid)
        return with_parts(element, self._numbers.oid_element(oid), *(self._value(kind, value) for value in values))

    def _value(self, kind: str, value: bytes) -> bytes:
        text = text_of(value)
        if text is None:
            return self._numbers.other_bytes(value)
        made = self._text(kind, text)
        return with_text(value, checked_length(text, made, _LIMITS[kind]) if kind in _LIMITS else made)

    def _text(self, kind: str, text: str) -> str:
        if kind == COUNTRY and len(text) == 2 and text.isalpha():
            upper = self._country(text.upper())
            return upper if text.isupper() else upper.lower()
        if kind == DOMAIN_COMPONENT:
            return self._names.label(text)
        if kind == MAIL:
            return self._names.email(text)
        return self._names.text(text, keep=kind == COMMON_NAME)

    def _country(self, code: str) -> str:
        if code not in self._countries:
            self._countries[code] = "X" + _COUNTRIES[len(self._countries) % len(_COUNTRIES)]
        return self._countries[code]


def text_of(element: bytes) -> str | None:
    """Return the text of a string in DER; None for an element of another type."""
    codec = _CODECS.get(element[0] & ~_CONSTRUCTED)
    if codec is None:
        return None
    data = der.content(element)
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return data.decode("latin-1") if codec == "utf-8" else None


def with_text(element: bytes, text: str) -> bytes:
    """Return a string of the same type with another text; the same bytes if the text is the same."""
    if text == text_of(element):
        return element
    kind = element[0] & ~_CONSTRUCTED
    data = text.encode(_CODECS[kind], "replace")
    return der.element(kind, data) if element[0] & _CONSTRUCTED else with_parts(element, data)
