"""Files of one run, written together: all of them or none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pkikit.errors import InputError


def write_together(contents: Mapping[Path, bytes]) -> None:
    """Write files that everybody can read; what is there is replaced.

    Args:
        contents: what to write, by file.

    Raises:
        InputError: one of them cannot be written; then none is.
    """
    ready: list[tuple[Path, Path]] = []
    path = Path()
    try:
        for path, data in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            ready.append((Path(temporary), path))
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            Path(temporary).chmod(0o644)
        for made, path in ready:
            made.replace(path)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", where=str(path)) from None
    finally:
        for made, _ in ready:
            made.unlink(missing_ok=True)


def repository_of(folder: Path) -> Path:
    """Return the top of the repository that a folder is in: the nearest folder with `.git`; else the folder itself."""
    return next((p for p in (folder, *folder.parents) if (p / ".git").exists()), folder)
