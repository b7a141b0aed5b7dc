"""The virtual host on port 80 of one peer: serves challenge files and nothing else, and only while an order runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from pkikit.issue.acme.order import ChallengeFile
from pkikit.model import ports
from simulator.errors import LabError
from simulator.events import EventLog
from simulator.web.http_server import HttpServer

_PATH = "/.well-known/acme-challenge/{token}"


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """One fetch of a challenge file: which peer answered, for which name, to whom."""

    peer: str
    host: str
    token: str
    by: str


class ChallengeHost:
    """Opened and closed by orders; counts them, so that two at once share it."""

    def __init__(
        self, fqdn: str, address: str, port: int, events: EventLog, *, blocked: Callable[[], bool] = lambda: False
    ) -> None:
        """blocked: whether a firewall keeps the port; then it is opened where nobody comes through."""
        self._blocked = blocked
        self.fqdn, self.address, self.port = fqdn, address, port
        self.fetched: list[Fetched] = []
        # Who is told of each fetch: (peer, host that was asked for, who asked).
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
        """Take it away again."""
        self._files.pop(file.token, None)

    async def open(self) -> None:
        """Start the virtual host, unless another order did."""
        self._orders += 1
        try:
            await self.follow()
        except BaseException:
            self._orders -= 1
            raise

    async def close(self) -> None:
        """Stop it when the last order is done."""
        self._orders -= 1
        await self.follow()

    async def restart(self) -> None:
        """Down and up again with the peer; files are on its disk, and orders of the other peers need them."""
        async with self._changing:
            await self._shut()
        await self.follow()

    async def follow(self) -> None:
        """Be open while an order runs and the firewall lets callers in, and closed otherwise. One change at a time."""
        async with self._changing:
            if self._orders <= 0 or self._blocked():
                await self._shut()
            elif self._server is None:
                await self._listen()

    async def _listen(self) -> None:
        app = web.Application(client_max_size=1024)
        app.router.add_get(_PATH, self._serve)
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
        fetched = Fetched(peer=self.fqdn, host=request.host.partition(":")[0], token=token, by=request.remote or "")
        self.fetched.append(fetched)
        self._events.add(self.fqdn, "ACME Challenge Served", Host=fetched.host, Client=fetched.by)
        for told in self.served:
            told(self.fqdn, fetched.host, fetched.by)
        return web.Response(body=content.encode("ascii"), content_type="application/octet-stream")
