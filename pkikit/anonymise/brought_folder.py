"""A folder with a deployment file and a folder of certificates for each machine: what is in it, and what is left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from pkikit.errors import InputError
from pkikit.files import FileContents, iter_party_folders, load_deployment, read_file
from pkikit.files.deployment_folder import (
    CERTIFICATES,
    CRLS,
    PUBLISHED,
    RECORD,
    SERVICE_LISTS,
    TRUST,
    certificates_of,
    find_deployment,
    is_certificate_file,
    is_key_file,
    is_published_file,
    key_file_of,
)
from pkikit.issue.lookalike.originals import Originals
from pkikit.model.certificates.credential import Credential
from pkikit.model.deployment import Deployment
from pkikit.text import printable

_MAX_FILES = 2_000


@dataclass(frozen=True, kw_only=True)
class MachineFolder:
    """What one machine's folder has, by the name of the file. own: certificates that it shows, leaf first, with their key."""

    fqdn: str
    own: dict[str, Credential] = field(default_factory=dict)
    lists: dict[str, FileContents] = field(default_factory=dict)
    crls: dict[str, FileContents] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class BroughtFolder:
    """A deployment and what was brought for its machines. left_out: files that are not used, by name.

    imported: `pkikit import` made it, so that what nobody brought is unknown.
    """

    deployment: Deployment
    certificates: Path
    machines: tuple[MachineFolder, ...]
    published: tuple[FileContents, ...]
    left_out: tuple[str, ...]
    imported: bool = False

    @property
    def originals(self) -> Originals:
        """Every certificate, CRL, OCSP answer and key that was brought."""
        own = [credential for machine in self.machines for credential in machine.own.values()]
        files = [*(c for m in self.machines for c in (*m.lists.values(), *m.crls.values())), *self.published]
        return Originals(
            certificates=tuple(c for credential in own for c in credential.chain)
            + tuple(c for contents in files for c in contents.certificates),
            presented=tuple(credential.leaf for credential in own),
            crls=tuple(crl for contents in files for crl in contents.crls),
            answers=tuple(answer for contents in files for answer in contents.ocsp_answers),
            keys=tuple(c.key for c in own if c.key is not None and not c.key_matches),
        )


def read_folder(folder: Path, certificates: Path | None = None) -> BroughtFolder:
    """Read an imported folder, or a deployment file and its folder of certificates.

    Args:
        folder: a folder with `deployment.yaml`, or a deployment file.
        certificates: the folder of certificates; None for `certificates` next to the deployment file, or that folder itself.

    Returns:
        What is in it.

    Raises:
        InputError: there is no deployment file or no certificate, or a file cannot be used.
    """
    file = find_deployment(folder)
    deployment = load_deployment(file)
    if certificates is None:
        certificates = certificates_of(folder, file) or file.parent
    known = {fqdn for group in deployment.groups for fqdn in group.members}
    machines, left_out = [], _beside(file, certificates)
    for place in iter_party_folders(certificates):
        fqdn = place.name.lower()
        if fqdn not in known:
            raise InputError(f"is not a machine of {deployment.name}", where=printable(str(place)))
        machines.append(_machine(fqdn, place, left_out))
    if not any(machine.own or machine.lists for machine in machines):
        raise InputError(
            f"contains no certificates: put them into {CERTIFICATES}/FQDN/cert.pem and trust.pem, or name their folder",
            where=printable(str(folder)),
        )
    published = certificates / PUBLISHED
    served = sorted(p for p in published.iterdir() if is_published_file(p.name)) if published.is_dir() else []
    return BroughtFolder(
        deployment=deployment,
        certificates=certificates,
        machines=tuple(machines),
        published=tuple(map(read_file, served)),
        left_out=tuple(left_out),
        imported=(certificates.parent / RECORD).is_file(),
    )


def _beside(file: Path, certificates: Path) -> list[str]:
    """Return what is next to the deployment file and is not used."""
    return [
        p.name for p in sorted(file.parent.iterdir()) if p != file and p != certificates and p.parent != certificates
    ]


def _machine(fqdn: str, folder: Path, left_out: list[str]) -> MachineFolder:
    found = MachineFolder(fqdn=fqdn)
    for path in _files(folder):
        name = path.name
        if is_certificate_file(name):
            found.own[name] = _credential(path, folder / key_file_of(name))
        elif name == TRUST or fnmatch(name, SERVICE_LISTS):
            found.lists[name] = read_file(path)
        elif name == CRLS:
            found.crls[name] = read_file(path)
        elif not is_key_file(name):
            left_out.append(f"{folder.name}/{name}")
    return found


def _files(folder: Path) -> Iterator[Path]:
    for number, path in enumerate(sorted(folder.iterdir())):
        if number >= _MAX_FILES:
            raise InputError(f"contains more than {_MAX_FILES:,} files", where=printable(str(folder)))
        yield path


def _credential(path: Path, key: Path) -> Credential:
    contents = read_file(path)
    if not contents.certificates:
        raise InputError(contents.lacks("certificate"), where=printable(str(path)))
    keys = read_file(key).keys if key.exists() else contents.keys
    return Credential(chain=contents.certificates, key=keys[0] if keys else None)
