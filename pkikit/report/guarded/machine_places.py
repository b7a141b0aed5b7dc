"""To which machine of which deployment a file belongs, by the folders that it is in."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from pkikit.errors import InputError, PkikitError
from pkikit.files import load_deployment
from pkikit.files.deployment_folder import CERTIFICATES, is_machine_file, is_yaml
from pkikit.model.deployment import Deployment
from pkikit.report.guarded.file_kinds import beginning_of, is_deployment
from pkikit.text import listed, one_of, printable

# So many folders above a machine's own are looked at.
_ABOVE = 4


@dataclass(frozen=True, kw_only=True)
class MachinePlace:
    """The machine that a file belongs to.

    Attributes:
        deployment: its deployment.
        machine: its FQDN.
        file: the deployment file.
    """

    deployment: Deployment
    machine: str
    file: Path


@dataclass
class Deployments:
    """Deployment files that were read, each once.

    Attributes:
        given: the deployment file that all certificates belong to; None to look for each one's.
    """

    given: Path | None = None
    _read: dict[Path, Deployment | PkikitError] = field(default_factory=dict)
    _in_folders: dict[Path, tuple[Path, ...]] = field(default_factory=dict)

    def read(self, path: Path) -> Deployment:
        """Return the deployment of a file.

        Args:
            path: the file.

        Returns:
            The deployment.

        Raises:
            PkikitError: the file is not a deployment; the message says why.
        """
        if path not in self._read:
            try:
                self._read[path] = load_deployment(path)
            except PkikitError as error:
                self._read[path] = error
        found = self._read[path]
        if isinstance(found, PkikitError):
            raise found
        return found

    def place_of(self, path: Path) -> MachinePlace:
        """Return the machine that a file belongs to: the folder has its name, and a deployment file above has the machine.

        Args:
            path: a file such as `certificates/c1.example.com/cert.pem`.

        Returns:
            The machine, with its deployment.

        Raises:
            InputError: no deployment file has this machine, or several have.
        """
        whole = Path(os.path.abspath(path))  # noqa: PTH100 - not through links
        machine = whole.parent.name.lower()
        if self.given is not None:
            return self._place(self.given, machine)
        for folder in whole.parents[1 : _ABOVE + 1]:
            found = self._files_in(folder)
            having = [file for file in found if self._has(file, machine)]
            if len(having) > 1:
                names = listed([printable(p.name) for p in having], at_most=5)
                raise InputError(f"{machine} is in several deployment files: {names}", where=str(folder))
            if having:
                return self._place(having[0], machine)
            if found:
                return self._place(found[0], machine)
            if (folder / ".git").exists():
                break
        raise InputError(f"no deployment file above this folder has the machine {printable(machine)}")

    def files_of(self, deployment: Path) -> tuple[Path, ...]:
        """Return the files of the machines of a deployment file: in `certificates` next to it, and in its own folder."""
        try:
            machines = _machines(self.read(deployment))
        except PkikitError:
            return ()
        folders = (deployment.parent / CERTIFICATES / fqdn for fqdn in machines)
        beside = (deployment.parent / fqdn for fqdn in machines)
        return tuple(
            file
            for folder in (*folders, *beside)
            if folder.is_dir()
            for file in sorted(folder.iterdir())
            if is_machine_file(file.name)
        )

    def _place(self, file: Path, machine: str) -> MachinePlace:
        deployment = self.read(file)
        machines = _machines(deployment)
        if machine not in machines:
            known = one_of(machine, machines)
            raise InputError(f"{printable(machine)} is not a machine of {deployment.name}; {known}")
        return MachinePlace(deployment=deployment, machine=machine, file=file)

    def _has(self, file: Path, machine: str) -> bool:
        try:
            return machine in _machines(self.read(file))
        except PkikitError:
            return False

    def _files_in(self, folder: Path) -> tuple[Path, ...]:
        if folder not in self._in_folders:
            try:
                found = sorted(p for p in folder.iterdir() if is_yaml(p) and p.is_file())
                self._in_folders[folder] = tuple(p for p in found if is_deployment(p, beginning_of(p)))
            except (OSError, PkikitError):
                self._in_folders[folder] = ()
        return self._in_folders[folder]


def _machines(deployment: Deployment) -> tuple[str, ...]:
    """Return every machine that may have a folder: clients have a trusted CA list, but no certificate."""
    clients = (member for group in deployment.groups if not group.has_certificates for member in group.members)
    return tuple(dict.fromkeys((*deployment.parties, *clients)))
