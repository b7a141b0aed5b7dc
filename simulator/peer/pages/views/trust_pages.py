"""The pages about what this peer judges others by: Trusted CA certificate, CRL management, SIP TLS revocation."""

from __future__ import annotations

from aiohttp import web

from pkikit.model.findings import Finding
from pkikit.view.description import describe_crl
from simulator.peer.pages import actions
from simulator.peer.pages.actions import ActionResult, Handler, for_people
from simulator.peer.pages.bodies import Certificates, Crl, CrlSources, Nothing, RevocationChanges
from simulator.peer.pages.rendering import PEER, certificate_values, render
from simulator.peer.pages.views.server_certificate import render_certificate
from simulator.peer.state import fingerprint_of
from simulator.peer.upload import warning_lines
from simulator.web.web_input import text_fields


async def _trusted_list(request: web.Request) -> web.Response:
    return _trusted_page(request)


def _trusted_page(request: web.Request, *, done: str = "", warnings: tuple[Finding, ...] = ()) -> web.Response:
    peer = request.app[PEER]
    listed = [{"fingerprint": fingerprint_of(c), **certificate_values(c, peer)} for c in peer.state.trusted_ca_list]
    return render(request, "trustedca.html", listed=listed, done=done, warnings=warning_lines(warnings))


async def _answer_trusted(request: web.Request, done: ActionResult) -> web.Response:
    return _trusted_page(request, done=done.sentence, warnings=done.warnings)


_APPEND = for_people(Certificates, actions.append_trusted, _answer_trusted)
_REPLACE = for_people(Certificates, actions.replace_trusted, _answer_trusted)


async def _trust(request: web.Request) -> web.StreamResponse:
    replaces = (await text_fields(request)).get("action") == "replace"
    return await (_REPLACE if replaces else _APPEND)(request)


async def _ca(request: web.Request) -> web.Response:
    return render_certificate(
        request, "Trusted CA certificate", request.app[PEER].state.ca_certificate(request.match_info["fingerprint"])
    )


async def _crl(request: web.Request) -> web.Response:
    return _crl_page(request)


def _crl_page(request: web.Request, *, done: str = "") -> web.Response:
    peer = request.app[PEER]
    at = peer.lab.now_of(peer.fqdn)
    held = [(source.value, describe_crl(crl, at)) for source, crl in peer.state.revocation_data.crls]
    return render(request, "crl.html", automatic=peer.state.automatic, held=held, done=done)


async def _answer_crl(request: web.Request, done: ActionResult) -> web.Response:
    return _crl_page(request, done=done.sentence)


def _sip_page(request: web.Request, done: str = "") -> web.Response:
    peer = request.app[PEER]
    return render(request, "sip.html", settings=peer.lab.revocation_settings(peer.fqdn), done=done)


async def _sip(request: web.Request) -> web.Response:
    return _sip_page(request)


async def _answer_sip(request: web.Request, done: ActionResult) -> web.Response:
    return _sip_page(request, done.sentence)


GET = (("/trustedca", _trusted_list), ("/trustedca/{fingerprint}", _ca), ("/crl", _crl), ("/sip", _sip))
POST: tuple[tuple[str, Handler], ...] = (
    ("/trustedca", _trust),
    ("/trustedca/reset", for_people(Nothing, actions.reset_trusted, _answer_trusted)),
    ("/trustedca/{fingerprint}/delete", for_people(Nothing, actions.distrust, _answer_trusted)),
    ("/crl/automatic", for_people(CrlSources, actions.set_crl_sources, _answer_crl)),
    ("/crl/manual", for_people(Crl, actions.upload_crl, _answer_crl)),
    ("/crl/remove", for_people(Nothing, actions.remove_crl, _answer_crl)),
    ("/sip", for_people(RevocationChanges, actions.set_revocation, _answer_sip)),
)
