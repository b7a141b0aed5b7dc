"""Certificates and requests as the product shows them: decoded, as PEM, and as a file to download."""

from __future__ import annotations

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.model.certificates.credential import Credential
from pkikit.view.description import describe_request
from simulator.peer.pages.rendering import PEER, certificate_values, render
from simulator.peer.state import PendingRequest

PEM_TYPE = "application/x-pem-file"


def decoded(request: web.Request, heading: str, certificate: x509.Certificate | None) -> web.Response:
    """Return the page of one decoded certificate."""
    shown = certificate_values(_there(certificate), request.app[PEER])
    return render(request, "decoded.html", heading=heading, shown=[shown])


def certificate_pem(request: web.Request, heading: str, credential: Credential | None) -> web.Response:
    """Return the page with a certificate file: the certificate, and what was uploaded behind it."""
    if credential is None:
        raise web.HTTPNotFound(text="there is no such certificate")
    text = "".join(c.public_bytes(Encoding.PEM).decode("ascii") for c in credential.chain)
    return pem_page(request, heading, text)


def decoded_request(request: web.Request, pending: PendingRequest | None) -> web.Response:
    """Return the page of a decoded signing request."""
    csr = _csr(pending)
    return render(request, "decoded.html", heading="Certificate signing request (decoded)", shown=[
        {"title": "", "facts": describe_request(csr)}
    ])  # fmt: skip


def request_pem(request: web.Request, pending: PendingRequest | None) -> web.Response:
    """Return the page with a signing request as text."""
    return pem_page(
        request, "Certificate signing request (PEM file)", _csr(pending).public_bytes(Encoding.PEM).decode()
    )


def request_file(request: web.Request, pending: PendingRequest | None, name: str) -> web.Response:
    """Return a signing request as a file."""
    return web.Response(
        body=_csr(pending).public_bytes(Encoding.PEM),
        content_type=PEM_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def pem_page(request: web.Request, heading: str, text: str) -> web.Response:
    """Return a page with PEM text."""
    return render(request, "pem.html", heading=heading, pem=text)


def _there(certificate: x509.Certificate | None) -> x509.Certificate:
    if certificate is None:
        raise web.HTTPNotFound(text="there is no such certificate")
    return certificate


def _csr(pending: PendingRequest | None) -> x509.CertificateSigningRequest:
    if pending is None:
        raise web.HTTPNotFound(text="no signing request is in progress")
    return pending.csr
