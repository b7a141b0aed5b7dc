"""The folder of a plan is looked at before anything in it is read: no links, no strange sizes, nothing outside of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from pkikit.errors import InputError
from pkikit.files.deployment_folder import PUBLISHED
from pkikit.files.disk import MAX_FILE
from pkikit.text import printable

_MAX_FILES, _MAX_SMALL, _MAX_DEPTH = 20_000, 16 * 1024 * 1024, 5


def folder_beside(path: Path, name: str) -> Path:
    """Return the folder that a plan names for its files, after a look at everything in it.

    Args:
        path: the plan.
        name: the name that it gives.

    Returns:
        The folder.

    Raises:
        InputError: it is not beside the plan, or has a link, too many files, or a file that is too large.
    """
    if name in {"", ".", ".."} or "/" in name or "\\" in name or "\0" in name:
        raise InputError("files: must be the name of a folder next to the plan", where=str(path))
    folder = path.parent / name
    if not _is_plain(folder, stat.S_ISDIR):
        raise InputError(
            f"files: there is no folder {printable(name, 80)} next to the plan; pkikit plan --out writes both",
            where=str(path),
        )
    left = _MAX_FILES
    for place, folders, files in os.walk(folder, followlinks=False):
        here = Path(place)
        left -= len(folders) + len(files)
        if left < 0 or len(here.relative_to(folder).parts) > _MAX_DEPTH:
            raise InputError("contains more than the files of a plan", where=str(folder))
        for entry in (here / found for found in (*folders, *files)):
            _require_plain(entry)
    return folder


def _is_plain(path: Path, kind: Callable[[int], bool]) -> bool:
    """Return True for an entry of this kind; a link is none, and neither is a name that is too long."""
    try:
        return kind(path.lstat().st_mode)
    except OSError:
        return False


def _require_plain(entry: Path) -> None:
    try:
        found = entry.lstat()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(entry)) from None
    if stat.S_ISLNK(found.st_mode):
        raise InputError("is a link; the files of a plan are in its folder", where=str(entry))
    if stat.S_ISREG(found.st_mode):
        limit = MAX_FILE if entry.parent.name == PUBLISHED else _MAX_SMALL
        if found.st_size > limit:
            raise InputError(f"is larger than {limit // 1024 // 1024} MB, the most that is read", where=str(entry))


def inside(folder: Path, path: str, place: str, where: str) -> Path:
    """Return a file that a plan names, which must be in the plan's folder.

    Args:
        folder: the plan's folder.
        path: as the plan names it, with the folder's name in front.
        place: where the plan names it, as `steps[3].file`.
        where: the plan, for messages.

    Returns:
        The file.

    Raises:
        InputError: it is elsewhere, or not there.
    """
    parts = PurePosixPath(path).parts
    if len(parts) < 2 or parts[0] != folder.name or ".." in parts or "\0" in path:
        raise InputError(f"{place}: must be a file in {printable(folder.name, 80)}", where=where)
    found = folder.joinpath(*parts[1:])
    if not _is_plain(found, stat.S_ISREG):
        raise InputError(f"{place}: there is no such file", where=where)
    return found
