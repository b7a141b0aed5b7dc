"""All files that a person names, through folders and archives, within limits, and never unpacked to disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pkikit.errors import MAX_WHERE, InputError
from pkikit.files.contents import Passphrase
from pkikit.files.regular import open_regular
from pkikit.files.streams.members import Limits, members_of
from pkikit.files.streams.peeked import DAMAGED, Peeked, is_packed, refuse_damaged
from pkikit.intake.material import Material, Source
from pkikit.intake.reading.basket import Basket, Place
from pkikit.intake.reading.file_names import is_passed, part_of, passed_kind
from pkikit.intake.reading.one_file import Reader
from pkikit.intake.reading.owners import sorted_by_owner
from pkikit.text import printable

MAX_STORED = 1024 * 1024 * 1024  # bytes of an archive as it lies on disk
MAX_UNPACKED = 1536 * 1024 * 1024  # bytes that come out of it, also of members that are passed over
MAX_FILES, MAX_DEPTH = 5_000, 8
_NOTHING = "there is nothing in it that import reads; provide the diagnostic archives of the Expressway peers"


@dataclass(frozen=True, kw_only=True)
class _File:
    """One file on disk. `folder`: the folder that it was found in; `asked`: the person named it."""

    path: Path
    folder: Path
    asked: bool


def read_material(paths: Sequence[Path], *, passphrase: Passphrase | None = None) -> Material:
    """Read everything that operators have about a deployment.

    Args:
        paths: files and folders: diagnostic archives, unpacked or not, dumps, terminal captures, certificates, output and
            snapshots of Unified CM, PKCS#7, PKCS#12.
        passphrase: is asked only if something is encrypted.

    Returns:
        What the files say, by machine. Secrets in them are dropped while they are read.

    Raises:
        InputError: a file is damaged, hostile, too large or of another product, or nothing in all files is of any use.
    """
    basket = Basket()
    reader = Reader(basket=basket, passphrase=passphrase)
    seen: set[str] = set()
    count = 0
    for file in _files(paths, basket):
        real = os.path.realpath(file.path)
        if real in seen:
            continue
        seen.add(real)
        count += 1
        if count > MAX_FILES:
            raise InputError(f"contains more than {MAX_FILES:,} files, the most that are read", where=str(file.folder))
        _read_file(file, reader)
    if not basket.has_something:
        _refuse_nothing(basket, paths)
    return sorted_by_owner(basket)


def _refuse_nothing(basket: Basket, paths: Sequence[Path]) -> None:
    told = [file for file in basket.files if file.refused]
    if told:
        raise InputError(told[0].refused, where=str(told[0].source))
    where = printable(str(paths[0])) if paths else ""
    logs = bool(basket.files)
    sentence = "has only logs and packet captures, and no configuration and no certificates in it" if logs else _NOTHING
    raise InputError(sentence, where=where)


def _files(paths: Sequence[Path], basket: Basket) -> Iterator[_File]:
    for path in paths:
        if path.is_dir():
            yield from _in_folder(path, basket, 0)
        else:
            yield _File(path=path, folder=path.parent, asked=True)


def _in_folder(folder: Path, basket: Basket, depth: int) -> Iterator[_File]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", where=str(folder)) from None
    if len(entries) > MAX_FILES:
        raise InputError(f"contains more than {MAX_FILES:,} files, the most that are read", where=str(folder))
    for entry in entries:
        path = folder / entry.name
        if entry.name.startswith(".") or entry.name == "__MACOSX":
            continue
        mode = entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISREG(mode):
            yield _File(path=path, folder=folder, asked=False)
        elif stat.S_ISDIR(mode) and depth < MAX_DEPTH:
            yield from _in_folder(path, basket, depth + 1)
        else:
            kind = "link" if stat.S_ISLNK(mode) else "folder" if stat.S_ISDIR(mode) else "special file"
            why = "lies too deep" if kind == "folder" else "is not a regular file and is not followed"
            basket.note(Source(file=printable(str(path), MAX_WHERE)), kind, why)


def _read_file(file: _File, reader: Reader) -> None:
    where = str(file.path)
    source = Source(file=printable(where, MAX_WHERE))
    name = part_of(where)
    loose = Place(
        source=source,
        root=str(file.folder),
        folder=str(file.folder),
        label=printable(file.path.name),
        name=name,
        in_archive=False,
    )
    if kind := passed_kind(where):
        with open_regular(file.path):  # a name that does not exist is a mistake, whatever its ending
            reader.pass_over(loose, kind)
        return
    with open_regular(file.path) as raw:
        try:
            size = os.fstat(raw.fileno()).st_size
            stream = Peeked(raw)
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror or error}", where=where) from None
        if not is_packed(stream.head):
            reader.read(stream, loose, asked=file.asked)
            return
        if size > MAX_STORED:
            raise InputError(f"is larger than {MAX_STORED >> 30} GB, the most that is read of an archive", where=where)
        _read_archive(stream, size, file, reader)


def _read_archive(stream: Peeked, size: int, file: _File, reader: Reader) -> None:
    where = str(file.path)

    def place_of(name: str, archive: str) -> Place:
        inside = name.removeprefix(f"{archive}/") if archive else name
        folder = str(PurePosixPath(inside.replace("\\", "/")).parent)
        label = printable(PurePosixPath(archive).name if archive else file.path.name)
        source = Source(file=printable(where, MAX_WHERE), member=printable(name, 400))
        return Place(
            source=source, root=f"{where}\n{archive}", folder=folder, label=label, name=part_of(name), in_archive=True
        )

    def passed(name: str, archive: str) -> None:
        reader.pass_over(place_of(name, archive), passed_kind(name) or "archive that lies too deep")

    limits = Limits(
        where=where, members=MAX_FILES, wanted=lambda name: not is_passed(name), passed=passed, refuse_odd=True,
        unpacked=MAX_UNPACKED, stored=size,
    )  # fmt: skip
    try:
        for member in members_of(stream, limits):
            # A single compressed file is no archive: its own name says what it is.
            place = place_of(member.name or file.path.with_suffix("").name, member.archive)
            reader.read(member.stream, place, asked=False)
    except DAMAGED as error:
        refuse_damaged(error, where)
