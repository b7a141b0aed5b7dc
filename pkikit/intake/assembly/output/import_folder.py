"""The folder of an import: written next to its place and renamed, so that it is there as a whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pkikit.errors import InputError
from pkikit.files.deployment_folder import CERTIFICATES, DEPLOYMENT, PAGE, RECORD
from pkikit.files.exchanged_folder import write_whole
from pkikit.intake.assembly.assembled import Assembly
from pkikit.intake.assembly.output.deployment_yaml import deployment_yaml
from pkikit.intake.assembly.output.import_json import import_json
from pkikit.intake.assembly.output.import_markdown import import_markdown

_OURS = frozenset({DEPLOYMENT, CERTIFICATES, RECORD, PAGE})
_MAX_RECORD = 64 * 1024 * 1024


def certificate_files(assembly: Assembly) -> dict[str, bytes]:
    """Return the files of `certificates/` by their paths in it."""
    return {file.path: file.content for file in assembly.placed}


def folder_files(assembly: Assembly, certificates: Mapping[str, bytes], *, rekeyed: bool = False) -> dict[str, bytes]:
    """Return all files of the folder by their paths in it.

    Args:
        assembly: an import without open questions.
        certificates: the files of `certificates/`, as they were read or with new keys.
        rekeyed: they have new keys.

    Returns:
        Path → content.
    """
    written = sorted((DEPLOYMENT, RECORD, PAGE, *(f"{CERTIFICATES}/{path}" for path in certificates)))
    record = json.dumps({**import_json(assembly, rekeyed=rekeyed), "written": written}, indent=2, ensure_ascii=True)
    return {
        DEPLOYMENT: deployment_yaml(assembly).encode(),
        RECORD: f"{record}\n".encode(),
        PAGE: import_markdown(assembly, rekeyed=rekeyed).encode(),
        **{f"{CERTIFICATES}/{path}": content for path, content in sorted(certificates.items())},
    }


def require_free(out: Path) -> None:
    """Check that a folder may be written: nothing is there, an empty folder, or an earlier import.

    Args:
        out: the folder.

    Raises:
        InputError: something else is there.
    """
    if not out.exists() and not out.is_symlink():
        return
    if not out.is_dir():
        raise InputError("exists, and is not a folder; choose another name", where=str(out))
    try:
        names = {entry.name for entry in out.iterdir()}
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(out)) from None
    written = _written_before(out) if names else set()
    if written is None:
        raise InputError("exists, and is not an earlier import; choose another folder", where=str(out))
    there = (p for p in (out / CERTIFICATES).rglob("*") if p.is_symlink() or not p.is_dir())
    stranger = next((p for p in there if p.relative_to(out).as_posix() not in written), None)
    if stranger is not None:
        raise InputError("is not from the earlier import and would be lost; move it away first", where=str(stranger))


def _written_before(out: Path) -> set[str] | None:
    """Return the files that an earlier import wrote here; None if this is not the folder of an import."""
    record = out / RECORD
    try:
        if record.is_symlink() or not record.is_file() or record.stat().st_size > _MAX_RECORD:
            return None
        read = json.loads(record.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    listed = read.get("written") if isinstance(read, dict) and isinstance(read.get("format"), int) else None
    return {path for path in listed if isinstance(path, str)} if isinstance(listed, list) else None


def write_folder(out: Path, files: Mapping[str, bytes]) -> None:
    """Write the folder, all of it or nothing. Files of an earlier import are replaced, and other files in it stay.

    Args:
        out: the folder.
        files: path in it → content.

    Raises:
        InputError: the folder cannot be written, or something else is there.
    """
    require_free(out)
    write_whole(out, files, ours=_OURS)
