"""Read one folder of a fleet: a deployment with the files of its machines, or a set of archives as `pkikit import` reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pkikit.errors import InputError
from pkikit.files import iter_party_folders
from pkikit.files.deployment_folder import CERTIFICATE, TRUST, certificates_of
from pkikit.fleet.audit_records import FolderKind
from pkikit.fleet.folders.found_folders import FoundFolder
from pkikit.intake.assembly import assemble
from pkikit.intake.reading import read_material
from pkikit.model.world import World
from pkikit.report.given.given import given_of_import, read_given
from pkikit.text import counted


@dataclass(frozen=True, kw_only=True)
class ReadFolder:
    """What is in a folder.

    Attributes:
        world: the machines, with what somebody gave.
        files: the certificate file of each machine, as a path below the folder.
        lists: its trusted CA list, likewise.
    """

    world: World
    files: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)


def read_folder(found: FoundFolder) -> ReadFolder:
    """Read a folder.

    Args:
        found: the folder.

    Returns:
        What is in it.

    Raises:
        InputError: it cannot be read, or it is not what it should be; the sentence names the file as a path below the fleet.
    """
    if found.error:
        raise InputError(found.error)
    return _archives(found.path) if found.kind is FolderKind.ARCHIVES else _deployment(found)


def _deployment(found: FoundFolder) -> ReadFolder:
    file = found.path / found.deployment_file
    certificates = certificates_of(found.path, file)
    given = read_given(file, certificates)
    if certificates is None:
        return ReadFolder(world=given.world)
    below = certificates.relative_to(found.path).as_posix()
    place = "" if below == "." else f"{below}/"
    files: dict[str, str] = {}
    lists: dict[str, str] = {}
    for party in iter_party_folders(certificates):
        for name, paths in ((CERTIFICATE, files), (TRUST, lists)):
            if (party / name).is_file():
                paths[party.name.lower()] = f"{place}{party.name}/{name}"
    return ReadFolder(world=given.world, files=files, lists=lists)


def _archives(path: Path) -> ReadFolder:
    assembly = assemble(read_material([path]), {})
    if assembly.deployment is None or assembly.questions:
        asks = "; ".join(question.text for question in assembly.questions[:2])
        more = len(assembly.questions) - 2
        rest = f"; and {counted(more, 'more question')}" if more > 0 else ""
        raise InputError(f"cannot be judged before somebody answers: {asks}{rest}. Run pkikit import on it")
    return ReadFolder(world=given_of_import(assembly).world)
