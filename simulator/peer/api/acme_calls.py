"""The lab's own calls for the ACME service of an Expressway-E: settings, terms, Sign, revoke."""

from __future__ import annotations

from dataclasses import asdict

from aiohttp import web

from pkikit.view.description import iso
from simulator.peer.acme_state import AcmeChanges, settings_document
from simulator.peer.pages.acme_pages import accept_terms, deploy_domain, revoke, service_of, sign, sign_domain
from simulator.peer.pages.actions import Handler, describe, for_scripts
from simulator.peer.pages.bodies import Domain, Nothing, Revoke
from simulator.peer.pages.rendering import PEER
from simulator.web.web_input import read_json


async def _state(request: web.Request) -> web.Response:
    service, peer = service_of(request), request.app[PEER]
    acme = peer.state.acme
    due = service.due(peer.fqdn)
    return web.json_response(
        {
            "settings": settings_document(acme),
            "account": acme.account.url if acme.account else None,
            "running": service.is_running(peer.fqdn),
            "domains": {
                "by_acme": [domain for domain, _ in acme.domains],
                "pending": [d for d, _ in peer.state.domain_pending],
            },
            "steps": [s.to_json() for s in service.steps(peer.fqdn)],
            "last": {"at": iso(acme.last.at), "error": acme.last.error, "failures": acme.last.failures}
            if acme.last
            else None,
            "renew_at": iso(due) if due else None,
        }
    )


async def _provider(request: web.Request) -> web.Response:
    return web.json_response(asdict(await service_of(request).capabilities(request.app[PEER].fqdn)))


async def _preflight(request: web.Request) -> web.Response:
    return web.json_response((await service_of(request).preflight(request.app[PEER].fqdn)).to_json())


async def _settings(request: web.Request) -> web.Response:
    await service_of(request).configure(request.app[PEER].fqdn, await read_json(request))
    return await _state(request)


CALLS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/certs/acme", _state),
    ("PUT", "/certs/acme", describe(_settings, AcmeChanges, "Change settings of the ACME service.")),
    ("GET", "/certs/acme/provider", _provider),
    ("GET", "/certs/acme/preflight", _preflight),
    ("POST", "/certs/acme/terms", for_scripts(Nothing, accept_terms)),
    ("POST", "/certs/acme/sign", for_scripts(Nothing, sign, status=202)),
    ("POST", "/certs/acme/revoke", for_scripts(Revoke, revoke)),
    ("POST", "/certs/acme/domains", for_scripts(Domain, sign_domain, then=_state)),
    ("POST", "/certs/acme/domains/deploy", for_scripts(Domain, deploy_domain)),
)
