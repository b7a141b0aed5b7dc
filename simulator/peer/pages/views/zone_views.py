"""The pages Configuration > Zones and Status > Zones: zones only. Clusters and Unified Communications have their own pages.

Sources: a saved page of the product for the columns; administrator guide X15.5, 'Zone Status', for the status words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from pkikit.model.deployment import Deployment
from pkikit.model.parties import LegKind
from pkikit.model.trace import Failed, NotConnected, describe
from pkikit.model.zones import DefaultZone, DnsZone, NeighbourZone, TraversalZone
from pkikit.values.numbers import whole_number
from pkikit.view.connections.leg_report import LegReport
from simulator.peer.pages.actions import Handler
from simulator.peer.pages.rendering import PEER, render
from simulator.peer.peer import Peer
from simulator.world.zone_status import status_word

_MOST = 9_999


@dataclass(frozen=True, kw_only=True)
class ZoneRow:
    """One line of the page. settings: (name, value) as the zone's own page lists them. note: what the lab adds."""

    name: str
    kind: str
    status: str
    reports: tuple[LegReport, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    note: str = ""


def rows_of(peer: Peer) -> list[ZoneRow]:
    """Return the zones of a peer, the default zone first, as the product lists them."""
    return list(_rows(peer, peer.lab.deployment))


def _rows(peer: Peer, deployment: Deployment) -> Iterator[ZoneRow]:
    cluster = deployment.cluster_of(peer.fqdn)
    ours = cluster.name if cluster is not None else ""
    reports = peer.lab.status_of(peer.fqdn)
    default = next((z for z in deployment.zones if isinstance(z, DefaultZone) and z.cluster == ours), None)
    mutual = "On" if default is not None and default.mutual_tls else "Off"
    yield ZoneRow(name="DefaultZone", kind="Default zone", status="On", settings=(("Mutual TLS", mutual),))
    for zone in deployment.zones:
        legs = tuple(r for r in reports if r.leg.zone == zone.name)
        if isinstance(zone, TraversalZone) and ours in {zone.client, zone.server}:
            yield _traversal_row(zone, legs, is_client=ours == zone.client)
        elif isinstance(zone, NeighbourZone) and zone.cluster == ours:
            settings = (("TLS verify mode", _on(zone.tls_verify)), *_peer_addresses(zone.peer_addresses))
            yield ZoneRow(name=zone.name, kind="Neighbor", status=status_of(legs), reports=legs, settings=settings)
        elif isinstance(zone, DnsZone) and zone.cluster == ours:
            settings = (
                ("TLS verify mode", _on(zone.tls_verify)),
                ("TLS verify subject name", zone.tls_verify_subject_name or ""),
                ("TLS verify inbound mapping", _on(zone.inbound_mapping)),
            )
            yield ZoneRow(name=zone.name, kind="DNS", status="On", settings=settings)
    yield from _automatic_rows(peer, reports)


def _traversal_row(zone: TraversalZone, legs: tuple[LegReport, ...], *, is_client: bool) -> ZoneRow:
    side = "client" if is_client else "server"
    kind = "Unified Communications traversal" if zone.is_uc else f"Traversal {side}"
    settings = [("TLS verify mode", "On" if zone.is_uc else _on(zone.tls_verify))]
    if is_client:
        settings += _peer_addresses(zone.peer_addresses)
    elif zone.tls_verify_subject_name:
        settings.append(("TLS verify subject name", zone.tls_verify_subject_name))
    return ZoneRow(name=zone.name, kind=kind, status=status_of(legs), reports=legs, settings=tuple(settings))


def _automatic_rows(peer: Peer, reports: Sequence[LegReport]) -> Iterator[ZoneRow]:
    """Yield the neighbour zones that the product makes by itself for each Unified CM node."""
    nodes: dict[str, list[LegReport]] = {}
    for report in reports:
        if report.leg.kind is LegKind.UNIFIED_CM_SIP:
            nodes.setdefault(report.other_than(peer.fqdn), []).append(report)
    for node, legs in nodes.items():
        yield ZoneRow(
            name=f"CEtls-{node}",
            kind="Neighbor",
            status=status_of(legs),
            reports=tuple(legs),
            note="The product makes this zone by itself when Unified CM servers are discovered.",
        )


def status_of(reports: Sequence[LegReport]) -> str:
    """Return the status word of connections, with how many are up if not all are."""
    word, up = status_word(reports), sum(r.up for r in reports)
    return f"{word} ({up} of {len(reports)} connections)" if 0 < up < len(reports) else word


def _peer_addresses(addresses: Sequence[str]) -> list[tuple[str, str]]:
    return [(f"Peer {number} address", str(address)) for number, address in enumerate(addresses, start=1)]


def _on(switch: bool) -> str:
    return "On" if switch else "Off"


def connection_rows(peer: Peer, reports: Sequence[LegReport]) -> list[dict[str, Any]]:
    """Return connections as the table of a page displays them."""
    return [
        {
            "other": report.other_than(peer.fqdn),
            "direction": "outgoing" if report.leg.client == peer.fqdn else "incoming",
            "protocol": report.leg.protocol.value,
            "active": report.up,
            "tls": (report.trace.protocol if report.trace else None) or "",
            "error": "" if report.up else last_error(report),
            "steps": [(s.side.value, describe(s.detail)) for s in report.trace.steps] if report.trace else [],
        }
        for report in reports
    ]


def last_error(report: LegReport) -> str:
    """Return in a few words why a connection is down."""
    trace = report.trace
    if trace is None:
        return "not dialled"
    if trace.verify_error is not None:
        return f"{trace.verify_error.name} ({trace.verify_error.code})"
    failed = [describe(s.detail) for s in trace.steps if isinstance(s.detail, NotConnected | Failed)]
    return failed[0] if failed else (trace.alert or "the connection failed")


async def _zones(request: web.Request) -> web.Response:
    return render(request, "zones.html", heading="Zones", zones=rows_of(request.app[PEER]), is_status=False)


async def _zone_status(request: web.Request) -> web.Response:
    return render(request, "zones.html", heading="Zone status", zones=rows_of(request.app[PEER]), is_status=True)


async def _zone(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    number = whole_number(request.match_info["number"], most=_MOST)
    zones = rows_of(peer)
    if number is None or number >= len(zones):
        raise web.HTTPNotFound(text="there is no such zone")
    zone = zones[number]
    return render(request, "zone.html", zone=zone, legs=connection_rows(peer, zone.reports))


GET: tuple[tuple[str, Handler], ...] = (
    ("/zones", _zones),
    ("/zones/{number}", _zone),
    ("/zonestatus", _zone_status),
)
POST: tuple[tuple[str, Handler], ...] = ()
