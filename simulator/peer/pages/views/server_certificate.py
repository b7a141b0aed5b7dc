"""The Server certificate page and the pages below it: upload, signing request, pending ACME certificate.

Sources: X15.4 guide, 'Generating a Certificate Signing Request'; X15.5 guide, 'Managing Expressway Certificates'.
"""

from __future__ import annotations

from aiohttp import web

from pkikit.errors import InputError
from pkikit.model.tables.features import TWO_STORES
from pkikit.view.description import describe_request
from simulator.peer.pages import actions
from simulator.peer.pages.acme_pages import acme_section
from simulator.peer.pages.actions import Handler, for_people
from simulator.peer.pages.banners import Banner
from simulator.peer.pages.bodies import Nothing, ServerUpload
from simulator.peer.pages.rendering import PEER, certificate_values, redirect, render
from simulator.peer.pages.views import certificate_views
from simulator.peer.pages.views.request_form import LONGEST_FIELD, RequestForm
from simulator.web.web_input import text_fields

PAGE = "/servercertificate"
# The product's form wants all of these, even where the CA drops them (guide, "Creating a CSR Using Expressway").
_FIELDS = {
    "country": "Country",
    "state": "State or province",
    "locality": "Locality",
    "organisation": "Organization",
    "unit": "Organizational unit",
}


async def _server(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    state, running = peer.state, peer.running
    waits = peer.restart_needed
    return render(
        request,
        "servercertificate.html",
        loaded=certificate_values(state.certificate.leaf, peer) if state.certificate else None,
        running=certificate_values(running.leaf, peer) if running and waits else None,
        csr=describe_request(state.request.csr) if state.request else None,
        pending=certificate_values(state.pending_certificate.leaf, peer) if state.pending_certificate else None,
        two_stores=peer.lab.deployment.product_version.has(TWO_STORES),
        acme=acme_section(request),
    )


async def _generate_form(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    peer.state.require_no_request()
    sent = await text_fields(request) if request.method == "POST" else {}
    given = {name: text[:LONGEST_FIELD] for name, text in sent.items()}
    form = RequestForm.of(peer.lab.deployment, peer.fqdn, peer.layout)
    return render(request, "generate.html", layout=peer.layout, form=peer.form, fields=form.fields, given=given)


async def _generate(request: web.Request) -> web.Response:
    peer, form = request.app[PEER], await text_fields(request)
    empty = [label for name, label in _FIELDS.items() if not form.get(name, "").strip()]
    if empty:
        raise InputError(f"Enter {', '.join(empty)}. The page needs every field of the subject.")
    wanted = RequestForm.of(peer.lab.deployment, peer.fqdn, peer.layout)
    layout, added = wanted.names(peer.layout, form)
    await peer.generate(
        layout=layout,
        added=added,
        fields=RequestForm.subject(form),
        digest=form.get("digest", ""),
        key_size=RequestForm.key_length(form),
    )
    redirect(request, PAGE, Banner(text="The certificate signing request was generated."))


async def _csr_decoded(request: web.Request) -> web.Response:
    return certificate_views.decoded_request(request, request.app[PEER].state.request)


async def _csr_pem(request: web.Request) -> web.Response:
    return certificate_views.request_pem(request, request.app[PEER].state.request)


async def _csr_file(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    return certificate_views.request_file(request, peer.state.request, f"{peer.fqdn}.csr.pem")


async def _decoded(request: web.Request) -> web.Response:
    loaded = request.app[PEER].state.certificate
    return certificate_views.decoded(request, "Server certificate (decoded)", loaded.leaf if loaded else None)


async def _pem(request: web.Request) -> web.Response:
    return certificate_views.certificate_pem(
        request, "Server certificate (PEM file)", request.app[PEER].state.certificate
    )


async def _running_decoded(request: web.Request) -> web.Response:
    running = request.app[PEER].running
    return certificate_views.decoded(request, "Server certificate in use (decoded)", running.leaf if running else None)


async def _pending_decoded(request: web.Request) -> web.Response:
    pending = request.app[PEER].state.pending_certificate
    return certificate_views.decoded(request, "Pending ACME certificate (decoded)", pending.leaf if pending else None)


GET: tuple[tuple[str, Handler], ...] = (
    (PAGE, _server),
    (f"{PAGE}/decoded", _decoded),
    (f"{PAGE}/pem", _pem),
    (f"{PAGE}/running/decoded", _running_decoded),
    (f"{PAGE}/generate", _generate_form),
    (f"{PAGE}/csr/decoded", _csr_decoded),
    (f"{PAGE}/csr/pem", _csr_pem),
    (f"{PAGE}/csr/download", _csr_file),
    (f"{PAGE}/pending/decoded", _pending_decoded),
)
POST: tuple[tuple[str, Handler], ...] = (
    (f"{PAGE}/generate", _generate),
    (f"{PAGE}/discard", for_people(Nothing, actions.discard, PAGE)),
    (f"{PAGE}/upload", for_people(ServerUpload, actions.upload, PAGE)),
    (f"{PAGE}/pending/deploy", for_people(Nothing, actions.deploy, PAGE)),
    (f"{PAGE}/pending/discard", for_people(Nothing, actions.discard_pending, PAGE)),
)
