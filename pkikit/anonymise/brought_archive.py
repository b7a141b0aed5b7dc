"""What a person names: a folder, an archive of one, or diagnostic archives. Unpacked into a place that is removed afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from pkikit.anonymise.brought_folder import BroughtFolder, read_folder
from pkikit.errors import InputError
from pkikit.files import Passphrase
from pkikit.files.deployment_folder import CERTIFICATES, DEPLOYMENT, RECORD, YAML, is_yaml
from pkikit.files.regular import open_regular
from pkikit.files.streams.members import Limits, members_of
from pkikit.files.streams.peeked import DAMAGED, Peeked, is_packed, refuse_damaged
from pkikit.intake.assembly import Assembly, assemble
from pkikit.intake.assembly.output import certificate_files, folder_files, write_folder
from pkikit.intake.reading import read_material
from pkikit.text import printable

_MAX_MEMBERS, _MAX_CONTENT, _MAX_UNPACKED = 5_000, 128 * 1024 * 1024, 1536 * 1024 * 1024
_READ = (*YAML, ".pem", ".crl", ".ocsp", RECORD)


def opened(
    sources: Sequence[Path],
    certificates: Path | None,
    place: Path,
    *,
    answers: Mapping[str, str] | None = None,
    passphrase: Passphrase | None = None,
    require_answered: Callable[[Assembly], None] = lambda assembly: None,
) -> BroughtFolder:
    """Read a folder that `pkikit import` made, a deployment file, an archive of such a folder, or diagnostic archives.

    Args:
        sources: what a person named.
        certificates: the folder of certificates, if it is not next to the deployment file.
        place: an empty folder for what is unpacked; its owner removes it.
        answers: to questions about what diagnostic archives do not say.
        passphrase: is asked only if something is encrypted.
        require_answered: raises an error if a question is open.

    Returns:
        What is in it.

    Raises:
        InputError: it is something else, or a part of it cannot be used.
    """
    for source in sources:
        if not source.exists():
            raise InputError("does not exist", where=printable(str(source)))
    if len(sources) == 1:
        source = sources[0]
        if is_yaml(source) or certificates is not None or _has_deployment(source):
            return read_folder(source, certificates)
        if not source.is_dir() and (members := _packed_folder(source)):
            return read_folder(_unpacked(members, place, str(source)))
    return _imported(sources, place / "import", answers or {}, passphrase, require_answered)


def _has_deployment(source: Path) -> bool:
    return source.is_dir() and any(is_yaml(p) for p in source.iterdir())


def _imported(
    sources: Sequence[Path],
    place: Path,
    answers: Mapping[str, str],
    passphrase: Passphrase | None,
    require_answered: Callable[[Assembly], None],
) -> BroughtFolder:
    """Read diagnostic archives as `pkikit import` does. Only the deployment file and certificates are written."""
    assembly = assemble(read_material(sources, passphrase=passphrase), answers)
    require_answered(assembly)
    write_folder(place, folder_files(assembly, certificate_files(assembly)))
    return replace(read_folder(place), left_out=())


def _packed_folder(source: Path) -> dict[PurePosixPath, bytes]:
    """Return the files of an archive of an imported folder; nothing if it is another file.

    Args:
        source: the file.

    Returns:
        Contents by path.

    Raises:
        InputError: the archive is damaged, hostile or too large.
    """
    where, left = str(source), _MAX_CONTENT
    found: dict[PurePosixPath, bytes] = {}
    limits = Limits(
        where=where, members=_MAX_MEMBERS, depth=2, wanted=lambda name: name.lower().endswith(_READ), refuse_odd=True,
        unpacked=_MAX_UNPACKED, stored=source.stat().st_size,
    )  # fmt: skip
    with open_regular(source) as file:
        stream = Peeked(file)
        if not is_packed(stream.head):
            return {}
        try:
            for member in members_of(stream, limits):
                parts: list[bytes] = []
                while chunk := member.stream.read():
                    left -= len(chunk)
                    if left < 0:
                        raise InputError(
                            f"contains more than {_MAX_CONTENT >> 20} MB of certificates", where=printable(where)
                        )
                    parts.append(chunk)
                if member.name:
                    found[safe_path(member.name, where)] = b"".join(parts)
        except DAMAGED as error:
            refuse_damaged(error, where)
    return found if any(path.name == DEPLOYMENT for path in found) else {}


def _unpacked(members: Mapping[PurePosixPath, bytes], place: Path, where: str) -> Path:
    at = min((p.parent for p in members if p.name == DEPLOYMENT), key=lambda p: len(p.parts))
    for path, content in members.items():
        inside = path.relative_to(at) if path.is_relative_to(at) else None
        if inside is not None and (str(inside) in {DEPLOYMENT, RECORD} or inside.parts[0] == CERTIFICATES):
            target = place / inside
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if target.exists():
                raise InputError(f"contains {printable(str(inside), 60)} twice", where=printable(where))
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
        or any(len(part) > 255 for part in path.parts)
    )
    if odd or not path.parts:
        raise InputError(
            f"contains a file with a path that is not allowed: {printable(name, 60)}", where=printable(where)
        )
    return path
