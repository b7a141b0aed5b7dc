"""The Server certificate pages: signing request, upload, pending ACME certificate, domain certificates."""

from __future__ import annotations

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.errors import InputError
from pkikit.model.codec.problems import validate_as
from pkikit.model.findings import Finding
from pkikit.model.parties import Role
from pkikit.model.tables.features import TWO_STORES
from pkikit.view.description import describe_request
from simulator.peer.pages import actions
from simulator.peer.pages.actions import ActionResult, Handler, for_people
from simulator.peer.pages.bodies import Domain, DomainUpload, Generate, Nothing, Upload, number_of
from simulator.peer.pages.rendering import PEER, certificate_values, render
from simulator.peer.upload import warning_lines
from simulator.web.web_input import text_fields

_FIELDS = {
    "country": "Country",
    "state": "State or province",
    "locality": "Locality",
    "organisation": "Organization",
    "unit": "Organizational unit",
}


async def _server(request: web.Request) -> web.Response:
    return _server_page(request)


def _server_page(request: web.Request, *, done: str = "", warnings: tuple[Finding, ...] = ()) -> web.Response:
    peer = request.app[PEER]
    state, running = peer.state, peer.running
    return render(
        request,
        "servercertificate.html",
        done=done,
        warnings=warning_lines(warnings),
        running=certificate_values(running.leaf, peer) if running else None,
        loaded=certificate_values(state.certificate.leaf, peer) if peer.restart_needed and state.certificate else None,
        csr=describe_request(state.request.csr) if state.request else None,
        pending=certificate_values(state.pending_certificate.leaf, peer) if state.pending_certificate else None,
        domains=[(d, certificate_values(c.leaf, peer)) for d, c in state.domain_certificates],
        client=certificate_values(state.client_certificate.leaf, peer) if state.client_certificate else None,
        two_stores=peer.lab.deployment.product_version.has(TWO_STORES),
        is_edge=peer.lab.deployment.role_of(peer.fqdn) is Role.EXPRESSWAY_E,
    )


async def _generate_form(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    peer.state.require_no_request()
    return render(request, "generate.html", layout=peer.layout, form=peer.form)


async def _generate(request: web.Request) -> web.Response:
    form = await text_fields(request)
    # The product's form wants all of these, even where the CA drops them (guide, "Creating a CSR Using Expressway").
    empty = [label for name, label in _FIELDS.items() if not form.get(name, "").strip()]
    if empty:
        raise InputError(f"Enter {', '.join(empty)}. The page needs every field of the subject.")
    names = [n.strip() for n in form.get("additional_names", "").replace("\n", ",").split(",") if n.strip()]
    given = {
        **{name: form[name].strip() for name in _FIELDS},
        "additional_names": names,
        "digest": form.get("digest", ""),
        "key_length": number_of({"key_length": "2048", **form}, "key_length"),
    }
    await actions.generate(request, validate_as(Generate, given))
    raise web.HTTPSeeOther("/servercertificate/csr")


async def _csr(request: web.Request) -> web.Response:
    pending = request.app[PEER].state.request
    if pending is None:
        raise web.HTTPNotFound(text="no signing request is in progress")
    pem = pending.csr.public_bytes(Encoding.PEM).decode("ascii")
    return render(request, "certificate.html", heading="Signing request", facts=describe_request(pending.csr), pem=pem,
                 title="", download="/servercertificate/csr.pem")  # fmt: skip


async def _csr_file(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    if peer.state.request is None:
        raise web.HTTPNotFound(text="no signing request is in progress")
    return web.Response(
        body=peer.state.request.csr.public_bytes(Encoding.PEM),
        content_type="application/x-pem-file",
        headers={"Content-Disposition": f'attachment; filename="{peer.fqdn}.csr.pem"'},
    )


def render_certificate(request: web.Request, heading: str, certificate: x509.Certificate | None) -> web.Response:
    if certificate is None:
        raise web.HTTPNotFound(text="there is no such certificate")
    facts = certificate_values(certificate, request.app[PEER])
    return render(request, "certificate.html", heading=heading, download="", **facts)


async def _current(request: web.Request) -> web.Response:
    running = request.app[PEER].running
    return render_certificate(request, "Server certificate in use", running.leaf if running else None)


async def _show_loaded(request: web.Request) -> web.Response:
    loaded = request.app[PEER].state.certificate
    return render_certificate(request, "Server certificate loaded", loaded.leaf if loaded else None)


async def _pending(request: web.Request) -> web.Response:
    pending = request.app[PEER].state.pending_certificate
    return render_certificate(request, "Pending ACME certificate", pending.leaf if pending else None)


async def _answer(request: web.Request, done: ActionResult) -> web.Response:
    return _server_page(request, done=done.sentence, warnings=done.warnings)


GET = (
    ("/servercertificate", _server), ("/servercertificate/generate", _generate_form), ("/servercertificate/csr", _csr),
    ("/servercertificate/csr.pem", _csr_file), ("/servercertificate/current", _current),
    ("/servercertificate/loaded", _show_loaded), ("/servercertificate/pending", _pending),
)  # fmt: skip
POST: tuple[tuple[str, Handler], ...] = (
    ("/servercertificate/generate", _generate),
    ("/servercertificate/discard", for_people(Nothing, actions.discard, _answer)),
    ("/servercertificate/upload", for_people(Upload, actions.upload, _answer)),
    ("/servercertificate/pending/deploy", for_people(Nothing, actions.deploy, _answer)),
    ("/servercertificate/pending/discard", for_people(Nothing, actions.discard_pending, _answer)),
    ("/servercertificate/domain", for_people(DomainUpload, actions.upload_domain, _answer)),
    ("/servercertificate/domain/remove", for_people(Domain, actions.remove_domain, _answer)),
    ("/servercertificate/client", for_people(Upload, actions.upload_client, _answer)),
    ("/servercertificate/client/remove", for_people(Nothing, actions.remove_client, _answer)),
)
