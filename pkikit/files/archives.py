"""zip and gzip archives, unpacked within limits."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import NoReturn

from pkikit.errors import EncodingError

GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
MAX_UNPACKED = 128 * 1024 * 1024
MAX_MEMBERS = 200


def unpack(data: bytes, where: str, *, at_most: int = MAX_MEMBERS) -> Iterator[tuple[str, bytes]]:
    """Yield the files of an archive.

    Args:
        data: the bytes of a zip or gzip file.
        where: its name, for messages.
        at_most: how many files are read.

    Yields:
        (name, bytes) of each file.

    Raises:
        EncodingError: the archive is damaged or encrypted, or unpacks to too much.
    """
    if data.startswith(GZIP):
        yield "content", _gunzip(data, where)
        return
    left = MAX_UNPACKED
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [m for m in archive.infolist() if not m.is_dir()]
            if len(members) > at_most:
                raise EncodingError(f"contains {len(members)} files, at most {at_most} are read", where=where)
            for member in members:
                if member.flag_bits & 1:
                    raise EncodingError("is an encrypted zip archive", where=where)
                with archive.open(member) as stream:
                    content = stream.read(left + 1)
                left -= len(content)
                if left < 0:
                    _refuse_size(where)
                yield member.filename, content
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise EncodingError(f"is a damaged zip archive: {error}", where=where) from None


def _gunzip(data: bytes, where: str) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        content = unpacker.decompress(data, MAX_UNPACKED + 1)
    except zlib.error as error:
        raise EncodingError(f"is a damaged gzip file: {error}", where=where) from None
    if len(content) > MAX_UNPACKED:
        _refuse_size(where)
    if not unpacker.eof:
        raise EncodingError("is a gzip file that was cut off", where=where)
    return content


def _refuse_size(where: str) -> NoReturn:
    raise EncodingError(f"unpacks to more than {MAX_UNPACKED // 1024 // 1024} MB, the most that is read", where=where)
