"""Logs from disk or standard input as lines: any encoding, plain or compressed, within limits, never loaded whole.

Every error that this module raises is an InputError or an EncodingError.
"""

from __future__ import annotations

import bz2
import codecs
import contextlib
import io
import lzma
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self, cast

from pkikit.errors import EncodingError, InputError
from pkikit.files.archives import GZIP, ZIP
from pkikit.files.recognition.kinds import binary_kind, looks_binary
from pkikit.files.recognition.magic import unicode_form
from pkikit.files.regular import open_regular
from pkikit.text import printable

MAX_TEXT = 512 * 1024 * 1024  # of text, all members together
MAX_MEMBERS, MAX_DEPTH, MAX_LINE, CHUNK, HEAD = 5_000, 5, 65_536, 1 << 20, 65_536
_XZ, _BZIP2 = b"\xfd7zXZ\x00", b"BZh"
_TAR_TEXTS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
_SPOOLED = 64 * 1024 * 1024
_DAMAGED = (
    zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, tarfile.TarError, zipfile.BadZipFile, NotImplementedError,
    RuntimeError, KeyError, IndexError, OverflowError,
)  # fmt: skip
# Members of a diagnostic archive and the like that are no logs.
_NO_LOGS = ("xconf_dump", "xstat_dump", ".pem", ".cer", ".crt", ".der", ".pcap", ".pcapng", ".xml", ".html", ".png", ".jpg",
            ".enc", ".yaml", ".yml")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class LogText:
    """One text: its name inside the file ("" if the file is the text), its first characters, and its lines."""

    member: str
    head: str
    lines: Iterator[str]


class _Budget:
    """How much may still be read."""

    def __init__(self, where: str) -> None:
        self.where, self.left, self.members = where, MAX_TEXT, MAX_MEMBERS
        self.skipped: list[str] = []

    def take(self, amount: int) -> None:
        self.left -= amount
        if self.left < 0:
            raise InputError(f"contains more than {MAX_TEXT >> 20} MB of text, the most that is read", where=self.where)


def read_logs(path: Path | None) -> Iterator[LogText]:
    """Yield every text in a log file or an archive of logs. Read the lines of one before you ask for the next.

    Args:
        path: the file; None is standard input.

    Yields:
        One text after the other.

    Raises:
        InputError: the path is not a regular file, or the file is empty, damaged, too large or of another kind.
    """
    where = str(path) if path is not None else "standard input"
    budget = _Budget(where)
    with contextlib.ExitStack() as stack:
        stream = stack.enter_context(open_regular(path)) if path is not None else sys.stdin.buffer
        found = False
        try:
            first = _Peeked(stream)
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror or error}", where=where) from None
        for text in _texts(first, "", budget, 0):
            found = True
            yield text
        if not found:
            skipped = (
                f" (only {', '.join(printable(name, 60) for name in budget.skipped[:5])})" if budget.skipped else ""
            )
            raise InputError(f"is an archive without a log in it{skipped}; give the log itself", where=where)


class _Peeked:
    """A stream whose first bytes can be examined; `read` returns them as well."""

    def __init__(self, stream: BinaryIO | _Unpacking) -> None:
        self.stream = stream
        head = bytearray()
        while len(head) < HEAD and (more := stream.read(HEAD - len(head))):
            head += more
        self.head = bytes(head)
        self._first = self.head

    def read(self, size: int = CHUNK) -> bytes:
        if self._first:
            data, self._first = self._first[:size], self._first[size:]
            return data
        return self.stream.read(size) or b""


class _Unpacking:
    """A compressed stream, unpacked as it is read: at most `size` bytes at a time, whatever it contains."""

    def __init__(self, stream: _Peeked, magic: bytes, make: Callable[[], Any]) -> None:
        self._stream, self._magic, self._make = stream, magic, make
        self._unpacker = make()
        self._packed = b""

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
                    raise EOFError("it was cut off")
            data: bytes = self._unpacker.decompress(self._packed, size)
            self._packed = getattr(self._unpacker, "unconsumed_tail", b"")
            if data:
                return data


class _TarInfo(tarfile.TarInfo):
    """The header of a tar member. Names and attributes longer than any real one are refused, not loaded."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        made = super().frombuf(buf, encoding, errors)
        if made.type in _TAR_TEXTS and made.size > MAX_LINE:
            raise tarfile.ReadError("a name in it is too long")
        return made


def _texts(stream: _Peeked, member: str, budget: _Budget, depth: int) -> Iterator[LogText]:
    head, where = stream.head, f"{budget.where}{f': {printable(member, 100)}' if member else ''}"
    if not head.strip():
        if member:
            return
        raise InputError("is empty; give the log", where=where)
    unpack = _unpacker(head)
    if _is_packed(head) and depth >= MAX_DEPTH:
        budget.skipped.append(member)
        return
    try:
        if unpack is not None:
            yield from _texts(_Peeked(_Unpacking(stream, *unpack)), member, budget, depth + 1)
        elif head.startswith(ZIP):
            yield from _of_zip(stream, member, budget, depth)
        elif head[257:262] == b"ustar":
            yield from _of_tar(stream, member, budget, depth)
        else:
            yield from _of_text(stream, member, budget, where)
    except (InputError, GeneratorExit):
        raise
    except _DAMAGED as error:
        raise _as_encoding_error(error, where) from None


def _unpacker(head: bytes) -> tuple[bytes, Callable[[], Any]] | None:
    """Return (first bytes, factory) of the decompressor for a stream that begins with `head`; None for other streams."""
    if head.startswith(GZIP):
        return GZIP, lambda: zlib.decompressobj(wbits=31)
    if head.startswith(_BZIP2) and head[4:10] == b"1AY&SY":
        return _BZIP2, bz2.BZ2Decompressor
    if head.startswith(_XZ):
        return _XZ, lambda: lzma.LZMADecompressor(memlimit=128 * 1024 * 1024)
    return None


def _is_packed(head: bytes) -> bool:
    return _unpacker(head) is not None or head.startswith(ZIP) or head[257:262] == b"ustar"


def _is_no_log(name: str) -> bool:
    lowered = name.lower()
    return any(part in lowered for part in _NO_LOGS[:2]) or lowered.endswith(_NO_LOGS[2:])


def _member(stream: BinaryIO, name: str, inside: str, budget: _Budget, depth: int) -> Iterator[LogText]:
    budget.members -= 1
    if budget.members < 0:
        raise InputError(f"contains more than {MAX_MEMBERS} files, the most that are read", where=budget.where)
    full = f"{inside}/{name}" if inside else name
    if _is_no_log(name):
        budget.skipped.append(full)
        return
    peeked = _Peeked(stream)
    if not _is_packed(peeked.head) and (
        binary_kind(peeked.head) or (looks_binary(peeked.head) and not unicode_form(peeked.head))
    ):
        budget.skipped.append(full)
        return
    yield from _texts(peeked, full, budget, depth + 1)


def _of_tar(stream: _Peeked, inside: str, budget: _Budget, depth: int) -> Iterator[LogText]:
    with tarfile.open(fileobj=stream, mode="r|", tarinfo=_TarInfo) as archive:  # type: ignore[call-overload]
        for entry in archive:
            content = archive.extractfile(entry) if entry.isreg() else None
            if content is not None:
                yield from _member(content, entry.name, inside, budget, depth)


def _of_zip(stream: _Peeked, inside: str, budget: _Budget, depth: int) -> Iterator[LogText]:
    """Yield the texts of a zip archive: the file itself, or a copy of a stream that cannot seek.

    A zip archive has its table of contents at the end.

    Args:
        stream: the archive.
        inside: its name inside an outer archive; "" if there is none.
        budget: how much may still be read.
        depth: how many archives it is inside.

    Yields:
        One text after the other.

    Raises:
        InputError: the archive is damaged, encrypted or too large.
    """
    source = stream.stream
    with contextlib.ExitStack() as stack:
        if isinstance(source, io.BufferedIOBase) and source.seekable() and not inside:
            file = cast(BinaryIO, source)
        else:
            file = cast(BinaryIO, stack.enter_context(tempfile.SpooledTemporaryFile(max_size=_SPOOLED)))
            while data := stream.read():
                budget.take(len(data))
                file.write(data)
        with zipfile.ZipFile(file) as archive:
            members = [m for m in archive.infolist() if not m.is_dir()]
            if any(m.filename == "[Content_Types].xml" for m in members):
                raise InputError("is a document of Microsoft Office; copy the log into a text file", where=budget.where)
            for entry in members:
                if entry.flag_bits & 1:
                    raise InputError("is an encrypted zip archive; unpack it first", where=budget.where)
                with archive.open(entry) as content:
                    yield from _member(content, entry.filename, inside, budget, depth)  # type: ignore[arg-type]


def _of_text(stream: _Peeked, member: str, budget: _Budget, where: str) -> Iterator[LogText]:
    encoding = unicode_form(stream.head)
    kind = None if encoding else binary_kind(stream.head)
    if kind is not None:
        raise InputError(f"is {kind[0]}, not a log; {kind[1]}", where=where)
    if not encoding and looks_binary(stream.head):
        raise InputError("is binary data, not a log; give the log as text", where=where)
    encoding = encoding or "utf-8-sig"
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    head = codecs.getincrementaldecoder(encoding)("replace").decode(stream.head)
    yield LogText(
        member=member,
        head=head,
        lines=_lines(stream, decoder, budget, where, cr_only="\r" in head and "\n" not in head),
    )


def _lines(
    stream: _Peeked, decoder: codecs.IncrementalDecoder, budget: _Budget, where: str, *, cr_only: bool
) -> Iterator[str]:
    """Yield lines without their ends; a line longer than MAX_LINE in pieces."""
    rest = ""
    while data := _read(stream, where):
        budget.take(len(data))
        text = rest + decoder.decode(data).replace("\0", "")
        lines = (text.replace("\r", "\n") if cr_only else text).split("\n")
        rest = lines.pop()
        for line in lines:
            yield from _pieces(line.rstrip("\r"))
        if len(rest) > MAX_LINE:
            *pieces, rest = _pieces(rest)
            yield from pieces
    rest += decoder.decode(b"", final=True)
    if rest:
        yield from _pieces(rest.rstrip("\r"))


def _read(stream: _Peeked, where: str) -> bytes:
    try:
        return stream.read(CHUNK)
    except _DAMAGED as error:
        raise _as_encoding_error(error, where) from None


def _as_encoding_error(error: Exception, where: str) -> EncodingError:
    reason = printable(str(error), 80) or type(error).__name__
    return EncodingError(f"is damaged or cut off: {reason}", where=where)


def _pieces(line: str) -> Iterator[str]:
    if len(line) <= MAX_LINE:
        yield line
        return
    start = 0
    while start < len(line):
        end = start + MAX_LINE
        if end < len(line):
            blank = line.rfind(" ", start + MAX_LINE // 2, end)
            end = blank + 1 if blank > 0 else end
        yield line[start:end]
        start = end
