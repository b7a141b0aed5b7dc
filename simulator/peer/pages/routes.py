"""Which handler answers which address of a peer's pages: pages, forms, and addresses of older releases."""

from __future__ import annotations

from aiohttp import web

from simulator.peer.pages import acme_pages
from simulator.peer.pages.actions import Handler
from simulator.peer.pages.gate import COOKIE, GATE
from simulator.peer.pages.rendering import PEER, load_templates, places_for, render
from simulator.peer.pages.views import (
    certificate_testing,
    configuration,
    diagnostic_logging,
    other_certificates,
    restart,
    server_certificate,
    status,
    traversal_test,
    trust_views,
    uc_status,
    zone_views,
)
from simulator.web.web_input import text_fields

_VIEWS = (
    status, zone_views, uc_status, configuration, server_certificate, other_certificates, trust_views,
    certificate_testing, traversal_test, diagnostic_logging, restart, acme_pages,
)  # fmt: skip
# Addresses of the release before the menu was the product's. They redirect for one release.
_MOVED = {
    "/trustedca": "/trustedcacertificate",
    "/crl": "/crlupdater",
    "/acme": acme_pages.PAGE,
    "/restart": "/restartoptions",
    "/servercertificate/csr": "/servercertificate/csr/decoded",
    "/servercertificate/csr.pem": "/servercertificate/csr/download",
    "/servercertificate/current": "/servercertificate/running/decoded",
    "/servercertificate/loaded": "/servercertificate/decoded",
    "/servercertificate/pending": "/servercertificate/pending/decoded",
}


def page_handlers() -> dict[str, Handler]:
    """Return the handler of each page, by address."""
    return {path: handler for view in _VIEWS for path, handler in view.GET}


def add_routes(app: web.Application) -> None:
    """Add the routes of every page and every form."""
    get: tuple[tuple[str, Handler], ...] = (("/login", _login_form), ("/style.css", _style))
    post: tuple[tuple[str, Handler], ...] = (("/login", _login), ("/logout", _logout))
    app.router.add_routes([web.get(path, handler) for path, handler in (*get, *page_handlers().items())])
    app.router.add_routes([web.post(path, handler) for path, handler in (*post, *(p for v in _VIEWS for p in v.POST))])
    # Below here, no page has the address: it is an older one, or that of a page that is not simulated.
    app.router.add_get(r"/{address:(?!api/|status\.xml$).*}", _elsewhere)


async def _elsewhere(request: web.Request) -> web.Response:
    if request.path == "/":
        raise web.HTTPFound("/overview")
    if request.path in _MOVED:
        raise web.HTTPMovedPermanently(_MOVED[request.path])
    place = places_for(request.app[PEER]).get(request.path)
    if place is None or not place.page.absent:
        raise web.HTTPNotFound(text="there is no such page")
    return render(request, "absent.html", page=place.page)


async def _style(_: web.Request) -> web.Response:
    return web.Response(text=load_templates()[1], content_type="text/css")


# Logging in and out.


async def _login_form(request: web.Request) -> web.Response:
    return render(request, "login.html", failed=False)


async def _login(request: web.Request) -> web.Response:
    form = await text_fields(request)
    cookie = request.app[GATE].log_in(request, form.get("user", ""), form.get("password", ""))
    if cookie is None:
        return render(request, "login.html", failed=True, status=401)
    response = web.HTTPSeeOther("/overview")
    response.set_cookie(COOKIE, cookie, secure=True, httponly=True, samesite="Strict", path="/")
    raise response


async def _logout(request: web.Request) -> web.Response:
    request.app[GATE].log_out(request)
    raise web.HTTPSeeOther("/login")
