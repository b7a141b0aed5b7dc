"""The Server certificate pages: signing request, upload, pending ACME certificate, domain certificates."""

from __future__ import annotations

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.design.csr import SubjectFields
from pkikit.errors import InputError
from pkikit.model.features import TWO_STORES
from pkikit.model.findings import Finding
from pkikit.model.parties import Role
from pkikit.values.numbers import whole_number
from pkikit.view.description import describe_request
from simulator.peer.pages.rendering import PEER, decoded, file_of, form_of, render
from simulator.peer.upload import told

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
        warnings=told(warnings),
        running=decoded(running.leaf, peer) if running else None,
        loaded=decoded(state.certificate.leaf, peer) if peer.restart_needed and state.certificate else None,
        csr=describe_request(state.request.csr) if state.request else None,
        pending=decoded(state.pending_certificate.leaf, peer) if state.pending_certificate else None,
        domains=[(d, decoded(c.leaf, peer)) for d, c in state.domain_certificates],
        client=decoded(state.client_certificate.leaf, peer) if state.client_certificate else None,
        two_stores=peer.lab.deployment.product_version.has(TWO_STORES),
        is_edge=peer.lab.deployment.role_of(peer.fqdn) is Role.EXPRESSWAY_E,
    )


async def _generate_form(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    peer.state.require_no_request()
    return render(request, "generate.html", layout=peer.layout, form=peer.form)


async def _generate(request: web.Request) -> web.Response:
    form = await form_of(request)
    size = whole_number(form.get("key_length", "2048"), most=99_999)
    if size is None:
        raise InputError("the key length must be a number")
    # The product's form wants all of these, even where the CA drops them (guide, "Creating a CSR Using Expressway").
    empty = [label for name, label in _FIELDS.items() if not form.get(name, "").strip()]
    if empty:
        raise InputError(f"Enter {', '.join(empty)}. The page needs every field of the subject.")
    names = tuple(n.strip() for n in form.get("additional_names", "").replace("\n", ",").split(",") if n.strip())
    await request.app[PEER].generate(
        added=names,
        fields=SubjectFields(**{name: form.get(name, "").strip() for name in _FIELDS}),
        digest=form.get("digest", ""),
        key_size=size,
    )
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


async def _discard(request: web.Request) -> web.Response:
    await request.app[PEER].discard()
    return _server_page(request, done="The signing request and its key were discarded.")


async def _upload(request: web.Request) -> web.Response:
    certificate, key = await file_of(request, "certificate"), await file_of(request, "private_key")
    warnings = await request.app[PEER].upload(certificate, key)
    return _server_page(
        request, done="The certificate was loaded. Restart the Expressway to use it.", warnings=warnings
    )


def shown(request: web.Request, heading: str, certificate: x509.Certificate | None) -> web.Response:
    if certificate is None:
        raise web.HTTPNotFound(text="there is no such certificate")
    shown = decoded(certificate, request.app[PEER])
    return render(request, "certificate.html", heading=heading, download="", **shown)


async def _current(request: web.Request) -> web.Response:
    running = request.app[PEER].running
    return shown(request, "Server certificate in use", running.leaf if running else None)


async def _loaded(request: web.Request) -> web.Response:
    loaded = request.app[PEER].state.certificate
    return shown(request, "Server certificate loaded", loaded.leaf if loaded else None)


async def _pending(request: web.Request) -> web.Response:
    pending = request.app[PEER].state.pending_certificate
    return shown(request, "Pending ACME certificate", pending.leaf if pending else None)


async def _deploy(request: web.Request) -> web.Response:
    await request.app[PEER].deploy_soon()
    return render(request, "restart.html", restart_needed=False, restarting=True, status=202)


async def _discard_pending(request: web.Request) -> web.Response:
    await request.app[PEER].discard_pending()
    return _server_page(request, done="The pending certificate was thrown away.")


async def _client(request: web.Request) -> web.Response:
    certificate, key = await file_of(request, "certificate"), await file_of(request, "private_key")
    warnings = await request.app[PEER].load_client_certificate(certificate, key)
    done = "The client certificate was loaded. Restart the Expressway to use it."
    return _server_page(request, done=done, warnings=warnings)


async def _remove_client(request: web.Request) -> web.Response:
    await request.app[PEER].remove_client_certificate()
    return _server_page(request, done="The client certificate was removed. Restart the Expressway.")


async def _domain(request: web.Request) -> web.Response:
    form = await form_of(request)
    certificate, key = await file_of(request, "certificate"), await file_of(request, "private_key")
    await request.app[PEER].load_domain_certificate(form.get("domain", ""), certificate, key)
    return _server_page(request, done="The domain certificate was loaded. Restart the Expressway to use it.")


async def _remove_domain(request: web.Request) -> web.Response:
    await request.app[PEER].remove_domain_certificate((await form_of(request)).get("domain", ""))
    return _server_page(request, done="The domain certificate was removed.")


GET = (
    ("/servercertificate", _server), ("/servercertificate/generate", _generate_form), ("/servercertificate/csr", _csr),
    ("/servercertificate/csr.pem", _csr_file), ("/servercertificate/current", _current),
    ("/servercertificate/loaded", _loaded), ("/servercertificate/pending", _pending),
)  # fmt: skip
POST = (
    ("/servercertificate/generate", _generate), ("/servercertificate/discard", _discard),
    ("/servercertificate/upload", _upload), ("/servercertificate/pending/deploy", _deploy),
    ("/servercertificate/pending/discard", _discard_pending), ("/servercertificate/domain", _domain),
    ("/servercertificate/client", _client), ("/servercertificate/client/remove", _remove_client),
    ("/servercertificate/domain/remove", _remove_domain),
)  # fmt: skip
