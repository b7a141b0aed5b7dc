"""The repository that a folder is in."""

from __future__ import annotations

from pathlib import Path


def repository_of(folder: Path) -> Path:
    """Return the top of the repository that a folder is in: the nearest folder with `.git`; else the folder itself."""
    return next((p for p in (folder, *folder.parents) if (p / ".git").exists()), folder)
