"""A bounded reader of TLS structures. What is cut off or too long raises; nothing is ever read past the end."""

from __future__ import annotations

from collections.abc import Iterator

from pkikit.handshake.decoding.protection import Undecodable
from pkikit.values.names import printable

Field = tuple[str, str]
MAX_SHOWN = 12  # entries of a list
MAX_TEXT = 200
MAX_PARTS = 2_000  # of one message


class Bytes:
    """Bytes that are read from the front."""

    def __init__(self, data: bytes, parts: list[int] | None = None) -> None:
        """`parts` counts what was read of a whole message."""
        self._data, self._at = data, 0
        self._parts = [0] if parts is None else parts

    def __len__(self) -> int:
        return len(self._data) - self._at

    def take(self, length: int) -> bytes:
        """Return that many bytes.

        Args:
            length: how many.

        Returns:
            The bytes.

        Raises:
            Undecodable: fewer are left, or the message has more parts than are read.
        """
        self._parts[0] += 1
        if self._parts[0] > MAX_PARTS:
            raise Undecodable(f"a message of more than {MAX_PARTS} parts")
        if length > len(self):
            raise Undecodable(f"{length} bytes were announced, {len(self)} are there")
        self._at += length
        return self._data[self._at - length : self._at]

    def number(self, length: int) -> int:
        """Return a number of that many bytes."""
        return int.from_bytes(self.take(length))

    def vector(self, length: int) -> Bytes:
        """Return what follows a length of that many bytes."""
        return Bytes(self.take(self.number(length)), self._parts)

    def rest(self) -> bytes:
        """Return everything that is left."""
        return self.take(len(self))

    def numbers(self, length: int) -> Iterator[int]:
        """Yield the numbers of that many bytes each up to the end.

        Args:
            length: bytes of one.

        Yields:
            One number after the other.

        Raises:
            Undecodable: the last one is cut off.
        """
        data = self.rest()
        for place in range(0, len(data), length):
            if len(data) - place < length:
                raise Undecodable(f"{length} bytes were announced, {len(data) - place} are there")
            yield int.from_bytes(data[place : place + length])


def listed(values: list[str], *, most: int = MAX_SHOWN) -> str:
    """Return values on one line, bounded."""
    more = f" and {len(values) - most} more" if len(values) > most else ""
    return ", ".join(values[:most]) + more


def shown(data: bytes) -> str:
    """Return bytes from the wire as text: escaped and bounded."""
    text = printable(data[: MAX_TEXT + 1].decode("utf-8", "replace"))
    return text[:MAX_TEXT] + ("…" if len(text) > MAX_TEXT else "")
