"""The pages of what others are judged by: Trusted CA certificate, CRL management, SIP TLS revocation."""

from __future__ import annotations

from aiohttp import web

from pkikit.model.deployment import Revocation
from pkikit.model.findings import Finding
from pkikit.view.description import describe_crl
from simulator.peer.pages.certificate_pages import shown
from simulator.peer.pages.rendering import PEER, decoded, file_of, form_of, hour_of, render
from simulator.peer.state import AutomaticCrls, fingerprint_of
from simulator.peer.upload import told


async def _trusted(request: web.Request) -> web.Response:
    return _trusted_page(request)


def _trusted_page(request: web.Request, *, done: str = "", warnings: tuple[Finding, ...] = ()) -> web.Response:
    peer = request.app[PEER]
    listed = [{"fingerprint": fingerprint_of(c), **decoded(c, peer)} for c in peer.state.trusted_ca_list]
    return render(request, "trustedca.html", listed=listed, done=done, warnings=told(warnings))


async def _trust(request: web.Request) -> web.Response:
    append = (await form_of(request)).get("action") != "replace"
    warnings = await request.app[PEER].trust(await file_of(request, "certificates"), append=append)
    return _trusted_page(request, done="The list was " + ("appended to." if append else "replaced."), warnings=warnings)


async def _ca(request: web.Request) -> web.Response:
    return shown(
        request, "Trusted CA certificate", request.app[PEER].state.ca_certificate(request.match_info["fingerprint"])
    )


async def _distrust(request: web.Request) -> web.Response:
    await request.app[PEER].distrust(request.match_info["fingerprint"])
    return _trusted_page(request, done="The CA certificate was deleted.")


async def _reset(request: web.Request) -> web.Response:
    await request.app[PEER].reset_trust()
    return _trusted_page(request, done="The list holds the temporary CA of the installation alone.")


async def _crl(request: web.Request) -> web.Response:
    return _crl_page(request)


def _crl_page(request: web.Request, *, done: str = "") -> web.Response:
    peer = request.app[PEER]
    at = peer.lab.now_of(peer.fqdn)
    held = [(source.value, describe_crl(crl, at)) for source, crl in peer.state.held.crls]
    return render(request, "crl.html", automatic=peer.state.automatic, held=held, done=done)


async def _automatic(request: web.Request) -> web.Response:
    form = await form_of(request)
    urls = tuple(line.strip() for line in form.get("urls", "").splitlines() if line.strip())
    await request.app[PEER].set_crl_sources(AutomaticCrls(urls=urls, hour=hour_of(form)))
    return _crl_page(request, done="The automatic updates are set.")


async def _manual(request: web.Request) -> web.Response:
    count = await request.app[PEER].upload_crl(await file_of(request, "crl"))
    return _crl_page(request, done=f"The CRL file is in use. It holds {count} CRL{'s' * (count != 1)}.")


async def _remove_crl(request: web.Request) -> web.Response:
    await request.app[PEER].remove_crl()
    return _crl_page(request, done="The manual CRL file was removed.")


async def _sip(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    return render(request, "sip.html", settings=peer.lab.revocation_settings(peer.fqdn), done="")


async def _set_sip(request: web.Request) -> web.Response:
    peer, form = request.app[PEER], await form_of(request)
    peer.set_revocation({name: form[name] for name in Revocation.model_fields if name in form})
    settings = peer.lab.revocation_settings(peer.fqdn)
    return render(request, "sip.html", settings=settings, done="The settings hold for all peers of the cluster.")


GET = (("/trustedca", _trusted), ("/trustedca/{fingerprint}", _ca), ("/crl", _crl), ("/sip", _sip))
POST = (
    ("/trustedca", _trust), ("/trustedca/reset", _reset), ("/trustedca/{fingerprint}/delete", _distrust),
    ("/crl/automatic", _automatic), ("/crl/manual", _manual), ("/crl/remove", _remove_crl), ("/sip", _set_sip),
)  # fmt: skip
