"""Extensions under other names. Which ones there are, in which order, and which are critical stays."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pkikit.anonymise.elements.replaced_numbers import Numbers
from pkikit.anonymise.elements.replaced_subjects import DistinguishedNames, checked_length, text_of, with_text
from pkikit.anonymise.naming.replaced_names import Names
from pkikit.issue.lookalike.splicing import with_parts
from pkikit.reading import der
from pkikit.reading.der import BadDer
from pkikit.reading.unreadable import UNREADABLE

# They say what a certificate may do, or when, and nothing about anybody.
_KEPT = frozenset(
    {
        "2.5.29.15", "2.5.29.16", "2.5.29.19", "2.5.29.20", "2.5.29.21", "2.5.29.24", "2.5.29.27", "2.5.29.36", "2.5.29.54",
        "1.3.6.1.5.5.7.1.24", "1.3.6.1.5.5.7.48.1.5", "2.16.840.1.113730.1.1", "1.3.6.1.4.1.311.21.1", "1.3.6.1.4.1.11129.2.4.3",
    }
)  # fmt: skip
_MAX_DNS = 253


class Extensions:
    """What takes the place of an extension."""

    def __init__(self, names: Names, numbers: Numbers, subjects: DistinguishedNames) -> None:
        """Take what replaces names, numbers and distinguished names."""
        self._names, self._numbers, self._subjects = names, numbers, subjects
        general, points, walked = self._general_names, self._distribution_points, self._walked
        self._known: Mapping[str, Callable[[bytes], bytes]] = {
            "2.5.29.17": general, "2.5.29.18": general, "2.5.29.29": general, "2.5.29.30": self._constraints,
            "2.5.29.31": points, "2.5.29.46": points, "2.5.29.28": self._point, "1.3.6.1.5.5.7.1.1": self._access,
            "1.3.6.1.5.5.7.1.11": self._access, "2.5.29.35": self._authority_key, "2.5.29.14": self._subject_key,
            "2.5.29.32": walked, "2.5.29.33": walked, "2.5.29.37": walked, "1.3.6.1.4.1.311.20.2": walked,
            "1.3.6.1.4.1.311.21.7": walked, "1.3.6.1.4.1.311.21.10": walked, "1.3.6.1.4.1.311.21.2": self._octets,
            "1.3.6.1.5.5.7.48.1.2": self._octets, "1.3.6.1.4.1.11129.2.4.2": self._numbers.timestamps,
            "1.3.6.1.4.1.11129.2.4.5": self._numbers.timestamps,
            **{f"2.16.840.1.113730.1.{n}": walked for n in (2, 3, 4, 7, 8, 12, 13)},
        }  # fmt: skip

    def sequence(self, element: bytes) -> bytes:
        """Return another SEQUENCE of extensions. One that cannot be read gets bytes that cannot be read either."""
        try:
            return with_parts(element, *map(self._extension, der.children(element)))
        except BadDer:
            return element[:2] + self._numbers.noise(element[2:])

    def _extension(self, element: bytes) -> bytes:
        oid, *critical, value = der.children(element)
        kind, content = der.read_oid(oid), der.content(value)
        made = with_parts(value, self._value(kind, content))
        return with_parts(element, self._numbers.oid_element(oid), *critical, made)

    def _value(self, kind: str, content: bytes) -> bytes:
        if kind in _KEPT:
            return content
        rewrite = self._known.get(kind)
        if rewrite is None:
            return self._numbers.noise(content)
        try:
            first, rest = der.split(content)
            return rewrite(first) + self._numbers.noise(rest)
        except UNREADABLE:
            return content[:1] + self._numbers.noise(content[1:])

    # GeneralName and what contains it.

    def _general_names(self, element: bytes) -> bytes:
        return with_parts(element, *map(self._general_name, der.children(element)))

    def _general_name(self, element: bytes) -> bytes:
        match element[0]:
            case 0x81:
                return self._string(element, self._names.email)
            case 0x82:
                return self._string(element, self._dns)
            case 0x86:
                return self._string(element, self._names.uri)
            case 0x87:
                return with_parts(element, self._names.packed_address(der.content(element)))
            case 0x88:
                return self._numbers_inside(element)
            case 0xA4:
                return with_parts(element, *map(self._subjects.name, der.children(element)))
            case 0xA0:
                oid, value = der.children(element)
                return with_parts(element, self._numbers.oid_element(oid), self._walked(value))
            case _:
                return self._numbers.other_bytes(element)

    def _dns(self, text: str) -> str:
        return checked_length(text, self._names.host(text), _MAX_DNS)

    def _string(self, element: bytes, rewrite: Callable[[str], str]) -> bytes:
        """Rewrite a string whose type is its place; it should be ASCII, and mistakes stay the mistakes they are."""
        data = der.content(element)
        codec = "utf-8"
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            codec = "latin-1"
            text = data.decode(codec)
        made = rewrite(text)
        return element if made == text else with_parts(element, made.encode(codec, "replace"))

    def _numbers_inside(self, element: bytes) -> bytes:
        """Return a registeredID: an OID without its own tag."""
        body = der.content(element)
        return with_parts(element, der.content(self._numbers.oid_element(der.element(der.OID, body))))

    def _constraints(self, element: bytes) -> bytes:
        return with_parts(
            element, *(with_parts(p, *map(self._subtree, der.children(p))) for p in der.children(element))
        )

    def _subtree(self, element: bytes) -> bytes:
        base, *limits = der.children(element)
        if base[0] == 0x81:  # an e-mail address, a host, or .domain
            return with_parts(element, self._string(base, self._host_or_mail), *limits)
        if base[0] == 0x86:  # a host or .domain, not a URL
            return with_parts(element, self._string(base, self._names.host), *limits)
        return with_parts(element, self._general_name(base), *limits)

    def _host_or_mail(self, text: str) -> str:
        return self._names.email(text) if "@" in text else self._names.host(text)

    def _distribution_points(self, element: bytes) -> bytes:
        return with_parts(element, *map(self._point, der.children(element)))

    def _point(self, element: bytes) -> bytes:
        """Return a DistributionPoint or IssuingDistributionPoint."""
        made = []
        for part in der.children(element):
            if part[0] == 0xA0:
                made.append(with_parts(part, *map(self._point_name, der.children(part))))
            elif part[0] == 0xA2:
                made.append(self._general_names(part))
            else:
                made.append(part)
        return with_parts(element, *made)

    def _point_name(self, element: bytes) -> bytes:
        return self._general_names(element) if element[0] == 0xA0 else self._subjects.relative(element)

    def _access(self, element: bytes) -> bytes:
        made = []
        for one in der.children(element):
            oid, place = der.children(one)
            made.append(with_parts(one, self._numbers.oid_element(oid), self._general_name(place)))
        return with_parts(element, *made)

    # Key identifiers.

    def _authority_key(self, element: bytes) -> bytes:
        made = []
        for part in der.children(element):
            match part[0]:
                case 0x80:
                    made.append(with_parts(part, self._numbers.identifier(der.content(part))))
                case 0xA1:
                    made.append(self._general_names(part))
                case 0x82:
                    made.append(with_parts(part, self._numbers.serial(der.content(part))))
                case _:
                    made.append(part)
        return with_parts(element, *made)

    def _subject_key(self, element: bytes) -> bytes:
        return with_parts(element, self._numbers.identifier(der.content(element)))

    def _octets(self, element: bytes) -> bytes:
        return self._numbers.other_bytes(element)

    # Everything else that has a known form.

    def _walked(self, element: bytes) -> bytes:
        """Return the same elements with other texts, OIDs and bytes inside; numbers and switches stay."""
        if element[0] & 0x20:
            return with_parts(element, *map(self._walked, der.children(element)))
        if element[0] == der.OID:
            return self._numbers.oid_element(element)
        text = text_of(element)
        if text is not None:
            return with_text(element, self._names.text(text, keep=True))
        return self._octets(element) if element[0] in {der.OCTETS, der.BIT_STRING} else element
