"""The pages about what this peer judges others by: Trusted CA certificate and CRL management.

Sources: X15.4 guide; certificate guide X8.5 and administrator guides X8.x, 'Managing certificate revocation lists (CRLs)'.
"""

from __future__ import annotations

from aiohttp import web
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.view.description import describe_crl
from simulator.peer.pages import actions
from simulator.peer.pages.actions import Handler, for_people
from simulator.peer.pages.bodies import Certificates, Crl, CrlSources, Nothing
from simulator.peer.pages.rendering import PEER, certificate_values, render
from simulator.peer.pages.views.certificate_views import decoded, pem_page
from simulator.peer.state import fingerprint_of
from simulator.web.web_input import text_fields

_LIST, _CRLS = "/trustedcacertificate", "/crlupdater"


async def _trusted_list(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    listed = [{"fingerprint": fingerprint_of(c), **certificate_values(c, peer)} for c in peer.state.trusted_ca_list]
    return render(request, "trustedcacertificate.html", listed=listed)


async def _all_decoded(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    shown = [certificate_values(c, peer) for c in peer.state.trusted_ca_list]
    return render(request, "decoded.html", heading="Trusted CA certificates (decoded)", shown=shown)


async def _all_pem(request: web.Request) -> web.Response:
    held = request.app[PEER].state.trusted_ca_list
    text = "".join(c.public_bytes(Encoding.PEM).decode("ascii") for c in held)
    return pem_page(request, "Trusted CA certificates (PEM file)", text)


async def _ca(request: web.Request) -> web.Response:
    ca = request.app[PEER].state.ca_certificate(request.match_info["fingerprint"])
    return decoded(request, "Trusted CA certificate (decoded)", ca)


_APPEND = for_people(Certificates, actions.append_trusted, _LIST)
_REPLACE = for_people(Certificates, actions.replace_trusted, _LIST)


async def _trust(request: web.Request) -> web.StreamResponse:
    replaces = (await text_fields(request)).get("action") == "replace"
    return await (_REPLACE if replaces else _APPEND)(request)


async def _crls(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    at = peer.lab.now_of(peer.fqdn)
    held = [(source.value, describe_crl(crl, at)) for source, crl in peer.state.revocation_data.crls]
    return render(request, "crlupdater.html", automatic=peer.state.automatic, held=held)


_SAVE_SOURCES = for_people(CrlSources, actions.set_crl_sources, _CRLS)
_NO_SOURCES = for_people(Nothing, actions.stop_crl_updates, _CRLS)


async def _automatic(request: web.Request) -> web.StreamResponse:
    disabled = (await text_fields(request)).get("updates") == "disabled"
    return await (_NO_SOURCES if disabled else _SAVE_SOURCES)(request)


GET: tuple[tuple[str, Handler], ...] = (
    (_LIST, _trusted_list), (f"{_LIST}/decoded", _all_decoded), (f"{_LIST}/pem", _all_pem),
    (f"{_LIST}/{{fingerprint}}", _ca), (_CRLS, _crls),
)  # fmt: skip
POST: tuple[tuple[str, Handler], ...] = (
    (_LIST, _trust),
    (f"{_LIST}/reset", for_people(Nothing, actions.reset_trusted, _LIST)),
    (f"{_LIST}/{{fingerprint}}/delete", for_people(Nothing, actions.distrust, _LIST)),
    (f"{_CRLS}/automatic", _automatic),
    (f"{_CRLS}/manual", for_people(Crl, actions.upload_crl, _CRLS)),
    (f"{_CRLS}/remove", for_people(Nothing, actions.remove_crl, _CRLS)),
)
