"""The files that somebody wants written, checked before the work is done."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path

from pkikit.errors import InputError


def output_files(
    endings: Mapping[str, tuple[str, ...]],
    files: Mapping[str, str | PathLike[str] | None],
    *,
    unsaid: frozenset[str] = frozenset(),
) -> dict[str, Path]:
    """Return the files to write.

    Args:
        endings: how the name of a file ends, by form.
        files: the files by form; None for one that nobody wants.
        unsaid: endings that are allowed, and that the message leaves out.

    Returns:
        The paths by form, without those that nobody wants.

    Raises:
        InputError: a name does not end as such a file does, or it is a folder.
    """
    targets = {form: Path(given) for form, given in files.items() if given is not None}
    for form, path in targets.items():
        if path.suffix.lower() not in endings[form]:
            allowed = " or ".join(ending for ending in endings[form] if ending not in unsaid)
            raise InputError(f"{form} is written to a file whose name ends in {allowed}", where=str(path))
        if path.is_dir():
            raise InputError("is a folder; name a file", where=str(path))
    return targets
