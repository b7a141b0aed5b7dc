"""Rendering of a page: the templates, and what every page displays. Everything is escaped."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import jinja2
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.model.certificates.facts import format_time, title
from pkikit.model.parties import Role
from pkikit.view.description import describe_certificate
from simulator.peer.peer import Peer
from simulator.web.doorkeeper import SESSION

PEER = web.AppKey("peer", Peer)
MENU = (
    ("/", "Overview"),
    ("/servercertificate", "Server certificate"),
    ("/acme", "ACME certificate service"),
    ("/trustedca", "Trusted CA certificate"),
    ("/crl", "CRL management"),
    ("/sip", "SIP TLS revocation"),
    ("/zones", "Zones"),
    ("/alarms", "Alarms"),
    ("/eventlog", "Event log"),
    ("/restart", "Restart"),
)


@cache
def load_templates() -> tuple[jinja2.Environment, str]:
    """Return (the templates, the style sheet), read once. Call it outside the event loop: it reads files."""
    folder = files("simulator.peer.pages") / "templates"
    texts = {p.name: p.read_text(encoding="utf-8") for p in folder.iterdir()}
    loader = jinja2.DictLoader(texts)
    made = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    return made, texts["style.css"]


def render(request: web.Request, name: str, *, status: int = 200, **values: Any) -> web.Response:
    """Return the page. Text that UTF-8 cannot express, as older versions stored it, is escaped."""
    peer = request.app[PEER]
    session = request.get(SESSION)
    text = (
        load_templates()[0]
        .get_template(name)
        .render(
            peer=peer.fqdn,
            role="Expressway-C" if peer.lab.deployment.role_of(peer.fqdn) is Role.EXPRESSWAY_C else "Expressway-E",
            version=peer.lab.deployment.version,
            now=format_time(peer.lab.now_of(peer.fqdn)),
            alarms=peer.alarms() if session else (),
            session=session,
            menu=MENU,
            path=request.path,
            **values,
        )
    )
    body = text.encode("utf-8", "backslashreplace")
    return web.Response(body=body, content_type="text/html", charset="utf-8", status=status)


def problem(request: web.Request, status: int, message: str, headers: dict[str, str]) -> web.Response:
    """Return a page with one sentence about what went wrong, and a link back."""
    response = render(request, "problem.html", status=status, message=message)
    response.headers.update(headers)
    return response


async def restarting(request: web.Request, _: object = None) -> web.Response:
    """Return the page that says that the peer restarts."""
    return render(request, "restart.html", restart_needed=False, restarting=True, status=202)


def certificate_values(certificate: x509.Certificate, peer: Peer) -> dict[str, Any]:
    facts = describe_certificate(certificate, peer.lab.now_of(peer.fqdn))
    return {"facts": facts, "pem": certificate.public_bytes(Encoding.PEM).decode("ascii"), "title": title(certificate)}
