"""What was read file by file, before it is sorted by machine."""

from __future__ import annotations

from dataclasses import dataclass, field

from pkikit.intake.material import (
    Configuration,
    HeldCertificates,
    ReadFile,
    ServerMaterial,
    Source,
    StatusDump,
)
from pkikit.intake.reading.file_names import FileName
from pkikit.model.revocation import NOTHING_HELD, RevocationData


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a file lies.

    root: the archive, or the folder: files of one host in one root are about one machine.
    folder: the folder inside the root.
    label: how messages call the root.
    """

    source: Source
    root: str
    folder: str
    label: str
    name: FileName
    in_archive: bool


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing that was read: of these values, one or two are there. `host`: as a configuration states it."""

    place: Place
    host: str = ""
    configuration: Configuration | None = None
    status: StatusDump | None = None
    held: HeldCertificates | None = None
    lists: RevocationData = NOTHING_HELD
    log: bool = False
    capture: bool = False
    from_xml: bool = False


@dataclass
class Basket:
    """Everything that was read so far."""

    items: list[Item] = field(default_factory=list)
    servers: list[ServerMaterial] = field(default_factory=list)
    files: list[ReadFile] = field(default_factory=list)

    def note(self, source: Source, kind: str, refused: str = "") -> None:
        """Note a file, and why nothing of it is used."""
        self.files.append(ReadFile(source=source, kind=kind, refused=refused))

    @property
    def has_something(self) -> bool:
        """True if anything was read that says something about a machine."""
        return bool(self.servers) or any(not (item.log or item.capture) for item in self.items)
