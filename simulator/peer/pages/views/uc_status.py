"""The pages about Unified Communications: status, SSH tunnels, configuration.

Source: administrator guide X15.5, 'Unified Communications Status' and 'SSH Tunnels Status'.
"""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from pkikit.design.services import ServiceName
from pkikit.model.parties import LegKind, Role
from pkikit.model.zones import TraversalZone
from pkikit.view.connections.leg_report import LegReport
from simulator.peer.pages.actions import Handler
from simulator.peer.pages.rendering import PEER, render
from simulator.peer.pages.views.zone_views import connection_rows, rows_of
from simulator.peer.peer import Peer

_UC_SERVICES = frozenset({ServiceName.MRA, ServiceName.WEB_PROXY, ServiceName.FEDERATION})


def tunnels_of(peer: Peer) -> Sequence[LegReport]:
    """Return the SSH tunnels that begin or end at a peer."""
    found = (report for report in peer.lab.status_of(peer.fqdn) if report.leg.kind is LegKind.TUNNEL)
    return sorted(found, key=lambda report: report.leg.id)


async def _status(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    deployment = peer.lab.deployment
    uc_zones = {z.name for z in deployment.zones if isinstance(z, TraversalZone) and z.is_uc}
    return render(
        request,
        "edgestatus.html",
        enabled=deployment.mra,
        is_core=deployment.role_of(peer.fqdn) is Role.EXPRESSWAY_C,
        servers={
            "Unified CM servers": [n for group in deployment.unified_cm for n in group.nodes],
            "IM and Presence Service nodes": [n for group in deployment.im_presence for n in group.nodes],
        },
        domains=deployment.domains.registration,
        zones=[(number, zone) for number, zone in enumerate(rows_of(peer)) if zone.name in uc_zones],
        tunnels=tunnels_of(peer),
        services=[s for s in peer.lab.last_check().services if s.peer and s.name in _UC_SERVICES],
    )


async def _tunnels(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    return render(request, "sshtunnels.html", legs=connection_rows(peer, tunnels_of(peer)))


async def _configuration(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    deployment = peer.lab.deployment
    return render(
        request,
        "edge.html",
        enabled=deployment.mra,
        unified_cm=deployment.unified_cm,
        im_presence=deployment.im_presence,
        unity_connection=deployment.unity_connection,
        is_core=deployment.role_of(peer.fqdn) is Role.EXPRESSWAY_C,
    )


GET: tuple[tuple[str, Handler], ...] = (
    ("/edgestatus", _status),
    ("/sshtunnels", _tunnels),
    ("/edge", _configuration),
)
POST: tuple[tuple[str, Handler], ...] = ()
