"""Find the deployments below a folder: imported folders, deployment files with certificates, sets of archives, also nested ones.

A folder with a deployment file is a deployment. A folder with other files is a set of archives, and so is one whose folders hold
one file each, as one archive for each machine. Every other folder is looked into. Nothing is left out without a word: what is
neither is found as well, with the reason.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from pkikit.errors import InputError
from pkikit.files.deployment_folder import CERTIFICATES, DEPLOYMENT, is_yaml
from pkikit.fleet.audit_records import FolderKind
from pkikit.text import listed

MAX_FOLDERS, MAX_DEPTH = 20_000, 8
_PACKED = (".tar.gz", ".tgz", ".tar", ".zip")
_PEEK = 64 * 1024
_Identity = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class FoundFolder:
    """A folder of the fleet.

    Attributes:
        folder: its path below the audited folder, with slashes; `.` for that folder itself.
        path: where it is.
        kind: what it is.
        deployment_file: the name of its deployment file; empty if it has none.
        error: why it cannot be read, in one sentence; empty if it may be.
    """

    folder: str
    path: Path
    kind: FolderKind
    deployment_file: str = ""
    error: str = ""


def find_folders(root: Path) -> tuple[FoundFolder, ...]:
    """Find every folder of a fleet, by its path.

    Args:
        root: the folder of the fleet.

    Returns:
        The folders, each once, in the order of their paths.

    Raises:
        InputError: `root` is not a folder that can be read, or there is nothing in it.
    """
    if not root.exists():
        raise InputError("there is no such folder", where=str(root))
    if not root.is_dir():
        raise InputError("is a file where a folder belongs; name the folder that has the deployments", where=str(root))
    search = _Search(root)
    listing = search.listing(root, ".")
    if isinstance(listing, FoundFolder):
        raise InputError(listing.error, where=str(root))
    if not (listing.folders or listing.links or listing.files):
        raise InputError("is empty; put a folder for each deployment into it", where=str(root))
    ancestors = frozenset({_identity(root)})
    found: list[FoundFolder] = []
    if listing.deployment or not (listing.folders or listing.links):
        found.append(search.alone(root, ".", listing))
    for name in listing.folders:
        if not (listing.deployment and name == CERTIFICATES):
            found += search.below(root / name, name, ancestors, only_deployments=bool(listing.deployment))
    for name in listing.links:
        found += search.linked(root / name, name, ancestors)
    if found and found[0].folder != ".":
        found += _stray_archives(root, "", listing)
    return tuple(sorted(map(_named, found), key=lambda entry: entry.folder.split("/")))


def _named(found: FoundFolder) -> FoundFolder:
    r"""Return a folder with a name that every output can hold: a byte that is not UTF-8 is `\udcff`, a backslash is two."""
    if found.folder.isascii() or not any("\udc80" <= character <= "\udcff" for character in found.folder):
        return found
    return replace(found, folder=found.folder.replace("\\", "\\\\").encode(errors="backslashreplace").decode())


@dataclass
class _Listing:
    """The entries of a folder that are looked at: hidden ones are not."""

    folders: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    deployment: str = ""
    others: list[str] = field(default_factory=list)


class _Search:
    """Goes through the folders of a fleet."""

    def __init__(self, root: Path) -> None:
        self._real = Path(os.path.realpath(root))
        self._count = 0

    def listing(self, path: Path, folder: str) -> _Listing | FoundFolder:
        """Return the entries of a folder.

        Args:
            path: the folder.
            folder: its path below the fleet.

        Returns:
            The entries, or the folder with the reason why it cannot be read.

        Raises:
            InputError: the fleet has too many folders.
        """
        self._count += 1
        if self._count > MAX_FOLDERS:
            raise InputError(f"has more than {MAX_FOLDERS:,} folders, the most that are read", where=str(self._real))
        made = _Listing()
        try:
            with os.scandir(path) as entries:
                for entry in sorted(entries, key=lambda e: e.name):
                    if _is_passed(entry.name):
                        continue
                    if entry.is_dir():
                        (made.links if entry.is_symlink() else made.folders).append(entry.name)
                    elif entry.is_symlink() and not entry.is_file():
                        made.links.append(entry.name)
                    else:
                        made.files.append(entry.name)
        except OSError as error:
            return _unknown(path, folder, f"cannot be read: {error.strerror or error}")
        made.deployment, *made.others = _deployments_in(path, made.files) or [""]
        return made

    def below(
        self, path: Path, folder: str, ancestors: frozenset[_Identity], *, only_deployments: bool = False
    ) -> Iterator[FoundFolder]:
        """Yield the folders of the fleet in a folder, or the folder itself."""
        listing = self.listing(path, folder)
        if isinstance(listing, FoundFolder):
            yield listing
            return
        ancestors |= {_identity(path)}
        if folder.count("/") >= MAX_DEPTH:
            if not only_deployments:
                yield _unknown(path, folder, f"lies deeper than {MAX_DEPTH} folders, the most that are followed")
            return
        inner = [name for name in listing.folders if not (listing.deployment and name == CERTIFICATES)]
        if listing.deployment:
            yield self.alone(path, folder, listing)
        if listing.deployment or only_deployments:
            for name in inner:
                yield from self.below(path / name, f"{folder}/{name}", ancestors, only_deployments=True)
            for name in listing.links:
                linked = self.linked(path / name, f"{folder}/{name}", ancestors, only_deployments=True)
                yield from (found for found in linked if found.deployment_file and name != CERTIFICATES)
            return
        nested = [found for name in inner for found in self.below(path / name, f"{folder}/{name}", ancestors)]
        nested += [found for name in listing.links for found in self.linked(path / name, f"{folder}/{name}", ancestors)]
        if any(found.kind is FolderKind.DEPLOYMENT for found in nested) or (
            nested and not self._one_set(path, listing)
        ):
            yield from nested
            yield from _stray_archives(path, f"{folder}/", listing)
        else:
            yield self.alone(path, folder, listing)

    def _one_set(self, path: Path, listing: _Listing) -> bool:
        """Return True if a folder is one set of archives: it has files, or several folders with one file each."""
        if listing.files:
            return True
        inside = [self.listing(path / name, name) for name in listing.folders]
        single = [x for x in inside if isinstance(x, _Listing) and len(x.files) == 1 and not x.folders and not x.links]
        return len(single) == len(inside) > 1 and not listing.links

    def linked(
        self, path: Path, folder: str, ancestors: frozenset[_Identity], *, only_deployments: bool = False
    ) -> Iterator[FoundFolder]:
        """Yield what a link leads to: nothing if that is audited anyway, where it really is."""
        target = Path(os.path.realpath(path))
        if not target.is_dir():
            yield _unknown(path, folder, "is a link that leads to no folder")
        elif _identity(target) in ancestors:
            yield _unknown(path, folder, "is a link to a folder that contains it, so it is not followed")
        elif not target.is_relative_to(self._real) or any(map(_is_passed, target.relative_to(self._real).parts)):
            yield from self.below(path, folder, ancestors, only_deployments=only_deployments)

    @staticmethod
    def alone(path: Path, folder: str, listing: _Listing) -> FoundFolder:
        """Return a folder that is one entry of the fleet."""
        if listing.deployment:
            made = FoundFolder(folder=folder, path=path, kind=FolderKind.DEPLOYMENT, deployment_file=listing.deployment)
            return replace(made, error=_several(listing)) if listing.others else made
        if not (listing.files or listing.folders):
            return _unknown(path, folder, "is an empty folder")
        return FoundFolder(folder=folder, path=path, kind=FolderKind.ARCHIVES)


def _stray_archives(path: Path, prefix: str, listing: _Listing) -> Iterator[FoundFolder]:
    """Yield the archives next to the folders of deployments: nobody knows to which one they belong."""
    for name in listing.files:
        if name.lower().endswith(_PACKED):
            says = (
                "is an archive outside the folder of a deployment; put the archives of each deployment into one folder"
            )
            yield _unknown(path / name, f"{prefix}{name}", says)


def _unknown(path: Path, folder: str, error: str) -> FoundFolder:
    return FoundFolder(folder=folder, path=path, kind=FolderKind.UNKNOWN, error=error)


def _identity(path: Path) -> _Identity:
    found = path.stat()
    return found.st_dev, found.st_ino


def _deployments_in(path: Path, files: list[str]) -> list[str]:
    """Return the names of the deployment files of a folder; the one with the usual name counts alone."""
    if DEPLOYMENT in files:
        return [DEPLOYMENT]
    return [name for name in files if is_yaml(path / name) and _lists_clusters(path / name)]


def _several(listing: _Listing) -> str:
    names = listed([listing.deployment, *listing.others], at_most=5)
    return f"has several deployment files ({names}); give each its own folder, or name the one that counts {DEPLOYMENT}"


def _is_passed(name: str) -> bool:
    """Return True for a name that is not looked at."""
    return name.startswith(".") or name == "__MACOSX"


def _lists_clusters(file: Path) -> bool:
    """Return True for YAML that lists clusters, as every deployment file does."""
    if not file.is_file():
        return False
    try:
        with file.open("rb") as stream:
            head = stream.read(_PEEK)
    except OSError:
        return False
    return head.startswith(b"clusters:") or b"\nclusters:" in head
