"""Rendering of a page: the templates, and what every page displays. Everything is escaped."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, Never

import jinja2
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.model.certificates.facts import format_time, title
from pkikit.model.parties import Role
from pkikit.view.description import describe_certificate
from simulator.peer.pages.banners import Banner, BannerBoard, Tone
from simulator.peer.pages.menu.product import PRODUCT_MENU
from simulator.peer.pages.menu.tree import Group, Place, menu_of, place_of, places
from simulator.peer.peer import Peer
from simulator.web.doorkeeper import SESSION
from simulator.web.web_input import text_fields

PEER = web.AppKey("peer", Peer)
BANNERS = web.AppKey("banners", BannerBoard)
# What a handler finds in its request if the page is displayed again because its form was refused.
REFUSED = web.RequestKey("refused", tuple[str, int, str])  # address of the page, HTTP status, sentence
_NAMES = {Role.EXPRESSWAY_C: "Expressway-C", Role.EXPRESSWAY_E: "Expressway-E"}


@cache
def load_templates() -> tuple[jinja2.Environment, str]:
    """Return (the templates, the style sheet), read once. Call it outside the event loop: it reads files."""
    folder = files("simulator.peer.pages") / "templates"
    texts = {p.name: p.read_text(encoding="utf-8") for p in folder.iterdir()}
    loader = jinja2.DictLoader(texts)
    made = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return made, texts["style.css"]


def menu_for(peer: Peer) -> tuple[Group, ...]:
    """Return the menu of this peer's role and version."""
    deployment = peer.lab.deployment
    role = deployment.role_of(peer.fqdn) or Role.EXPRESSWAY_C
    return menu_of(PRODUCT_MENU, role, deployment.product_version)


def places_for(peer: Peer) -> dict[str, Place]:
    """Return where each page of this peer's menu is, by address."""
    return places(menu_for(peer))


def render(request: web.Request, name: str, *, status: int = 200, **values: Any) -> web.Response:
    """Return the page. Text that UTF-8 cannot express, as older versions stored it, is escaped."""
    peer = request.app[PEER]
    session = request.get(SESSION)
    path, status, refusal = request.get(REFUSED, (request.path, status, ""))
    banners = request.app[BANNERS].take(session) if session else ()
    if refusal:
        banners = (*banners, Banner(tone=Tone.ERROR, text=refusal))
    menu = menu_for(peer)
    text = (
        load_templates()[0]
        .get_template(name)
        .render(
            peer=peer.fqdn,
            role=_NAMES[peer.lab.deployment.role_of(peer.fqdn) or Role.EXPRESSWAY_C],
            version=peer.lab.deployment.version,
            now=format_time(peer.lab.now_of(peer.fqdn)),
            alarms=peer.alarms() if session else (),
            session=session,
            menu=menu,
            place=place_of(places(menu), path),
            path=path,
            banners=banners,
            **values,
        )
    )
    body = text.encode("utf-8", "backslashreplace")
    return web.Response(body=body, content_type="text/html", charset="utf-8", status=status)


def redirect(request: web.Request, path: str, *banners: Banner) -> Never:
    """Raise the redirect to a page, which then displays these banners."""
    session = request.get(SESSION)
    if session is not None:
        request.app[BANNERS].put(session, banners)
    raise web.HTTPSeeOther(path)


async def page_of_form(request: web.Request, default: str) -> str:
    """Return the page that a form was on: the one in its field `back`, if the menu has it, or the default."""
    named = (await text_fields(request)).get("back", "")
    return named if named in places_for(request.app[PEER]) else default


def require_in_menu(request: web.Request, path: str) -> None:
    """Raise 404 if this peer's menu does not have a page, because of its role or version."""
    if path not in places_for(request.app[PEER]):
        raise web.HTTPNotFound(text="this Expressway does not have that page")


def problem(request: web.Request, status: int, message: str, headers: dict[str, str]) -> web.Response:
    """Return a page with one sentence about what went wrong, and a link back."""
    response = render(request, "problem.html", status=status, message=message)
    response.headers.update(headers)
    return response


def certificate_values(certificate: x509.Certificate, peer: Peer) -> dict[str, Any]:
    facts = describe_certificate(certificate, peer.lab.now_of(peer.fqdn))
    return {"facts": facts, "pem": certificate.public_bytes(Encoding.PEM).decode("ascii"), "title": title(certificate)}
