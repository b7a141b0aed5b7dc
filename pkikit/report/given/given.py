"""Read a folder or a deployment file with its certificates. Nothing is added: what nobody gave stays unknown."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pkikit.errors import InputError
from pkikit.files import iter_party_folders, load_deployment
from pkikit.files.deployment_folder import CERTIFICATE, RECORD, certificates_of, find_deployment
from pkikit.intake.assembly import Assembly
from pkikit.intake.assembly.output import certificate_files, folder_files, write_folder
from pkikit.model.deployment import Deployment
from pkikit.model.world import World
from pkikit.report.given.import_notes import NOTHING_NOTED, ImportNotes, read_notes
from pkikit.worlds.world_files import world_of_files


@dataclass(frozen=True, kw_only=True)
class Given:
    """What somebody gave.

    Attributes:
        world: the machines, with what the files have. A machine without a certificate has none here, and one without a trusted
            CA list an empty one: both mean that nobody gave them.
        files: the certificate file of each machine that has one, as the report names it.
        folder: the folder of the certificates, as the report names it; empty if there is none.
        notes: what the import noted.
    """

    world: World
    files: dict[str, str]
    folder: str = ""
    notes: ImportNotes = NOTHING_NOTED

    @property
    def deployment(self) -> Deployment:
        """The deployment."""
        return self.world.deployment


def read_given(path: Path, certificates: Path | None = None, *, version: str | None = None) -> Given:
    """Read what a report is about.

    Args:
        path: an imported folder, a folder in the layout of `--certs` with a deployment file in it or next to it, or a
            deployment file.
        certificates: the folder of the certificates, if it is another one.
        version: a product version that replaces the one in the file.

    Returns:
        What is there.

    Raises:
        InputError: something cannot be read, or it is not what it should be.
    """
    file = find_deployment(path)
    folder = certificates or certificates_of(path, file)
    if certificates is not None and not certificates.is_dir():
        raise InputError("is not a folder of certificates", where=str(certificates))
    world = world_of_files(load_deployment(file, version=version), folder)
    noted = file.parent / RECORD
    return Given(
        world=world,
        files=dict(_certificate_files(folder)) if folder else {},
        folder=folder.name if folder else "",
        notes=read_notes(noted) if noted.is_file() else NOTHING_NOTED,
    )


def given_of_import(assembly: Assembly) -> Given:
    """Return what an import would write, as a report reads it. Nothing of it stays on the disk.

    Args:
        assembly: an import without open questions.

    Returns:
        What is there.
    """
    with tempfile.TemporaryDirectory(prefix="pkikit-") as name:
        folder = Path(name) / "import"
        write_folder(folder, folder_files(assembly, certificate_files(assembly)))
        return read_given(folder)


def _certificate_files(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield (machine, its certificate file as the report names it)."""
    for party in iter_party_folders(folder):
        if (party / CERTIFICATE).exists():
            yield party.name.lower(), f"{folder.name}/{party.name}/{CERTIFICATE}"
