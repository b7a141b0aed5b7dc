"""The pages System > Clustering, Configuration > Protocols > SIP and Configuration > Domains.

Sources: Cisco TAC 217230 for clustering; administrator guides X8.x for the revocation settings.
"""

from __future__ import annotations

from aiohttp import web

from pkikit.model.codec.problems import validate_as
from pkikit.model.parties import LegKind, Role
from pkikit.model.tables.features import EKU_CHECKING_MODE, SERVER_ONLY_SWITCH
from simulator.peer.pages import actions
from simulator.peer.pages.actions import Handler, for_people
from simulator.peer.pages.bodies import EkuChanges, RevocationChanges
from simulator.peer.pages.rendering import PEER, redirect, render
from simulator.peer.pages.views.zone_views import connection_rows, status_of
from simulator.web.web_input import text_fields


async def _clustering(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    cluster = peer.lab.deployment.cluster_of(peer.fqdn)
    assert cluster is not None  # every peer belongs to one
    reports = [r for r in peer.lab.status_of(peer.fqdn) if r.leg.kind is LegKind.CLUSTER]
    peers = [
        (name, "This system" if name == peer.fqdn else status_of([r for r in reports if name in {r.leg.client, r.leg.server}]))
        for name in cluster.peers
    ]  # fmt: skip
    return render(request, "clustering.html", cluster=cluster, peers=peers, legs=connection_rows(peer, reports))


async def _sip(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    deployment, switches = peer.lab.deployment, peer.lab.eku_switches(peer.fqdn)
    version, is_edge = deployment.product_version, deployment.role_of(peer.fqdn) is Role.EXPRESSWAY_E
    commands = []
    if version.has(EKU_CHECKING_MODE):
        commands.append(("checking", "SIP TLS Certificate ExtendedKeyUsage Checking Mode", switches.checking))
    if version.has(SERVER_ONLY_SWITCH) and is_edge:
        commands.append(("server_upload", "XCP TLS Certificate CVS EnableServerEkuUpload", switches.server_upload))
    return render(request, "sip.html", settings=peer.lab.revocation_settings(peer.fqdn), commands=commands)


async def _switch(request: web.Request) -> web.Response:
    form = await text_fields(request)
    given = {name: form[name] == "on" for name in ("checking", "server_upload") if form.get(name) in {"on", "off"}}
    done = await actions.set_eku_switches(request, validate_as(EkuChanges, given))
    redirect(request, "/sip", *done.banners)


async def _domains(request: web.Request) -> web.Response:
    domains = request.app[PEER].lab.deployment.domains
    services = {
        "Unified CM registrations": domains.registration,
        "SIP registrations and provisioning on Expressway": domains.sip,
        "XMPP federation": domains.federation,
    }
    names = list(dict.fromkeys(name for listed in services.values() for name in listed))
    return render(request, "domains.html", services=services, names=names)


GET: tuple[tuple[str, Handler], ...] = (("/clustering", _clustering), ("/sip", _sip), ("/domains", _domains))
POST: tuple[tuple[str, Handler], ...] = (
    ("/sip", for_people(RevocationChanges, actions.set_revocation, "/sip")),
    ("/sip/commands", _switch),
)
