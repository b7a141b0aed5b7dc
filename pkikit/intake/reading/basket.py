"""What was read file by file, before it is sorted by machine."""

from __future__ import annotations

from dataclasses import dataclass, field

from pkikit.errors import InputError
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

MAX_BYTES, MAX_CERTIFICATES = 192 * 1024 * 1024, 20_000


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
    _bytes: int = 0
    _certificates: int = 0

    def count(self, size: int) -> None:
        """Count bytes that were read to the end, of all files together.

        Args:
            size: how many.

        Raises:
            InputError: they are more than are read.
        """
        self._bytes += size
        if self._bytes > MAX_BYTES:
            raise InputError(
                f"the files have more than {MAX_BYTES >> 20} MB of text and certificates, the most that is read"
            )

    def count_certificates(self, number: int) -> None:
        """Count certificates, of all files together.

        Args:
            number: how many.

        Raises:
            InputError: they are more than are read.
        """
        self._certificates += number
        if self._certificates > MAX_CERTIFICATES:
            raise InputError(f"the files have more than {MAX_CERTIFICATES:,} certificates, the most that are read")

    def note(self, source: Source, kind: str, refused: str = "") -> None:
        """Note a file, and why nothing of it is used."""
        self.files.append(ReadFile(source=source, kind=kind, refused=refused))

    @property
    def has_something(self) -> bool:
        """True if anything was read that says something about a machine."""
        told = any(server.own or server.trusted for server in self.servers)
        return told or any(not (item.log or item.capture) for item in self.items)
