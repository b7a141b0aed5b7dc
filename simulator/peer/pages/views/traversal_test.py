"""Maintenance > Security > Secure traversal test, on Expressway-C: real handshakes with one Expressway-E.

Source: administrator guide X15.5, 'SSH Tunnels Status': it asks for the FQDN of the Expressway-E. No document that we read
describes the page further.
"""

from __future__ import annotations

from aiohttp import web

from pkikit.errors import InputError
from pkikit.model.leg import Leg
from pkikit.model.zones import TraversalZone
from pkikit.values.names import parse_dns_name, printable
from pkikit.view.connections.leg_report import LegReport
from simulator.peer.pages.actions import Handler
from simulator.peer.pages.rendering import PEER, render, require_in_menu
from simulator.peer.pages.views.zone_views import connection_rows
from simulator.peer.peer import Peer
from simulator.web.web_input import text_fields

PAGE = "/securetraversaltest"
_MOST = 253


def partners_of(peer: Peer) -> tuple[str, ...]:
    """Return the names at which this Expressway-C dials Expressway-E peers: the peer addresses of its traversal zones."""
    cluster = peer.lab.deployment.cluster_of(peer.fqdn)
    zones = [z for z in peer.lab.deployment.zones if isinstance(z, TraversalZone)]
    ours = [z for z in zones if cluster is not None and z.client == cluster.name]
    return tuple(dict.fromkeys(str(address) for zone in ours for address in zone.peer_addresses))


def _leads_to(peer: Peer, leg: Leg, name: str) -> bool:
    zones = {z.name for z in peer.lab.deployment.zones if isinstance(z, TraversalZone)}
    return leg.client == peer.fqdn and leg.group in zones and name in {leg.reference_name, leg.server}


async def _page(request: web.Request) -> web.Response:
    require_in_menu(request, PAGE)
    return _render(request, "", ())


async def _test(request: web.Request) -> web.Response:
    require_in_menu(request, PAGE)
    peer = request.app[PEER]
    typed = (await text_fields(request)).get("fqdn", "").strip()[:_MOST]
    if not typed:
        raise InputError("Enter the FQDN of the Expressway-E.")
    name = parse_dns_name(typed)
    reports = await peer.lab.dial_now(peer.fqdn, lambda leg: _leads_to(peer, leg, name))
    if not reports:
        known = ", ".join(partners_of(peer)) or "none"
        raise InputError(f"No traversal zone of {peer.fqdn} leads to {printable(name)}; peer addresses are: {known}.")
    return _render(request, name, reports)


def _render(request: web.Request, name: str, reports: tuple[LegReport, ...]) -> web.Response:
    peer = request.app[PEER]
    return render(
        request,
        "securetraversaltest.html",
        target=name,
        partners=partners_of(peer),
        passed=all(report.up for report in reports),
        results=[
            {
                "title": f"{report.leg.protocol.value}, port {report.leg.port}",
                "up": report.up,
                "refused_by": report.refused_by,
                "causes": [found for found in report.findings if found.rule in report.causes],
                "rows": connection_rows(peer, [report]),
            }
            for report in reports
        ],
    )


GET: tuple[tuple[str, Handler], ...] = ((PAGE, _page),)
POST: tuple[tuple[str, Handler], ...] = ((PAGE, _test),)
