"""Know the content of a folder again, and notice that it changes while it is read."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

_BLOCK = 1 << 20
MAX_FILES, MAX_DEPTH = 50_000, 12


def digest_of_content(path: Path) -> str:
    """Return a digest of all files in a folder, with their names. Links to folders are followed, as reading follows them.

    Args:
        path: the folder.

    Returns:
        64 hexadecimal digits; empty if something in it cannot be read.
    """
    found = hashlib.sha256()
    try:
        for name, file, state in _files(path, "", frozenset(), [0]):
            found.update(f"{name}\0{_content(file, state)}\0".encode(errors="surrogateescape"))
    except OSError:
        return ""
    return found.hexdigest()


def state_of_files(path: Path) -> tuple[tuple[str, int, int, int], ...]:
    """Return name, size, time of change and number of each file: what differs after somebody wrote into the folder.

    Args:
        path: the folder.

    Returns:
        The files in their order; none if the folder cannot be read.
    """
    try:
        return tuple((name, s.st_size, s.st_mtime_ns, s.st_ino) for name, _, s in _files(path, "", frozenset(), [0]))
    except OSError:
        return ()


def _content(file: Path, state: os.stat_result) -> str:
    if not stat.S_ISREG(state.st_mode):
        return f"not a file: {stat.S_IFMT(state.st_mode)}"  # a pipe has no content that could be read twice
    found = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(_BLOCK):
            found.update(block)
    return found.hexdigest()


def _files(
    path: Path, prefix: str, ancestors: frozenset[tuple[int, int]], count: list[int]
) -> Iterator[tuple[str, Path, os.stat_result]]:
    """Yield every file below a folder, in an order of their own; each folder of a loop once.

    Args:
        path: the folder.
        prefix: of the names of its files.
        ancestors: the folders that it is in.
        count: how many entries were seen.

    Yields:
        (its name below the first folder, where it is, its state) for each file.

    Raises:
        OSError: a folder cannot be read, or there are too many files.
    """
    here = path.stat()
    identity = here.st_dev, here.st_ino
    if identity in ancestors or len(ancestors) >= MAX_DEPTH:
        return
    with os.scandir(path) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        count[0] += 1
        if count[0] > MAX_FILES:
            raise OSError(f"more than {MAX_FILES:,} files")
        name = f"{prefix}{entry.name}"
        if entry.is_dir():
            yield from _files(path / entry.name, f"{name}/", ancestors | {identity}, count)
        else:
            leads = not entry.is_symlink() or entry.is_file()
            yield name, path / entry.name, entry.stat(follow_symlinks=leads)
