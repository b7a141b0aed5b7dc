"""The web site of one peer: HTTPS on its own address, with its own server certificate; pages for people, REST for scripts.

Protection: login with roles, a CSRF token per session, SameSite cookies, an Origin check, a content security policy
without scripts, and templates that escape. No path leads to a private key.
"""

from __future__ import annotations

import asyncio
import ssl
from http import HTTPStatus
from typing import Any

from aiohttp import web

from pkikit.errors import InputError, PkikitError
from pkikit.model.certificates.credential import Credential
from pkikit.model.certificates.facts import presented_names
from simulator.peer.api.answers import is_api, refusal
from simulator.peer.api.call_table import add_calls
from simulator.peer.installation import temporary_credential
from simulator.peer.pages import rendering, routes
from simulator.peer.pages.acme_pages import ACME, AcmeDesk
from simulator.peer.pages.actions import Handler
from simulator.peer.pages.banners import BannerBoard
from simulator.peer.pages.gate import GATE, Gate
from simulator.peer.peer import Peer
from simulator.web.doorkeeper import SESSION, Accounts, TooManyFailures
from simulator.web.http_server import MAX_FORM, HttpServer
from simulator.web.web_input import drain
from simulator.web.web_tls import choosing_context, server_context

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
    "Cache-Control": "no-store",
}


class PeerSite:
    """The web site of one peer. `restarted` loads the certificate that is in use after a restart."""

    def __init__(self, peer: Peer, accounts: Accounts, address: str, port: int) -> None:
        self.peer, self.acme = peer, AcmeDesk()
        self.gate = Gate(peer, accounts, self._names)
        app = web.Application(client_max_size=MAX_FORM, middlewares=[self._guard])
        app[rendering.PEER], app[GATE], app[ACME] = peer, self.gate, self.acme
        app[rendering.BANNERS] = BannerBoard()
        routes.add_routes(app)
        add_calls(app)
        app.on_response_prepare.append(_add_headers)
        self.restarts = 0  # how often the pages restarted with their peer
        self._app, self._pages = app, routes.page_handlers()
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._server = HttpServer(app, address, port, choosing_context(self._choose), log=self._trouble)

    def _trouble(self, line: str) -> None:
        self.peer.lab.events.add(self.peer.fqdn, "Web Server Trouble", Detail=line)

    @property
    def address(self) -> tuple[str, int]:
        """The address that it listens on."""
        return self._server.address, self._server.port

    def get_paths(self) -> tuple[str, ...]:
        """Return every GET path without parameters: pages, downloads and REST."""
        found = {
            route.resource.canonical
            for route in self._app.router.routes()
            if route.method == "GET" and route.resource is not None and "{" not in route.resource.canonical
        }
        return tuple(sorted(found))

    async def start(self) -> None:
        """Load the certificate and listen."""
        await asyncio.to_thread(rendering.load_templates)
        await self._load()
        await self._server.start()

    async def stop(self) -> None:
        """Stop listening and close every connection."""
        await self._server.stop()

    async def restarted(self) -> None:
        """Use the certificate that is in use after the restart; end sessions and connections."""
        self.gate.close_all()
        await self._load()
        self._server.drop()
        self.restarts += 1

    async def reloaded(self) -> None:
        """Use the certificates that are in use now for new connections; sessions and connections stay."""
        await self._load()

    async def _load(self) -> None:
        in_use = self.peer.lab.party(self.peer.fqdn)
        await asyncio.to_thread(self._load_contexts, in_use.credential, dict(in_use.domains))

    def _load_contexts(self, running: Credential | None, domains: dict[str, Credential]) -> None:
        context = server_context(running) if running is not None else None
        if context is None:
            # The product's own way out of a certificate that it cannot use: the one of the installation.
            at = self.peer.lab.now_of(self.peer.fqdn)
            context = server_context(temporary_credential(self.peer.fqdn, at)[1])
            assert context is not None  # made here, key and all
        contexts = {"": context}
        for domain, credential in domains.items():
            made = server_context(credential)
            if made is not None:
                contexts |= {domain: made, f"collab-edge.{domain}": made}
        self._contexts = contexts

    def _choose(self, name: str | None) -> ssl.SSLContext:
        return self._contexts.get((name or "").lower(), self._contexts[""])

    # Who is asking?

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        by_script = is_api(request.path)
        try:
            await self.gate.admit(request, is_script=by_script)
            response: web.StreamResponse = await handler(request)
            return response
        except TooManyFailures as refused:
            wait = str(max(1, round(refused.wait)))
            message = f"Too many failed logins. Try again in {wait} s."
            return _answer_error(request, by_script, 429, message, {"Retry-After": wait})
        except InputError as error:
            return await self._refuse(request, by_script, 400, str(error))
        except PkikitError as error:
            return await self._refuse(request, by_script, 409, str(error))
        except web.HTTPException as error:
            if error.status < 400:
                raise
            if error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                await drain(request)
            reason = error.text if error.text and "\n" not in error.text else error.reason
            return _answer_error(request, by_script, error.status, reason or "", dict(error.headers))

    async def _refuse(self, request: web.Request, by_script: bool, status: int, message: str) -> web.StreamResponse:
        """Return the page of a refused form again, with the reason as a banner; or a page with the sentence alone."""
        found = None if by_script or request.method != "POST" else self._page_of(request.path)
        if found is not None and request.get(SESSION) is not None:
            path, handler = found
            request[rendering.REFUSED] = (path, status, message)
            try:
                return await handler(request)
            except (PkikitError, web.HTTPException):
                del request[rendering.REFUSED]  # the page cannot be displayed either
        return _answer_error(request, by_script, status, message)

    def _page_of(self, path: str) -> tuple[str, Handler] | None:
        """Return the page that a form belongs to: the one with its address, or the next one above."""
        while path and path not in self._pages:
            path = path.rpartition("/")[0]
        return (path, self._pages[path]) if path else None

    def _names(self) -> set[str]:
        """Return the host names of this peer: its own, its cluster's, and those in the certificate in use."""
        cluster, running = self.peer.lab.deployment.cluster_of(self.peer.fqdn), self.peer.running
        names = {self.peer.fqdn, *self._contexts, *self.peer.layout.dns_names}
        if cluster is not None and cluster.fqdn:
            names.add(cluster.fqdn)
        names.update(presented_names(running.leaf).identities if running is not None else ())
        return names - {""}


def _answer_error(
    request: web.Request, by_script: bool, status: int, message: str, headers: dict[str, str] | None = None
) -> web.Response:
    kept = {k: v for k, v in (headers or {}).items() if k in {"Retry-After", "WWW-Authenticate", "Allow"}}
    if by_script:
        return refusal(request, status, message, kept)
    return rendering.problem(request, status, message, kept)


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)
    response.headers["Server"] = "Expressway Certificate Lab"
