"""The diagnostic archive of one peer: log, dumps of configuration and status, certificates and packets.

Source: administrator guide X15.5, "Configuring Diagnostic Logging".
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.design.xconfiguration import xconfiguration
from pkikit.model.certificates.credential import Credential
from pkikit.model.deployment import Deployment
from pkikit.model.parties import LegKind
from pkikit.model.tables.features import TWO_STORES
from pkikit.model.world import Party
from pkikit.model.zones import DefaultZone, TraversalZone
from pkikit.view.connections.leg_report import LegReport
from pkikit.view.logs.dumps import Status, xconf_text, xconf_xml, xstat_text, xstat_xml
from simulator.events import Event
from simulator.peer.alarms import Alarm
from simulator.peer.lab_view import LabView
from simulator.world.zone_status import status_word, zone_status


@dataclass(frozen=True, kw_only=True)
class Dumps:
    """Configuration and status at the time the logging started."""

    configuration: tuple[tuple[str, str], ...]
    status: Status


def dumps_of(fqdn: str, lab: LabView, alarms: tuple[Alarm, ...], address: str = "") -> Dumps:
    """Return what the dumps of a peer contain now.

    Args:
        fqdn: the peer.
        lab: the lab as the peer sees it.
        alarms: its alarms.
        address: its IP address in the lab.
    """
    eku = lab.eku_switches(fqdn)
    switches = {"eku_checking": eku.checking, "server_eku_upload": eku.server_upload}
    values = xconfiguration(lab.deployment, fqdn, lab.revocation_settings(fqdn), switches, address=address)
    return Dumps(configuration=values, status=status_of(fqdn, lab.deployment, lab.status_of(fqdn), alarms))


def status_of(
    fqdn: str, deployment: Deployment, reports: tuple[LegReport, ...], alarms: tuple[Alarm, ...]
) -> dict[str, Status]:
    """Return the status of a peer as `xStatus` lists it; none of its elements is about the server certificate.

    Names of elements below the first are the lab's, as no document lists them.

    Args:
        fqdn: the peer.
        deployment: the deployment.
        reports: its connections with the results of the last dial.
        alarms: its alarms.
    """
    cluster = deployment.cluster_of(fqdn)
    tunnels = [r for r in reports if r.leg.kind is LegKind.TUNNEL]
    made: dict[str, Status] = {
        "SystemUnit": {"Name": fqdn.partition(".")[0], "Software": {"Version": deployment.version}},
        "Alarm": {f"Alarm {n}": _alarm(alarm) for n, alarm in enumerate(alarms, start=1)},
        "Zones": {f"Zone {n}": zone for n, zone in enumerate(_zones(fqdn, deployment, reports), start=1)},
        "Tunnels": {f"Tunnel {n}": _connection(fqdn, r) for n, r in enumerate(tunnels, start=1)},
        "CollaborationEdge": {"Status": "Enabled" if deployment.mra else "Disabled"},
        "Edgedomain": {f"Domain {n}": name for n, name in enumerate(deployment.domains.registration, start=1)},
        "Warnings": {f"Warning {n}": alarm.title for n, alarm in enumerate(alarms, start=1)},
    }
    if cluster is not None and len(cluster.peers) > 1:
        links = {r.leg.server: r for r in reports if r.leg.kind is LegKind.CLUSTER and r.leg.client == fqdn}
        peers = {f"Peer {n}": _peer(name, links.get(name)) for n, name in enumerate(cluster.peers, start=1)}
        made["Cluster"] = {"Name": cluster.fqdn or cluster.name, **peers}
    return made


def _alarm(alarm: Alarm) -> Status:
    return {
        "ID": alarm.id or "ours", "Title": alarm.title, "Severity": alarm.severity or "not documented",
        "Description": alarm.detail, "State": "Acknowledged" if alarm.acknowledged else "Raised",
    }  # fmt: skip


def _zones(fqdn: str, deployment: Deployment, reports: tuple[LegReport, ...]) -> list[Status]:
    cluster = deployment.cluster_of(fqdn)
    found: list[Status] = []
    for zone in deployment.zones:
        owners = {zone.client, zone.server} if isinstance(zone, TraversalZone) else {zone.cluster}
        if cluster is None or cluster.name not in owners or isinstance(zone, DefaultZone):
            continue
        legs = [r for r in reports if r.leg.zone == zone.name]
        peers = {f"Peer {n}": _connection(fqdn, r) for n, r in enumerate(legs, start=1)}
        found.append({"Name": zone.name, "Type": zone.type, "Status": zone_status(zone, legs), **peers})
    return found


def _connection(fqdn: str, report: LegReport) -> Status:
    return {"Address": report.other_than(fqdn), "Port": str(report.leg.port), "Status": status_word([report])}


def _peer(name: str, report: LegReport | None) -> Status:
    return {"Address": name, "Status": "this system" if report is None else status_word([report])}


def build_archive(
    fqdn: str,
    at: datetime,
    events: Iterable[Event],
    *,
    dumps: Dumps | None,
    party: Party,
    version_has_client: bool,
    packets: Callable[[], list[bytes]] | None,
) -> tuple[str, bytes]:
    """Return the name and the content of a diagnostic archive. It has no private key.

    Args:
        fqdn: the peer.
        at: when it was collected, by the peer's clock.
        events: what the log has.
        dumps: configuration and status; None after a restart, when the product has the log alone.
        party: the peer's certificates and list.
        version_has_client: the version has a client store. That its certificate is in the archive is stated by Cisco
            TAC 225693 and not by the administrator guide X15.5; its file name is inferred.
        packets: makes the files of the packet capture; None without one.
    """
    host, stamp = fqdn.partition(".")[0], f"{at:%Y-%m-%d_%H%M%S}"
    lines = (line for event in events for line in str(event).splitlines())
    files = {f"loggingsnapshot_{host}_{stamp}.txt": "".join(f"{line}\n" for line in lines).encode()}
    if dumps is not None:
        files[f"xconf_dump_{host}_{stamp}.txt"] = xconf_text(dumps.configuration).encode()
        files[f"xconf_dump_{host}_{stamp}.xml"] = xconf_xml(dumps.configuration)
        files[f"xstat_dump_{host}_{stamp}.txt"] = xstat_text(dumps.status).encode()
        files[f"xstat_dump_{host}_{stamp}.xml"] = xstat_xml(dumps.status)
        for number, content in enumerate(packets() if packets is not None else ()):
            files[f"eth0_diagnostic_logging_tcpdump{number:02}_{host}_{stamp}.pcap"] = content
        trusted = b"".join(c.public_bytes(Encoding.PEM) for c in party.trusted_ca_list)
        files[f"ca_{host}_{stamp}.pem"] = trusted
        files |= _certificate(f"server_{host}_{stamp}.pem", party.credential)
        if version_has_client:
            files |= _certificate(f"client_{host}_{stamp}.pem", party.client or party.credential)
    return f"diagnostic_log_{host}_{stamp}.tar.gz", _packed(files, at)


def has_client_certificate(deployment: Deployment) -> bool:
    """Return True if this version's archives have a client certificate."""
    return deployment.product_version.has(TWO_STORES)


def _certificate(name: str, credential: Credential | None) -> dict[str, bytes]:
    return {} if credential is None else {name: credential.pem()}


def _packed(files: dict[str, bytes], at: datetime) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.mode = len(content), int(at.timestamp()), 0o600
            archive.addfile(entry, io.BytesIO(content))
    return made.getvalue()
