"""A bounded reader of TLS structures. What is cut off or too long raises; nothing is ever read past the end."""

from __future__ import annotations

from collections.abc import Iterator

from pkikit.handshake.decoding.protection import Undecodable
from pkikit.values.names import printable

Field = tuple[str, str]
MAX_SHOWN = 12  # entries of a list
MAX_TEXT = 200


class Bytes:
    """Bytes that are read from the front."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def __len__(self) -> int:
        return len(self._data) - self._at

    def take(self, length: int) -> bytes:
        """Return that many bytes.

        Args:
            length: how many.

        Returns:
            The bytes.

        Raises:
            Undecodable: fewer are left.
        """
        if length > len(self):
            raise Undecodable(f"{length} bytes were announced, {len(self)} are there")
        self._at += length
        return self._data[self._at - length : self._at]

    def number(self, length: int) -> int:
        """Return a number of that many bytes."""
        return int.from_bytes(self.take(length))

    def vector(self, length: int) -> Bytes:
        """Return what follows a length of that many bytes."""
        return Bytes(self.take(self.number(length)))

    def rest(self) -> bytes:
        """Return everything that is left."""
        return self.take(len(self))

    def numbers(self, length: int) -> Iterator[int]:
        """Return the numbers of that many bytes each up to the end."""
        while len(self):
            yield self.number(length)


def listed(values: list[str], *, most: int = MAX_SHOWN) -> str:
    """Return values on one line, bounded."""
    more = f" and {len(values) - most} more" if len(values) > most else ""
    return ", ".join(values[:most]) + more


def shown(data: bytes) -> str:
    """Return bytes from the wire as text: escaped and bounded."""
    text = printable(data[: MAX_TEXT + 1].decode("utf-8", "replace"))
    return text[:MAX_TEXT] + ("…" if len(text) > MAX_TEXT else "")
