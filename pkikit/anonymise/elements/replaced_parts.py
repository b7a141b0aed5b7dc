"""The signed parts of certificates, CRLs and OCSP answers under other names, element by element."""

from __future__ import annotations

from pkikit.anonymise.elements.replaced_extensions import Extensions
from pkikit.anonymise.elements.replaced_numbers import Numbers
from pkikit.anonymise.elements.replaced_subjects import DistinguishedNames
from pkikit.anonymise.naming.replaced_names import Names
from pkikit.issue.lookalike.splicing import with_parts
from pkikit.reading import der

_VERSION, _EXTENSIONS, _CRL_EXTENSIONS = 0xA0, 0xA3, 0xA0
_UNIQUE_IDS = {0x81, 0x82, 0xA1, 0xA2}


class OtherNames:
    """The transform for the engine that reissues certificates: names, numbers and extensions become others, times stay."""

    def __init__(self, names: Names, numbers: Numbers) -> None:
        """Take what replaces names and numbers."""
        self._numbers = numbers
        self._subjects = DistinguishedNames(names, numbers)
        self._extensions = Extensions(names, numbers, self._subjects)

    def certificate(self, signed_part: bytes) -> bytes:
        """Return another TBSCertificate with the same public key."""
        parts = der.children(signed_part)
        first = 1 if parts[0][0] == _VERSION else 0
        made = list(parts)
        made[first] = self._serial(parts[first])
        for place in (first + 2, first + 4):
            made[place] = self._subjects.name(parts[place])
        for place in range(first + 6, len(parts)):
            if parts[place][0] in _UNIQUE_IDS:
                made[place] = self._unique_id(parts[place])
            elif parts[place][0] == _EXTENSIONS:
                made[place] = self._wrapped(parts[place])
        return with_parts(signed_part, *made)

    def _unique_id(self, element: bytes) -> bytes:
        body = der.content(element)
        return with_parts(element, body[:1] + self._numbers.noise(body[1:]))

    def crl(self, signed_part: bytes) -> bytes:
        """Return another TBSCertList."""
        parts = der.children(signed_part)
        first = 1 if parts[0][0] == der.INTEGER else 0
        made = list(parts)
        made[first + 1] = self._subjects.name(parts[first + 1])
        for place in range(first + 2, len(parts)):
            if parts[place][0] == der.SEQUENCE:
                made[place] = with_parts(parts[place], *map(self._entry, der.children(parts[place])))
            elif parts[place][0] == _CRL_EXTENSIONS:
                made[place] = self._wrapped(parts[place])
        return with_parts(signed_part, *made)

    def _entry(self, entry: bytes) -> bytes:
        serial, date, *further = der.children(entry)
        return with_parts(entry, self._serial(serial), date, *map(self._extensions.sequence, further))

    def answer(self, signed_part: bytes) -> bytes:
        """Return another ResponseData. The engine has to replace the hashes of names and keys."""
        parts = der.children(signed_part)
        made = list(parts)
        place = 1 if parts[0][0] == _VERSION else 0
        if parts[place][0] == 0xA1:
            made[place] = with_parts(parts[place], self._subjects.name(der.children(parts[place])[0]))
        for index in range(place + 1, len(parts)):
            if parts[index][0] == der.SEQUENCE:
                made[index] = with_parts(parts[index], *map(self._single, der.children(parts[index])))
            elif parts[index][0] == 0xA1:
                made[index] = self._wrapped(parts[index])
        return with_parts(signed_part, *made)

    def _single(self, single: bytes) -> bytes:
        identifier, status, *rest = der.children(single)
        *hashes, serial = der.children(identifier)
        made = with_parts(identifier, *hashes, self._serial(serial))
        return with_parts(single, made, status, *(self._wrapped(p) if p[0] == 0xA1 else p for p in rest))

    def _serial(self, element: bytes) -> bytes:
        return with_parts(element, self._numbers.serial(der.content(element)))

    def _wrapped(self, element: bytes) -> bytes:
        """Return an element that contains a list of extensions."""
        return with_parts(element, *map(self._extensions.sequence, der.children(element)))
