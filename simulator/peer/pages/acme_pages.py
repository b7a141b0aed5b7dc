"""The ACME pages and REST paths of an Expressway-E: settings, terms, Sign step by step, revoke."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from aiohttp import web

from pkikit.errors import InputError, PkikitError
from pkikit.model.findings import Verdict
from pkikit.model.renewal import DAYS
from pkikit.model.tables.revocation_reasons import REASONS
from pkikit.view.description import iso
from simulator.peer.acme.service import AcmeService
from simulator.peer.acme_state import AcmeChanges, Provider, settings_document
from simulator.peer.pages.actions import ActionResult, Handler, describe, for_people, for_scripts
from simulator.peer.pages.bodies import Domain, Nothing, Revoke, number_of
from simulator.peer.pages.rendering import PEER, certificate_values, render, restarting
from simulator.web.web_input import read_form, read_json, text_fields

_TEXTS = ("provider", "directory", "ca", "email", "profile", "preferred_chain", "eab_kid")


@dataclass
class AcmeDesk:
    """Gives the pages of a peer the ACME service of the lab. service: None while no public CA runs."""

    service: AcmeService | None = None

    @contextmanager
    def open(self, service: AcmeService) -> Iterator[None]:
        """Offer the service until the block ends."""
        self.service = service
        try:
            yield
        finally:
            self.service = None


ACME = web.AppKey("acme", AcmeDesk)


def _service(request: web.Request) -> AcmeService:
    peer, service = request.app[PEER], request.app[ACME].service
    if service is None:
        raise InputError("this lab runs without a public CA, so nobody answers ACME")
    service.require(peer.fqdn)
    return service


async def _page(request: web.Request) -> web.Response:
    return await _render_page(request)


async def _render_page(request: web.Request, done: str = "", preflight: Verdict | None = None) -> web.Response:
    service, peer = _service(request), request.app[PEER]
    state = peer.state
    try:
        terms, cannot = (await service.capabilities(peer.fqdn)).terms, ""
    except PkikitError as error:
        terms, cannot = "", str(error)
    return render(
        request, "acme.html", done=done, settings=state.acme.settings, terms=terms, cannot=cannot, days=DAYS,
        providers=[p.value for p in Provider], reasons=list(REASONS), account=state.acme.account, last=state.acme.last,
        csr=state.request is not None, steps=service.steps(peer.fqdn), running=service.is_running(peer.fqdn),
        pending=certificate_values(state.pending_certificate.leaf, peer) if state.pending_certificate else None,
        domain_pending=[(d, certificate_values(c.leaf, peer)) for d, c in state.domain_pending], domains=state.acme.domains,
        due=service.due(peer.fqdn), preflight=preflight,
    )  # fmt: skip


async def _preflight(request: web.Request) -> web.Response:
    return await _render_page(request, preflight=await _service(request).preflight(request.app[PEER].fqdn))


async def _settings(request: web.Request) -> web.Response:
    form = await text_fields(request)
    days = [
        number_of({"days": day}, "days")
        for day in (await read_form(request)).getall("days", [])
        if isinstance(day, str)
    ]
    changes: dict[str, Any] = {name: form[name] for name in _TEXTS if name in form}
    if form.get("eab_mac"):
        changes["eab_mac"] = form["eab_mac"]
    changes |= {"automatic": form.get("automatic") == "on", "days": days, "hour": number_of(form, "hour")}
    await _service(request).configure(request.app[PEER].fqdn, changes)
    return await _render_page(request, "The settings were saved.")


async def _accept_terms(request: web.Request, _: Nothing) -> ActionResult:
    """Accept the terms of service of the provider."""
    terms = await _service(request).accept_terms(request.app[PEER].fqdn)
    return ActionResult(sentence=f"The terms of service {terms} were accepted.", answer={"accepted": terms})


async def _sign(request: web.Request, _: Nothing) -> ActionResult:
    """Begin to order a certificate."""
    _service(request).sign_soon(request.app[PEER].fqdn)
    return ActionResult(answer={"running": True})


async def _revoke(request: web.Request, given: Revoke) -> ActionResult:
    """Let the CA revoke a certificate."""
    fqdn = request.app[PEER].fqdn
    await _service(request).revoke(fqdn, which=given.which, by=given.by, reason=REASONS[given.reason])
    return ActionResult(sentence="The CA has revoked the certificate. It stays in use until another takes its place.")


async def _sign_domain(request: web.Request, given: Domain) -> ActionResult:
    """Order a certificate for one domain."""
    await _service(request).sign_domain(request.app[PEER].fqdn, given.domain)
    return ActionResult(sentence=f"A certificate for {given.domain} was signed; it waits to be deployed.")


async def _deploy_domain(request: web.Request, given: Domain) -> ActionResult:
    """Deploy the pending certificate of a domain."""
    await _service(request).deploy_domain(request.app[PEER].fqdn, given.domain)
    return ActionResult()


async def _answer(request: web.Request, done: ActionResult) -> web.Response:
    return await _render_page(request, done.sentence)


async def _back(_: web.Request, __: ActionResult) -> web.Response:
    raise web.HTTPSeeOther("/acme")


GET = (("/acme", _page),)
POST: tuple[tuple[str, Handler], ...] = (
    ("/acme/settings", _settings),
    ("/acme/preflight", _preflight),
    ("/acme/terms", for_people(Nothing, _accept_terms, _answer)),
    ("/acme/sign", for_people(Nothing, _sign, _back)),
    ("/acme/revoke", for_people(Revoke, _revoke, _answer)),
    ("/acme/domain", for_people(Domain, _sign_domain, _answer)),
    ("/acme/domain/deploy", for_people(Domain, _deploy_domain, restarting)),
)

# For scripts.


async def _api_state(request: web.Request) -> web.Response:
    service, peer = _service(request), request.app[PEER]
    acme = peer.state.acme
    due = service.due(peer.fqdn)
    return web.json_response(
        {
            "settings": settings_document(acme.settings),
            "account": acme.account.url if acme.account else None,
            "running": service.is_running(peer.fqdn),
            "domains": {"by_acme": list(acme.domains), "pending": [d for d, _ in peer.state.domain_pending]},
            "steps": [s.to_json() for s in service.steps(peer.fqdn)],
            "last": {"at": iso(acme.last.at), "error": acme.last.error, "failures": acme.last.failures}
            if acme.last
            else None,
            "renew_at": iso(due) if due else None,
        }
    )


async def _api_provider(request: web.Request) -> web.Response:
    return web.json_response(asdict(await _service(request).capabilities(request.app[PEER].fqdn)))


async def _api_preflight(request: web.Request) -> web.Response:
    return web.json_response((await _service(request).preflight(request.app[PEER].fqdn)).to_json())


async def _api_settings(request: web.Request) -> web.Response:
    await _service(request).configure(request.app[PEER].fqdn, await read_json(request))
    return await _api_state(request)


API: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/certs/acme", _api_state),
    ("PUT", "/certs/acme", describe(_api_settings, AcmeChanges, "Change settings of the ACME service.")),
    ("GET", "/certs/acme/provider", _api_provider),
    ("GET", "/certs/acme/preflight", _api_preflight),
    ("POST", "/certs/acme/terms", for_scripts(Nothing, _accept_terms)),
    ("POST", "/certs/acme/sign", for_scripts(Nothing, _sign, status=202)),
    ("POST", "/certs/acme/revoke", for_scripts(Revoke, _revoke)),
    ("POST", "/certs/acme/domains", for_scripts(Domain, _sign_domain, then=_api_state)),
    ("POST", "/certs/acme/domains/deploy", for_scripts(Domain, _deploy_domain)),
)
