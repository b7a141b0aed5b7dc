"""What the readers find in files, before anybody decides what it means for a deployment.

Every fact keeps the file and the line that it was read from. Secrets never get here: readers drop them.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography import x509

from pkikit.model.revocation import NOTHING_HELD, RevocationData

Key = tuple[str, ...]


@dataclass(frozen=True, kw_only=True, order=True)
class Source:
    """Where a fact was read: the file, the member inside an archive ("" if there is none), the line (0: the whole file)."""

    file: str
    member: str = ""
    line: int = 0

    def __str__(self) -> str:
        place = f"{self.file}: {self.member}" if self.member else self.file
        return f"{place}, line {self.line}" if self.line else place


@dataclass(frozen=True, kw_only=True)
class Stated:
    """A value as a file states it, without quotation marks, and the key as it was written there."""

    value: str
    source: Source
    written: str


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """The settings of one peer.

    settings: values by canonical key: the words without `xConfiguration`, in today's spelling and order of indexes, as
    `("Alternates", "Peer", "1", "Address")`. Words compare without case; the readers write them as the table of settings does.
    passed: how many other settings there were, which no connection depends on.
    secrets: how many values were dropped because they are secrets.
    """

    source: Source
    settings: Mapping[Key, Stated]
    secrets: int = 0
    passed: int = 0


@dataclass(frozen=True, kw_only=True)
class StatusDump:
    """The status of one peer (`xStatus`): values by the words of their path, as `("SystemUnit", "Software", "Version")`."""

    source: Source
    values: Mapping[Key, Stated]


@dataclass(frozen=True, kw_only=True)
class HeldCertificates:
    """Certificates of one file: a list of trusted CAs, or a leaf that may be followed by its chain."""

    source: Source
    certificates: tuple[x509.Certificate, ...]


@dataclass(frozen=True, kw_only=True)
class PeerMaterial:
    """Everything that one archive, folder or dump has about one Expressway. The same peer may occur more than once.

    label: how messages call it until its FQDN is known, such as the name of its archive.
    host: the host name in the names of its files; "" if they have none.
    """

    label: str
    host: str = ""
    configuration: Configuration | None = None
    status: StatusDump | None = None
    trusted: HeldCertificates | None = None
    server: HeldCertificates | None = None
    client: HeldCertificates | None = None
    held: RevocationData = NOTHING_HELD
    logs: tuple[Source, ...] = ()
    captures: tuple[Source, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ServerMaterial:
    """What was read about one machine that is not an Expressway: a Unified CM, IM and Presence or other node.

    fqdn: its name as the file states it; "" if the file does not say.
    own: certificates by service, such as `tomcat` or `CallManager`.
    trusted: lists by service, such as `tomcat` (tomcat-trust).
    kind: `unified_cm`, `im_presence` or "" if nothing says.
    listed: names of certificate files by service, as `show cert list own|trust` prints them; a list has no certificates in it.
    The folder of a party, as `--certs` reads it, has its certificate under the service "".
    """

    label: str
    fqdn: str = ""
    kind: str = ""
    own: Mapping[str, HeldCertificates] = field(default_factory=dict)
    trusted: Mapping[str, HeldCertificates] = field(default_factory=dict)
    listed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class LooseKind(enum.StrEnum):
    """What a file is that names no machine."""

    CERTIFICATE = "certificate"
    TRUST_LIST = "trusted CA list"


@dataclass(frozen=True, kw_only=True)
class LooseCertificates:
    """Certificates of a file that names no machine. Their names decide, or a question, whose they are."""

    kind: LooseKind
    held: HeldCertificates


@dataclass(frozen=True, kw_only=True)
class ReadFile:
    """One file that was read, or why it was not: `kind` says what it is, `refused` why nothing of it is used."""

    source: Source
    kind: str
    refused: str = ""


@dataclass(frozen=True, kw_only=True)
class Material:
    """Everything that was read from all files. `held`: revocation lists of files that name no machine."""

    peers: tuple[PeerMaterial, ...] = ()
    servers: tuple[ServerMaterial, ...] = ()
    loose: tuple[LooseCertificates, ...] = ()
    files: tuple[ReadFile, ...] = ()
    held: RevocationData = NOTHING_HELD
