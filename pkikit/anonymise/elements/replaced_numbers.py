"""Serial numbers, key identifiers and object identifiers: others of the same size and kind."""

from __future__ import annotations

from pkikit.anonymise.naming.secret import Secret
from pkikit.issue.lookalike.splicing import with_parts
from pkikit.judge.checks.certificate_checks import DECODED_ATTRIBUTES
from pkikit.reading import der

# Arcs that many organisations share. Everything else may name one organisation.
_PUBLIC_ARCS = (
    "2.5.", "2.23.140.1.", "2.23.146.", "1.3.6.1.5.5.", "1.3.6.1.4.1.311.10.", "1.3.6.1.4.1.311.20.", "1.3.6.1.4.1.311.21.",
    "1.3.6.1.4.1.311.25.", "1.3.6.1.4.1.311.60.", "1.3.6.1.4.1.11129.2.4.", "1.2.840.113549.", "1.2.840.10045.", "1.2.840.10040.",
    "1.3.132.", "1.3.101.", "1.3.14.", "2.16.840.1.113730.", "2.16.840.1.101.3.4.", "0.9.2342.19200300.100.1.", "1.3.36.3.",
)  # fmt: skip
_TEMPLATES = "1.3.6.1.4.1.311.21.8."  # Windows makes the numbers after it from the identity of a forest
_EXAMPLE = "1.3.6.1.4.1.32473."  # RFC 5612: for documents


def is_public(numbers: str) -> bool:
    """Return True for an OID that everybody uses."""
    return numbers.startswith(_PUBLIC_ARCS) and not numbers.startswith(_TEMPLATES)


class Numbers:
    """Which number takes the place of which."""

    def __init__(self, secret: Secret) -> None:
        """Take what makes the choices."""
        self._secret = secret
        self._serials: dict[bytes, bytes] = {}
        self._oids: dict[str, str] = {}

    def serial(self, content: bytes) -> bytes:
        """Return the bytes of another serial number: as many, of the same sign; zero stays zero."""
        if not any(content):
            return content
        if content not in self._serials:
            taken, number = set(self._serials.values()), 0
            while (made := self._other(content, number)) in taken and number < 100_000:
                number += 1
            self._serials[content] = made
        return self._serials[content]

    def _other(self, content: bytes, number: int) -> bytes:
        made = bytearray(self._secret.data("serial", b"%d|" % number + content, len(content)))
        made[0] = made[0] & 0x7F | content[0] & 0x80
        if len(made) > 1 and content[0] == 0:
            made[0], made[1] = 0, made[1] | 0x80
        elif len(made) > 1 and content[0] == 0xFF:
            made[0], made[1] = 0xFF, made[1] & 0x7F
        elif made[0] in {0, 0xFF}:
            made[0] = made[0] & 0x80 | 1 + number % 126
        return bytes(made)

    def identifier(self, old: bytes) -> bytes:
        """Return another key identifier. It does not follow from the new key, and nobody checks that."""
        return self._secret.data("identifier", old, len(old))

    def noise(self, old: bytes) -> bytes:
        """Return as many bytes that mean nothing."""
        return self._secret.data("noise", old, len(old))

    def other_bytes(self, element: bytes) -> bytes:
        """Return an OCTET STRING, BIT STRING or any other element without parts with as many bytes that mean nothing."""
        body = der.content(element)
        kept = 1 if element[0] & 0xDF == der.BIT_STRING else 0  # how many bits at the end are unused
        return with_parts(element, body[:kept] + self.noise(body[kept:]))

    def oid(self, numbers: str) -> str:
        """Return another OID if it may name an organisation; those that everybody uses stay."""
        if numbers in DECODED_ATTRIBUTES or is_public(numbers):
            return numbers
        if numbers not in self._oids:
            chosen = self._secret.number("oid", numbers.encode(), 1 << 24)
            while f"{_EXAMPLE}{chosen}" in self._oids.values():
                chosen += 1
            self._oids[numbers] = f"{_EXAMPLE}{chosen}"
        made = self._oids[numbers]
        return made if not numbers.startswith(_TEMPLATES) else _TEMPLATES + made.removeprefix(_EXAMPLE)

    def oid_element(self, element: bytes) -> bytes:
        """Return the element of another OID; the same bytes if it stays."""
        numbers = der.read_oid(element)
        made = self.oid(numbers)
        return element if made == numbers else der.oid(made)

    def timestamps(self, value: bytes) -> bytes:
        """Return a list of signed certificate timestamps (RFC 6962 §3.3) from other logs: the times stay.

        Args:
            value: the extension.

        Returns:
            The new extension.

        Raises:
            BadDer: the value is not such a list.
        """
        data = der.content(value)
        if len(data) < 2 or int.from_bytes(data[:2], "big") != len(data) - 2:
            raise der.BadDer("is not a list of timestamps")
        made, rest = [], data[2:]
        while rest:
            size = int.from_bytes(rest[:2], "big")
            one, rest = rest[2 : 2 + size], rest[2 + size :]
            made.append(size.to_bytes(2, "big") + self._timestamp(one))
        return der.element(der.OCTETS, data[:2], *made)

    def _timestamp(self, one: bytes) -> bytes:
        """Version, log (32 bytes), time (8 bytes), extensions with their length, algorithm, signature with its length."""
        further = 43 + int.from_bytes(one[41:43], "big")
        head, signed = one[41 : further + 4], one[further + 4 :]
        return one[:1] + self.noise(one[1:33]) + one[33:41] + head + self.noise(signed)
