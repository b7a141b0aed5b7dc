"""A folder that is written next to its place and renamed, so that it is there as a whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Set
from pathlib import Path, PurePosixPath

from pkikit.errors import InputError
from pkikit.files.deployment_folder import is_key_file


def write_whole(
    out: Path, files: Mapping[str, bytes], *, ours: Set[str], is_private: Callable[[str], bool] = is_key_file
) -> None:
    """Write a folder, all of it or nothing.

    Args:
        out: the folder. If it exists, its entries named in `ours` are replaced, and the others stay.
        files: path in it → content.
        ours: names of entries of the folder that belong to the writer.
        is_private: says by the name of a file whether only its owner may read it.

    Raises:
        InputError: the folder cannot be written.
    """
    target = Path(os.path.realpath(out))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}.", suffix=".new"))
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", where=str(out)) from None
    try:
        for path, content in files.items():
            _write(made, path, content, is_private)
        made.chmod(0o755)
        _exchange(made, target, ours)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", where=str(out)) from None
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _write(folder: Path, path: str, content: bytes, is_private: Callable[[str], bool]) -> None:
    parts = PurePosixPath(path).parts
    if not parts or any(part in {"..", "/", "."} or "\0" in part or os.sep in part for part in parts):
        raise InputError("is not a path inside the folder", where=path)
    place = folder.joinpath(*parts)
    place.parent.mkdir(parents=True, exist_ok=True)
    mode = 0o600 if is_private(place.name) else 0o644
    with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
        stream.write(content)


def _exchange(made: Path, target: Path, ours: Set[str]) -> None:
    """Put the new folder into the place of the old one; on failure the old one is back."""
    if not target.exists():
        made.rename(target)
        return
    old = made.with_suffix(".old")
    target.rename(old)
    try:
        for entry in old.iterdir():
            if entry.name not in ours:
                entry.rename(made / entry.name)
        made.rename(target)
    except BaseException:
        for entry in made.iterdir() if made.exists() else ():
            if entry.name not in ours and not (old / entry.name).exists():
                entry.rename(old / entry.name)
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
