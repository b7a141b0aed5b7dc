"""What nobody gave, which connections wait for it, and how to get it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pkikit.judge.legs.known_parts import Lack, Part, State
from pkikit.model.deployment import Deployment
from pkikit.model.parties import PartyGroup, PartyKind
from pkikit.model.tables import product_pages as pages
from pkikit.report.given.import_notes import ImportNotes
from pkikit.text import counted, listed
from pkikit.view.connections.leg_report import LegReport

_ARCHIVE = f"Or take a diagnostic log ({pages.DIAGNOSTIC_LOGGING}) and import the archive: it has both."
_EXPRESSWAY = {
    Part.CERTIFICATE: f"On {{machine}}, {pages.SERVER_CERTIFICATE_AS_PEM}. Save it as {{file}}. {_ARCHIVE}",
    Part.CLIENT: f"On {{machine}}, {pages.CLIENT_CERTIFICATE_AS_PEM}. Save it as {{file}}.",
    Part.LIST: f"On {{machine}}, {pages.TRUSTED_CAS_AS_PEM}. Save it as {{file}}. {_ARCHIVE}",
}
_UNIFIED = {
    Part.CERTIFICATE: "On {machine}, run: show cert own {service}. Save the output as {file}.",
    Part.LIST: "On {machine}, Cisco Unified OS Administration > Security > Certificate Management: download the certificates "
    "of {service}-trust. Save them in one file as {file}.",
}
_CLIENT = "Put the CAs that these clients trust into {file}. Operating systems and phones come with their own lists."
_OTHER = {
    Part.CERTIFICATE: "Fetch it with: pkikit probe {machine}:PORT. Or ask who runs {machine}. Save it as {file}.",
    Part.LIST: "Ask who runs {machine} which CAs it trusts. Save them in one file as {file}.",
}
_STATUS = (
    "Save the CRLs of the CAs as {folder}/{machine}/crl.pem if they were uploaded there, or in {folder}/ca if the certificates "
    "name their addresses."
)
_FILES = {Part.CERTIFICATE: "cert", Part.CLIENT: "client", Part.LIST: "trust"}
_CISCO_NODES = {PartyKind.UNIFIED_CM, PartyKind.IM_PRESENCE}


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Something that is missing for one machine.

    Attributes:
        machine: whose it is.
        what: what is missing, in words.
        how: how to get it, and where to put it.
        connections: ids of the connections that are not assessed without it.
    """

    machine: str
    what: str
    how: str
    connections: tuple[str, ...]


def gaps_of(deployment: Deployment, connections: Sequence[LegReport], folder: str) -> tuple[Gap, ...]:
    """Return what is missing, that of most connections first.

    Args:
        deployment: the machines.
        connections: what is known about each connection.
        folder: the folder of the certificates, as the report names it.

    Returns:
        One entry for each missing part of a machine.
    """
    waiting: dict[Lack, list[str]] = {}
    for connection in (c for c in connections if c.state is State.NOT_ASSESSED):
        for lack in connection.lacks:
            waiting.setdefault(lack, []).append(connection.leg.id)
    ordered = sorted(waiting.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    return tuple(
        Gap(machine=lack.machine, what=_what(lack), how=_how(deployment, lack, folder or "certificates"),
            connections=tuple(ids))
        for lack, ids in ordered
    )  # fmt: skip


def _what(lack: Lack) -> str:
    if lack.part is Part.REVOCATION:
        return "CRLs or OCSP answers: whether the certificates that it checks are revoked"
    return f"{lack.service} {lack.part.value}" if lack.service else lack.part.value


def _how(deployment: Deployment, lack: Lack, folder: str) -> str:
    if lack.part is Part.REVOCATION:
        return _STATUS.format(folder=folder, machine=lack.machine)
    group = deployment.group_of(lack.machine)
    kind = _FILES[lack.part]
    service = f"-{lack.service.lower()}" if _needs_name(lack, group) else ""
    file = f"{folder}/{lack.machine}/{kind}{service}.pem"
    text = _CLIENT if not group.has_certificates else _texts(group)[lack.part]
    return text.format(machine=lack.machine, file=file, service=lack.service or group_service(group))


def _needs_name(lack: Lack, group: PartyGroup) -> bool:
    if not lack.service:
        return False
    return lack.part is Part.LIST or lack.service != group_service(group)


def _texts(group: PartyGroup) -> dict[Part, str]:
    if group.kind is PartyKind.EXPRESSWAY:
        return _EXPRESSWAY
    return _UNIFIED if group.kind in _CISCO_NODES else _OTHER


def group_service(group: PartyGroup) -> str:
    """Return the first service of the machines of a group; `tomcat` if they have one certificate for everything."""
    return group.certificates[0].service if group.certificates else "tomcat"


def limits_of(deployment: Deployment, *, keys: bool, notes: ImportNotes) -> tuple[str, ...]:
    """Return what no file can tell: what a report from files never assesses.

    Args:
        deployment: decides about revocation.
        keys: whether every certificate came with its private key.
        notes: of the import.

    Returns:
        Sentences.
    """
    said = [
        "No connection was made. Whether names resolve, ports are open and machines answer is not assessed.",
        "Every machine's clock is taken to be right.",
        "What machines have is taken from the files, and may have changed since.",
    ]
    if notes.assumed:
        assumed = counted(len(notes.assumed), "setting is", "settings are")
        said.append(f"{assumed} assumed, because no file states them. If one is wrong, so may be the answer.")
    if notes.rekeyed:
        said.insert(
            0,
            "The certificates are counterparts that pkikit import --rekey made: names, purposes, dates and chains are those of "
            "the originals. Keys, serial numbers and fingerprints are not.",
        )
    elif not keys:
        said.append(
            "Whether each private key belongs to its certificate is not assessed, because no private keys were given."
        )
    if deployment.revocation.checking:
        said.append("Revocation is assessed with the CRLs and OCSP answers that were given, and with no others.")
    else:
        off = listed([cluster.name for cluster in deployment.clusters])
        said.append(f"Whether certificates are revoked is not assessed, because revocation checking is off ({off}).")
    return tuple(said)
