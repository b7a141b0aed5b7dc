"""The ACME certificate service of an Expressway-E, for people and for scripts: settings, terms, Sign step by step, revoke."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from aiohttp import web

from pkikit.errors import InputError, PkikitError
from pkikit.model.findings import Verdict
from pkikit.model.reasons import REASONS
from pkikit.model.renewal import DAYS
from pkikit.values.names import printable
from pkikit.values.numbers import whole_number
from pkikit.view.description import iso
from simulator.peer.acme.service import AcmeService
from simulator.peer.acme_state import Provider, settings_document
from simulator.peer.pages.rendering import PEER, body_of, decoded, form_of, hour_of, render
from simulator.web.web_input import field_text, read_form

_TEXTS = ("provider", "directory", "ca", "email", "profile", "preferred_chain", "eab_kid")


@dataclass
class AcmeDesk:
    """Where the pages of a peer find the ACME service of the lab. service: None while no public CA runs."""

    service: AcmeService | None = None


ACME = web.AppKey("acme", AcmeDesk)


def _service(request: web.Request) -> AcmeService:
    peer, service = request.app[PEER], request.app[ACME].service
    if service is None:
        raise InputError("this lab runs without a public CA, so nobody answers ACME")
    service.require(peer.fqdn)
    return service


async def _page(request: web.Request) -> web.Response:
    return await _shown(request)


async def _shown(request: web.Request, done: str = "", preflight: Verdict | None = None) -> web.Response:
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
        pending=decoded(state.pending_certificate.leaf, peer) if state.pending_certificate else None,
        domain_pending=[(d, decoded(c.leaf, peer)) for d, c in state.domain_pending], domains=state.acme.domains,
        due=service.due(peer.fqdn), preflight=preflight,
    )  # fmt: skip


async def _preflight(request: web.Request) -> web.Response:
    return await _shown(request, preflight=await _service(request).preflight(request.app[PEER].fqdn))


async def _settings(request: web.Request) -> web.Response:
    form = await form_of(request)
    days = [
        whole_number(d, most=6) if isinstance(d, str) else None for d in (await read_form(request)).getall("days", [])
    ]
    if None in days:
        raise InputError("the days must be numbers from 0 (Monday) to 6")
    changes: dict[str, Any] = {name: form[name] for name in _TEXTS if name in form}
    if form.get("eab_mac"):
        changes["eab_mac"] = form["eab_mac"]
    changes |= {"automatic": form.get("automatic") == "on", "days": days, "hour": hour_of(form)}
    await _service(request).configure(request.app[PEER].fqdn, changes)
    return await _shown(request, "The settings were saved.")


async def _terms(request: web.Request) -> web.Response:
    terms = await _service(request).accept_terms(request.app[PEER].fqdn)
    return await _shown(request, f"The terms of service {terms} were accepted.")


async def _sign(request: web.Request) -> web.Response:
    _service(request).sign_soon(request.app[PEER].fqdn)
    raise web.HTTPSeeOther("/acme")


async def _revoke(request: web.Request) -> web.Response:
    form = await form_of(request)
    await _revoked(request, form)
    return await _shown(request, "The CA has revoked the certificate. It stays in use until another takes its place.")


async def _revoked(request: web.Request, given: dict[str, Any]) -> None:
    reason = field_text(given, "reason", "unspecified")
    if reason not in REASONS:
        raise InputError(f"{printable(reason, 40)!r} is not a reason; allowed are {', '.join(REASONS)}")
    await _service(request).revoke(
        request.app[PEER].fqdn, which=field_text(given, "which", "current"), by=field_text(given, "by", "account"),
        reason=REASONS[reason],
    )  # fmt: skip


async def _sign_domain(request: web.Request) -> web.Response:
    domain = (await form_of(request)).get("domain", "")
    await _service(request).sign_domain(request.app[PEER].fqdn, domain)
    return await _shown(request, f"A certificate for {domain} was signed; it waits to be deployed.")


async def _deploy_domain(request: web.Request) -> web.Response:
    await _service(request).deploy_domain(request.app[PEER].fqdn, (await form_of(request)).get("domain", ""))
    return render(request, "restart.html", restart_needed=False, restarting=True, status=202)


GET = (("/acme", _page),)
POST = (("/acme/settings", _settings), ("/acme/terms", _terms), ("/acme/sign", _sign), ("/acme/revoke", _revoke),
        ("/acme/preflight", _preflight), ("/acme/domain", _sign_domain), ("/acme/domain/deploy", _deploy_domain))  # fmt: skip

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
    await _service(request).configure(request.app[PEER].fqdn, await body_of(request, None))
    return await _api_state(request)


async def _api_terms(request: web.Request) -> web.Response:
    return web.json_response({"accepted": await _service(request).accept_terms(request.app[PEER].fqdn)})


async def _api_sign(request: web.Request) -> web.Response:
    _service(request).sign_soon(request.app[PEER].fqdn)
    return web.json_response({"running": True}, status=202)


async def _api_sign_domain(request: web.Request) -> web.Response:
    domain = field_text(await body_of(request, ("domain",)), "domain")
    await _service(request).sign_domain(request.app[PEER].fqdn, domain)
    return await _api_state(request)


async def _api_deploy_domain(request: web.Request) -> web.Response:
    domain = field_text(await body_of(request, ("domain",)), "domain")
    await _service(request).deploy_domain(request.app[PEER].fqdn, domain)
    return web.json_response({})


async def _api_revoke(request: web.Request) -> web.Response:
    await _revoked(request, await body_of(request, ("which", "by", "reason")))
    return web.json_response({})


API = (
    ("GET", "/certs/acme", _api_state), ("PUT", "/certs/acme", _api_settings),
    ("GET", "/certs/acme/provider", _api_provider),
    ("GET", "/certs/acme/preflight", _api_preflight),
    ("POST", "/certs/acme/terms", _api_terms),
    ("POST", "/certs/acme/sign", _api_sign), ("POST", "/certs/acme/revoke", _api_revoke),
    ("POST", "/certs/acme/domains", _api_sign_domain), ("POST", "/certs/acme/domains/deploy", _api_deploy_domain),
)  # fmt: skip
