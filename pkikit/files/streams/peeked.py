"""Streams whose first bytes can be examined, and compressed streams that are unpacked as they are read."""

from __future__ import annotations

import bz2
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from typing import Any, NoReturn, Protocol

from pkikit.errors import EncodingError
from pkikit.files.archives import GZIP, ZIP
from pkikit.text import printable

CHUNK, HEAD = 1 << 20, 65_536
CUT_OFF = "it was cut off"
_XZ, _BZIP2 = b"\xfd7zXZ\x00", b"BZh"
# Whatever the libraries raise about a damaged file.
DAMAGED = (
    zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, tarfile.TarError, zipfile.BadZipFile, NotImplementedError,
    RuntimeError, KeyError, IndexError, OverflowError,
)  # fmt: skip


class Readable(Protocol):
    """Anything that bytes can be read from."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; none at the end."""
        ...


class Peeked:
    """A stream whose first bytes can be examined; `read` returns them as well."""

    def __init__(self, stream: Readable) -> None:
        self.stream = stream
        head = bytearray()
        while len(head) < HEAD and (more := stream.read(HEAD - len(head))):
            head += more
        self.head = bytes(head)
        self._first = self.head

    def read(self, size: int = CHUNK) -> bytes:
        """Return up to `size` bytes; none at the end."""
        if self._first:
            data, self._first = self._first[:size], self._first[size:]
            return data
        return self.stream.read(size) or b""


class Unpacking:
    """A compressed stream, unpacked as it is read: at most `size` bytes at a time, whatever it contains."""

    def __init__(
        self, stream: Peeked, magic: bytes, make: Callable[[], Any], unpacked: Callable[[int], None] | None = None
    ) -> None:
        self._stream, self._magic, self._make = stream, magic, make
        self._unpacker = make()
        self._packed = b""
        self._unpacked = unpacked

    def read(self, size: int = CHUNK) -> bytes:
        """Read up to `size` bytes. Bytes after the last compressed part are ignored, as gzip does.

        Args:
            size: the largest number of bytes to return.

        Returns:
            The bytes; none at the end.

        Raises:
            EOFError: the stream ends in the middle of a compressed part.
        """
        while True:
            if self._unpacker.eof:
                rest = self._unpacker.unused_data or self._stream.read()
                if not rest.startswith(self._magic):
                    return b""
                self._unpacker, self._packed = self._make(), rest
            if not self._packed and getattr(self._unpacker, "needs_input", True):
                self._packed = self._stream.read()
                if not self._packed:
                    raise EOFError(CUT_OFF)
            data: bytes = self._unpacker.decompress(self._packed, size)
            self._packed = getattr(self._unpacker, "unconsumed_tail", b"")
            if data:
                if self._unpacked is not None:
                    self._unpacked(len(data))
                return data


def unpacker_of(head: bytes) -> tuple[bytes, Callable[[], Any]] | None:
    """Return (first bytes, factory) of the decompressor for a stream that begins with `head`; None for other streams."""
    if head.startswith(GZIP):
        return GZIP, lambda: zlib.decompressobj(wbits=31)
    if head.startswith(_BZIP2) and head[4:10] == b"1AY&SY":
        return _BZIP2, bz2.BZ2Decompressor
    if head.startswith(_XZ):
        return _XZ, lambda: lzma.LZMADecompressor(memlimit=128 * 1024 * 1024)
    return None


def is_tar(head: bytes) -> bool:
    """Return True if a stream that begins like this is a tar archive."""
    return head[257:262] == b"ustar"


def is_packed(head: bytes) -> bool:
    """Return True if a stream that begins like this is an archive or compressed."""
    return unpacker_of(head) is not None or head.startswith(ZIP) or is_tar(head)


def refuse_damaged(error: Exception, where: str) -> NoReturn:
    """Say in one sentence that a file is damaged.

    Args:
        error: what a library raised about it.
        where: the name of the file.

    Raises:
        EncodingError: always.
    """
    reason = printable(str(error), 80) or type(error).__name__
    if reason == CUT_OFF:
        raise EncodingError("is damaged or cut off", where=where) from None
    raise EncodingError(f"is damaged or cut off: {reason}", where=where) from None
