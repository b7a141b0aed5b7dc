"""The ACME pages of an Expressway-E: settings, terms, Sign step by step, revoke."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from pkikit.errors import InputError, PkikitError
from pkikit.model.certificates.facts import format_time
from pkikit.model.findings import Verdict
from pkikit.model.parties import Role
from pkikit.model.renewal import DAYS, AcmeMode
from pkikit.model.tables import features
from pkikit.model.tables.revocation_reasons import REASONS
from simulator.peer.acme.service import AcmeService
from simulator.peer.acme_state import Attempt, Provider
from simulator.peer.pages.actions import ActionResult, Handler, for_people
from simulator.peer.pages.banners import Banner
from simulator.peer.pages.bodies import Domain, Nothing, Revoke, number_of
from simulator.peer.pages.rendering import PEER, certificate_values, page_of_form, redirect, render
from simulator.web.web_input import read_form, text_fields

_TEXTS = ("provider", "directory", "ca", "email", "preferred_chain", "eab_kid")


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


def service_of(request: web.Request) -> AcmeService:
    peer, service = request.app[PEER], request.app[ACME].service
    if service is None:
        raise InputError("this lab runs without a public CA, so ACME is not available")
    service.require(peer.fqdn)
    return service


def acme_section(request: web.Request) -> dict[str, Any] | None:
    """Return what the Server certificate page displays about ACME; None where this peer has no ACME."""
    peer, service = request.app[PEER], request.app[ACME].service
    deployment, managed = peer.lab.deployment, peer.state.acme.server
    if deployment.role_of(peer.fqdn) is not Role.EXPRESSWAY_E or not deployment.product_version.has(features.ACME):
        return None
    # Off keeps what is not the scheduler's: Manual, or ACME that was never used.
    off = AcmeMode.DISABLED if managed.mode is AcmeMode.DISABLED else AcmeMode.MANUAL
    return {
        "offered": service is not None,
        "running": service is not None and service.is_running(peer.fqdn),
        "settings": peer.state.acme.settings,
        "managed": managed,
        "off": off.value,
        "signed": _attempt(managed.signed, "signed"),
        "deployed": _attempt(managed.deployed, "deployed"),
        "providers": [provider.value for provider in Provider],
        "days": DAYS,
    }


def _attempt(attempt: Attempt | None, done: str) -> str:
    return f"{attempt.error or done}, {format_time(attempt.at)}" if attempt is not None else "none"


async def _page(request: web.Request) -> web.Response:
    return await _render_page(request)


async def _render_page(request: web.Request, preflight: Verdict | None = None) -> web.Response:
    service, peer = service_of(request), request.app[PEER]
    state = peer.state
    try:
        terms, cannot = (await service.capabilities(peer.fqdn)).terms, ""
    except PkikitError as error:
        terms, cannot = "", str(error)
    return render(
        request, "acme.html", settings=state.acme.settings, managed=state.acme.server, terms=terms,
        cannot=cannot, days=DAYS, modes=[mode.value for mode in AcmeMode],
        provider_names=[p.value for p in Provider], reasons=list(REASONS), account=state.acme.account, last=state.acme.last,
        csr=state.request is not None, steps=service.steps(peer.fqdn), running=service.is_running(peer.fqdn),
        pending=certificate_values(state.pending_certificate.leaf, peer) if state.pending_certificate else None,
        domain_pending=[(d, certificate_values(c.leaf, peer)) for d, c in state.domain_pending],
        domains=[domain for domain, _ in state.acme.domains],
        due=service.due(peer.fqdn), preflight=preflight,
    )  # fmt: skip


async def _preflight(request: web.Request) -> web.Response:
    return await _render_page(request, preflight=await service_of(request).preflight(request.app[PEER].fqdn))


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
    time = form.get("time", "")
    hour, _, minute = time.partition(":")
    changes |= {
        "mode": form.get("mode", ""), "days": days,
        "hour": number_of({"time": hour}, "time"), "minute": number_of({"time": minute}, "time"),
    }  # fmt: skip
    await service_of(request).configure(request.app[PEER].fqdn, changes)
    redirect(request, await page_of_form(request, PAGE), Banner(text="The settings were saved."))


async def accept_terms(request: web.Request, _: Nothing) -> ActionResult:
    """Accept the terms of service of the provider."""
    terms = await service_of(request).accept_terms(request.app[PEER].fqdn)
    return ActionResult(sentence=f"The terms of service {terms} were accepted.", answer={"accepted": terms})


async def sign(request: web.Request, _: Nothing) -> ActionResult:
    """Begin to order a certificate."""
    service_of(request).sign_soon(request.app[PEER].fqdn)
    return ActionResult(answer={"running": True})


async def revoke(request: web.Request, given: Revoke) -> ActionResult:
    """Let the CA revoke a certificate."""
    fqdn = request.app[PEER].fqdn
    await service_of(request).revoke(fqdn, which=given.which, by=given.by, reason=REASONS[given.reason])
    return ActionResult(sentence="The CA has revoked the certificate. It stays in use until another takes its place.")


async def sign_domain(request: web.Request, given: Domain) -> ActionResult:
    """Order a certificate for one domain."""
    await service_of(request).sign(request.app[PEER].fqdn, given.domain)
    return ActionResult(sentence=f"A certificate for {given.domain} was signed; it waits to be deployed.")


async def deploy_domain(request: web.Request, given: Domain) -> ActionResult:
    """Deploy the pending certificate of a domain."""
    await service_of(request).deploy_domain(request.app[PEER].fqdn, given.domain)
    return ActionResult(
        sentence=f"The certificate of {given.domain} was deployed. New connections use it; no restart is needed."
    )


PAGE = "/servercertificate/acme"
GET = ((PAGE, _page),)
POST: tuple[tuple[str, Handler], ...] = (
    (f"{PAGE}/settings", _settings),
    (f"{PAGE}/preflight", _preflight),
    (f"{PAGE}/terms", for_people(Nothing, accept_terms, PAGE)),
    (f"{PAGE}/sign", for_people(Nothing, sign, PAGE)),
    (f"{PAGE}/revoke", for_people(Revoke, revoke, PAGE)),
    (f"{PAGE}/domain", for_people(Domain, sign_domain, PAGE)),
    (f"{PAGE}/domain/deploy", for_people(Domain, deploy_domain, PAGE)),
)
