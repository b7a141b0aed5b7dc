"""The virtual host on port 80 of one peer. It serves challenge files and nothing else, and only while an order runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from pkikit.issue.acme.order import ChallengeFile
from pkikit.model.tables import ports
from simulator.errors import LabError
from simulator.events import EventLog
from simulator.web.http_server import HttpServer

_PATH = "/.well-known/acme-challenge/{token}"


@dataclass(frozen=True, kw_only=True)
class ChallengeFetch:
    """One fetch of a challenge file: which peer answered, for which name, and to which address."""

    peer: str
    host: str
    token: str
    by: str


class ChallengeHost:
    """The virtual host of one peer. Orders open and close it; it counts them, so that two orders can share it."""

    def __init__(
        self, fqdn: str, address: str, port: int, events: EventLog, *, blocked: Callable[[], bool] = lambda: False
    ) -> None:
        """Describe the virtual host; it does not listen yet.

        Args:
            blocked: returns True while a firewall blocks the port. The host then listens on a port that no caller reaches.
        """
        self._blocked = blocked
        self.fqdn, self.address, self.port = fqdn, address, port
        self.fetched: list[ChallengeFetch] = []
        # Called after each fetch with (peer, requested host, client address).
        self.served: list[Callable[[str, str, str], None]] = []
        self._events = events
        self._files: dict[str, str] = {}
        self._orders = 0
        self._changing = asyncio.Lock()
        self._server: HttpServer | None = None

    def place(self, file: ChallengeFile) -> None:
        """Put a challenge file on this peer."""
        self._files[file.token] = file.content

    def withdraw(self, file: ChallengeFile) -> None:
        """Remove a challenge file from this peer."""
        self._files.pop(file.token, None)

    async def open(self) -> None:
        """Start the virtual host, unless another order has started it."""
        self._orders += 1
        try:
            await self.follow()
        except BaseException:
            self._orders -= 1
            raise

    async def close(self) -> None:
        """End one use of the virtual host; stop it when the last order is done."""
        self._orders -= 1
        await self.follow()

    async def restart(self) -> None:
        """Stop and start the virtual host with its peer. The files stay, because orders of other peers need them."""
        async with self._changing:
            await self._shut()
        await self.follow()

    async def follow(self) -> None:
        """Listen while an order runs and the firewall lets callers in; stop otherwise. Makes one change at a time."""
        async with self._changing:
            if self._orders <= 0 or self._blocked():
                await self._shut()
            elif self._server is None:
                await self._listen()

    async def _listen(self) -> None:
        app = web.Application(client_max_size=1024)
        app.router.add_get(_PATH, self._serve, allow_head=False)
        app.router.add_route("*", "/{path:.*}", _find_nothing)
        server = HttpServer(app, self.address, self.port, log=self._trouble)
        try:
            await server.start()
        except LabError as error:
            raise LabError(f"{self.fqdn} cannot open its ACME port: {error}") from error
        self._server = server
        self._events.add(self.fqdn, "ACME Virtual Host Opened", Port=ports.HTTP)

    def _trouble(self, line: str) -> None:
        self._events.add(self.fqdn, "Web Server Trouble", Detail=line)

    async def _shut(self) -> None:
        if self._server is None:
            return
        server, self._server = self._server, None
        await server.stop()
        self._events.add(self.fqdn, "ACME Virtual Host Closed", Port=ports.HTTP)

    async def _serve(self, request: web.Request) -> web.Response:
        token = request.match_info["token"]
        content = self._files.get(token)
        if content is None:
            raise web.HTTPNotFound
        fetched = ChallengeFetch(
            peer=self.fqdn, host=request.host.partition(":")[0], token=token, by=request.remote or ""
        )
        self.fetched.append(fetched)
        self._events.add(self.fqdn, "ACME Challenge Served", Host=fetched.host, Client=fetched.by)
        for note in self.served:
            note(self.fqdn, fetched.host, fetched.by)
        return web.Response(body=content.encode("ascii"), content_type="application/octet-stream")


async def _find_nothing(_: web.Request) -> web.Response:
    """Answer every other request, by path or by method: not found (X14.0.1 certificate guide)."""
    raise web.HTTPNotFound
