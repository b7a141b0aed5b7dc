"""An archive of a folder, unpacked into a place that is removed afterwards."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from pkikit.anonymise.brought_folder import BroughtFolder, read_folder
from pkikit.errors import InputError
from pkikit.files import read_bytes
from pkikit.files.archives import ZIP, unpack
from pkikit.files.deployment_folder import CERTIFICATES, DEPLOYMENT, RECORD
from pkikit.text import printable

_MAX_ARCHIVE, _MAX_FILES = 32 * 1024 * 1024, 2_000


def opened(source: Path, certificates: Path | None, place: Path) -> BroughtFolder:
    """Read a folder, a deployment file or a zip archive of such a folder.

    Args:
        source: what a person named.
        certificates: the folder of certificates, if it is not next to the deployment file.
        place: an empty folder for what is unpacked.

    Returns:
        What is in it.

    Raises:
        InputError: it is something else, or a part of it cannot be used.
    """
    if not source.exists():
        raise InputError("does not exist", where=printable(str(source)))
    if source.is_file() and source.suffix.lower() not in {".yaml", ".yml"}:
        data = read_bytes(source, _MAX_ARCHIVE)
        if not data.startswith(ZIP):
            raise InputError(
                "is neither a folder, a deployment file nor a zip archive of a folder; make a folder of diagnostic archives "
                "with: pkikit import FILE --out DIR",
                where=printable(str(source)),
            )
        return read_folder(_unpacked(data, place, str(source)))
    return read_folder(source, certificates)


def _unpacked(data: bytes, place: Path, where: str) -> Path:
    members = {safe_path(name, where): content for name, content in unpack(data, where, at_most=_MAX_FILES)}
    at = min((p.parent for p in members if p.name == DEPLOYMENT), key=lambda p: len(p.parts), default=None)
    if at is None:
        raise InputError(f"contains no {DEPLOYMENT}; pkikit import makes a folder that does", where=printable(where))
    for path, content in members.items():
        inside = path.relative_to(at) if path.is_relative_to(at) else None
        if inside is not None and (inside.name in {DEPLOYMENT, RECORD} or inside.parts[0] == CERTIFICATES):
            target = place / inside
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            target.write_bytes(content)
    return place


def safe_path(name: str, where: str) -> PurePosixPath:
    """Return the path of a member of an archive.

    Args:
        name: as the archive has it.
        where: the archive, for the message.

    Returns:
        The path.

    Raises:
        InputError: it leads out of the archive, or is not a path that every system has.
    """
    path = PurePosixPath(name)
    odd = (
        path.is_absolute()
        or ".." in path.parts
        or "\\" in name
        or ":" in name
        or not name.isprintable()
        or len(path.parts) > 8
    )
    if odd or not path.parts:
        raise InputError(
            f"contains a file with a path that is not allowed: {printable(name, 60)}", where=printable(where)
        )
    return path
