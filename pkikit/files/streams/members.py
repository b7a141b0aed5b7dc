"""The files inside an archive, one after the other, as streams: tar, zip, gzip, bzip2 and xz, in each other.

Nothing is unpacked to disk, and members that nobody wants are passed over without loading them.
"""

from __future__ import annotations

import contextlib
import io
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, BinaryIO, NoReturn, Self, cast

from pkikit.errors import InputError
from pkikit.files.archives import GZIP, ZIP
from pkikit.files.streams.peeked import (
    CHUNK,
    CUT_OFF,
    DAMAGED,
    Peeked,
    Unpacking,
    is_packed,
    refuse_damaged,
    unpacker_of,
)
from pkikit.text import printable

MAX_NAME = 65_536
MAX_INNER_ZIP = 64 * 1024 * 1024
_MAX_DIRECTORY = 16 * 1024 * 1024  # bytes of a zip archive's table of contents, which the library loads whole
_MAX_RATIO, _ALWAYS_UNPACKED = (
    200,
    64 * 1024 * 1024,
)  # logs pack to a tenth or a thirtieth, long runs of zeros to a thousandth
_SLOW = 8  # bzip2 and xz take so much longer than gzip
_TAR_TEXTS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
_KINDS = {
    tarfile.SYMTYPE: "a link",
    tarfile.LNKTYPE: "a link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a named pipe",
}


@dataclass(kw_only=True)
class Limits:
    """How much may be read of one file, and what to do with what is in it.

    where: the file, for messages.
    members: how many files may be in it, in all archives together.
    depth: how many archives may lie in each other.
    wanted: says by the name of a member whether it is read at all.
    passed: called with the names of members that are not read, and of the archives that they are in.
    refuse_odd: refuse links, devices and names that lead out of the archive; otherwise they are passed over.
    unpacked: how many bytes may come out of all compressed streams; None is no limit.
    stored: the size of the file on disk, if nothing in it may unpack to very many times that; 0 is any.
    """

    where: str
    members: int
    depth: int = 5
    wanted: Callable[[str], bool] = field(default=lambda name: True)
    passed: Callable[[str, str], None] = field(default=lambda name, archive: None)
    refuse_odd: bool = False
    unpacked: int | None = None
    stored: int = 0

    def __post_init__(self) -> None:
        self._members_left, self._unpacked_left = self.members, self.unpacked or 0

    def count_member(self) -> None:
        """Count one member of an archive.

        Raises:
            InputError: there are more than are read.
        """
        self._members_left -= 1
        if self._members_left < 0:
            raise InputError(f"contains more than {self.members:,} files, the most that are read", where=self.where)

    def count_unpacked(self, size: int) -> None:
        """Count bytes that were unpacked.

        Args:
            size: how many.

        Raises:
            InputError: there are more than are read.
        """
        if self.unpacked is None:
            return
        self._unpacked_left -= size
        if self._unpacked_left < 0:
            raise InputError(
                f"unpacks to more than {self.unpacked >> 20:,} MB, the most that is read", where=self.where
            )

    def refuse(self, name: str, what: str) -> NoReturn:
        """Refuse the archive for one of its members.

        Args:
            name: the member.
            what: what it is.

        Raises:
            InputError: always.
        """
        raise InputError(
            f"contains {what} ({printable(name, 100)}), which no archive of an Expressway has; pack the files themselves",
            where=self.where,
        )


@dataclass(frozen=True, kw_only=True)
class Member:
    """One file that is no archive. Read it before you ask for the next one.

    name: its path inside the archives; "" if the file itself is no archive.
    archive: the path of the archive that it lies in; "" is the file.
    """

    name: str
    archive: str
    stream: Peeked


def members_of(stream: Peeked, limits: Limits, name: str = "", archive: str = "", depth: int = 0) -> Iterator[Member]:
    """Yield every file inside a stream, through archives inside archives.

    Args:
        stream: the stream.
        limits: how much is read, and what is wanted.
        name: the path of the stream inside the file; "" is the file.
        archive: the path of the archive that it lies in.
        depth: how many archives it is inside.

    Yields:
        One file after the other, the stream itself if it is no archive.

    Raises:
        InputError: an archive is damaged, encrypted, too large, or has links or the like in it.
    """
    head = stream.head
    if not is_packed(head):
        yield Member(name=name, archive=archive, stream=stream)
        return
    if depth >= limits.depth:
        limits.passed(name, archive)
        return
    try:
        unpack = unpacker_of(head)
        if unpack is not None:
            cost = 1 if unpack[0] == GZIP else _SLOW
            inner = Peeked(Unpacking(stream, *unpack, lambda size: limits.count_unpacked(size * cost)))
            yield from members_of(inner, limits, name, archive, depth + 1)
        elif head.startswith(ZIP):
            yield from _of_zip(stream, name, limits, depth)
        else:
            yield from _of_tar(stream, name, limits, depth)
    except DAMAGED as error:
        where = f"{limits.where}{f': {printable(name, 100)}' if name else ''}"
        refuse_damaged(error, where)


def _member(stream: BinaryIO, name: str, inside: str, limits: Limits, depth: int) -> Iterator[Member]:
    while name.startswith("./"):  # as `tar -C FOLDER .` writes names
        name = name[2:].lstrip("/")
    full = f"{inside}/{name}" if inside else name
    if not limits.wanted(name):
        limits.passed(full, inside)
        return
    yield from members_of(Peeked(stream), limits, full, inside, depth + 1)


class _TarInfo(tarfile.TarInfo):
    """The header of a tar member. What would make the library load or count without end is refused.

    Names and attributes longer than any real one, and maps of sparse files.
    """

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        if 0 < len(buf) < tarfile.BLOCKSIZE:  # the library would take this for the end of the archive
            raise tarfile.ReadError(CUT_OFF)
        made = super().frombuf(buf, encoding, errors)
        if made.type in _TAR_TEXTS and made.size > MAX_NAME:
            raise tarfile.ReadError("a name in it is too long")
        if made.type == tarfile.GNUTYPE_SPARSE:
            _refuse_sparse()
        return made

    def _proc_gnusparse_00(self, *_: object) -> None:
        _refuse_sparse()

    _proc_gnusparse_01 = _proc_gnusparse_10 = _proc_gnusparse_00


def _refuse_sparse() -> NoReturn:
    raise tarfile.ReadError("it contains a sparse file (a file with holes); pack it without holes")


def _of_tar(stream: Peeked, inside: str, limits: Limits, depth: int) -> Iterator[Member]:
    with tarfile.open(fileobj=stream, mode="r|", tarinfo=_TarInfo, bufsize=CHUNK) as archive:  # type: ignore[call-overload]
        while (entry := archive.next()) is not None:
            archive.members.clear()  # the library would keep all of them
            limits.count_member()
            if limits.refuse_odd:
                _refuse_odd(entry.name, limits)
                if not (entry.isreg() or entry.isdir()):
                    limits.refuse(entry.name, _KINDS.get(entry.type, "something that is not a file"))
            content = archive.extractfile(entry) if entry.isreg() else None
            if content is not None:
                yield from _member(content, entry.name, inside, limits, depth)


def _refuse_odd(name: str, limits: Limits) -> None:
    parts = name.replace("\\", "/").split("/")
    if ".." in parts or parts[0] == "" or parts[0].endswith(":"):
        limits.refuse(name, "a path that leads out of the archive")


def _of_zip(stream: Peeked, inside: str, limits: Limits, depth: int) -> Iterator[Member]:
    """Yield the files of a zip archive: the file itself, or a copy in memory of a stream that cannot seek.

    A zip archive has its table of contents at the end.

    Args:
        stream: the archive.
        inside: its name inside an outer archive; "" if there is none.
        limits: how much may still be read.
        depth: how many archives it is inside.

    Yields:
        One file after the other.

    Raises:
        InputError: the archive is damaged, encrypted or too large.
    """
    file = _seekable(stream, inside, limits)
    _refuse_long_directory(file, limits)
    with contextlib.closing(zipfile.ZipFile(file)) as archive:
        members = [m for m in archive.infolist() if not m.is_dir()]
        if any(m.filename == "[Content_Types].xml" for m in members):
            raise InputError("is a document of Microsoft Office; copy the text into a text file", where=limits.where)
        for entry in members:
            limits.count_member()
            if limits.refuse_odd:
                _refuse_odd(entry.filename, limits)
                if (entry.external_attr >> 16) & 0o170000 == 0o120000:
                    limits.refuse(entry.filename, "a link")
            if entry.flag_bits & 1:
                raise InputError("is an encrypted zip archive; unpack it first", where=limits.where)
            with archive.open(entry) as content:
                yield from _member(cast(BinaryIO, _Counted(content, limits)), entry.filename, inside, limits, depth)


class _Counted:
    """A member of a zip archive, counted as it is unpacked."""

    def __init__(self, stream: IO[bytes], limits: Limits) -> None:
        self._stream, self._limits = stream, limits

    def read(self, size: int = CHUNK) -> bytes:
        data = self._stream.read(size)
        self._limits.count_unpacked(len(data))
        return data


def _seekable(stream: Peeked, inside: str, limits: Limits) -> BinaryIO:
    source = stream.stream
    if isinstance(source, io.BufferedIOBase) and source.seekable() and not inside:
        return cast(BinaryIO, source)
    file = io.BytesIO()
    while data := stream.read():
        file.write(data)
        if file.tell() > MAX_INNER_ZIP:
            name = printable(inside, 100)
            raise InputError(
                f"contains a zip archive of more than {MAX_INNER_ZIP >> 20} MB ({name}); unpack the outer archive",
                where=limits.where,
            )
    return file


def _refuse_long_directory(file: BinaryIO, limits: Limits) -> None:
    """Refuse a table of contents that the library could only load with very much memory.

    Args:
        file: the zip archive.
        limits: the limits, for the message.

    Raises:
        InputError: the table is too long.
    """
    end = file.seek(0, io.SEEK_END)
    file.seek(max(0, end - 66_000))
    tail = file.read(66_000)
    sizes = [0]
    place = tail.rfind(b"PK\x05\x06")
    if 0 <= place <= len(tail) - 22:
        sizes.append(struct.unpack("<L", tail[place + 12 : place + 16])[0] & 0xFFFFFFFF)
        sizes[-1] = 0 if sizes[-1] == 0xFFFFFFFF else sizes[-1]
    large = tail.rfind(b"PK\x06\x06")
    if 0 <= large <= len(tail) - 56:
        sizes.append(struct.unpack("<Q", tail[large + 40 : large + 48])[0])
    file.seek(0)
    if max(sizes) > _MAX_DIRECTORY:
        raise InputError(f"contains more than {limits.members:,} files, the most that are read", where=limits.where)
