"""How a page is made: the templates, what every page shows, what a form brought. Everything is escaped."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import jinja2
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.errors import InputError
from pkikit.model.certificates.facts import shown_time, title
from pkikit.model.parties import Role
from pkikit.values.names import printable
from pkikit.values.numbers import whole_number
from pkikit.view.description import describe_certificate
from simulator.peer.peer import Peer
from simulator.web.doorkeeper import SESSION
from simulator.web.web_input import read_form, read_json, text_fields

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
    """(the templates, the style sheet), read once; called by whoever starts the pages, outside the event loop."""
    folder = files("simulator.peer.pages") / "templates"
    texts = {p.name: p.read_text(encoding="utf-8") for p in folder.iterdir()}
    loader = jinja2.DictLoader(texts)
    made = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    return made, texts["style.css"]


def render(request: web.Request, name: str, *, status: int = 200, **values: Any) -> web.Response:
    """The page. Text that UTF-8 cannot express, as older versions stored it, is shown escaped."""
    peer = request.app[PEER]
    session = request.get(SESSION)
    text = (
        load_templates()[0]
        .get_template(name)
        .render(
            peer=peer.fqdn,
            role="Expressway-C" if peer.lab.deployment.role_of(peer.fqdn) is Role.EXPRESSWAY_C else "Expressway-E",
            version=peer.lab.deployment.version,
            now=shown_time(peer.lab.now_of(peer.fqdn)),
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
    """What went wrong, in one sentence, with a way back."""
    response = render(request, "problem.html", status=status, message=message)
    response.headers.update(headers)
    return response


form_of = text_fields


async def body_of(request: web.Request, allowed: tuple[str, ...] | None) -> dict[str, Any]:
    """The JSON object of a script's request; an unknown key is named (None: the caller looks at the keys)."""
    read = await read_json(request)
    unknown = sorted(set(read) - set(allowed)) if allowed is not None else []
    if unknown and allowed is not None:
        raise InputError(f"{printable(unknown[0], 60)!r} is not known; allowed are {', '.join(allowed)}")
    return read


async def file_of(request: web.Request, name: str) -> bytes:
    """An uploaded file, or the text field of the same name that it may be pasted into."""
    form = await read_form(request)
    given = form.get(name)
    if isinstance(given, web.FileField):
        data: bytes = given.file.read()
        if data:
            return data
    pasted = form.get(f"{name}_text", "")
    return pasted.encode() if isinstance(pasted, str) else b""


def hour_of(form: dict[str, str]) -> int:
    """The hour field of a form. Raises InputError when it is not an hour."""
    hour = whole_number(form.get("hour", ""), most=23)
    if hour is None:
        raise InputError("the hour must be a number from 0 to 23")
    return hour


def decoded(certificate: x509.Certificate, peer: Peer) -> dict[str, Any]:
    facts = describe_certificate(certificate, peer.lab.now_of(peer.fqdn))
    return {"facts": facts, "pem": certificate.public_bytes(Encoding.PEM).decode("ascii"), "title": title(certificate)}
