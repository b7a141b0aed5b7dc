"""The pages Client certificate (X15.5) and Domain certificates.

Sources: X15.5 guide, 'Managing the Expressway Client Certificate'; ACME chapter of the X14.0 guide for domain certificates.
"""

from __future__ import annotations

from aiohttp import web

from pkikit.model.certificates.credential import Credential
from pkikit.model.parties import Role
from pkikit.model.tables.features import ACME
from pkikit.view.description import describe_request
from simulator.peer.pages import actions
from simulator.peer.pages.actions import Handler, for_people
from simulator.peer.pages.bodies import Domain, DomainUpload, Nothing, Upload
from simulator.peer.pages.rendering import PEER, certificate_values, render, require_in_menu
from simulator.peer.pages.views import certificate_views

_CLIENT, _DOMAINS = "/clientcertificate", "/domaincertificate"


def _held(request: web.Request) -> Credential | None:
    """Return what the client store holds: until the first upload, a copy of the server certificate."""
    return request.app[PEER].state.with_own_client_store().client_certificate


async def _client(request: web.Request) -> web.Response:
    require_in_menu(request, _CLIENT)
    peer, client = request.app[PEER], _held(request)
    return render(
        request,
        "clientcertificate.html",
        client=certificate_values(client.leaf, peer) if client else None,
        is_copy=peer.state.client_certificate is None,
        csr=describe_request(peer.state.request.csr) if peer.state.request else None,
    )


async def _client_decoded(request: web.Request) -> web.Response:
    require_in_menu(request, _CLIENT)
    client = _held(request)
    return certificate_views.decoded(request, "Client certificate (decoded)", client.leaf if client else None)


async def _client_pem(request: web.Request) -> web.Response:
    require_in_menu(request, _CLIENT)
    return certificate_views.certificate_pem(request, "Client certificate (PEM file)", _held(request))


async def _domains(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    deployment, state = peer.lab.deployment, peer.state
    has_acme = deployment.role_of(peer.fqdn) is Role.EXPRESSWAY_E and deployment.product_version.has(ACME)
    pending, ordered = dict(state.domain_pending), {domain for domain, _ in state.acme.domains}
    rows = [
        (domain, certificate_values(held.leaf, peer), "Pending" if domain in pending else "On" if domain in ordered else "Off")
        for domain, held in state.domain_certificates
    ]  # fmt: skip
    return render(request, "domaincertificate.html", rows=rows, has_acme=has_acme)


GET: tuple[tuple[str, Handler], ...] = (
    (_CLIENT, _client),
    (f"{_CLIENT}/decoded", _client_decoded),
    (f"{_CLIENT}/pem", _client_pem),
    (_DOMAINS, _domains),
)
POST: tuple[tuple[str, Handler], ...] = (
    (_CLIENT, for_people(Upload, actions.upload_client, _CLIENT)),
    (f"{_CLIENT}/remove", for_people(Nothing, actions.remove_client, _CLIENT)),
    (_DOMAINS, for_people(DomainUpload, actions.upload_domain, _DOMAINS)),
    (f"{_DOMAINS}/remove", for_people(Domain, actions.remove_domain, _DOMAINS)),
)
