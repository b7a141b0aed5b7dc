"""aiohttp behind bounds: so many connections, so much patience, then a hang-up. Every HTTP face of the lab stands here."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

from aiohttp import web

from simulator.errors import LabError

MAX_CONNECTIONS = 400
PATIENCE = 10.0  # seconds to say a whole request header, or to shake hands
LONGEST = 60.0  # seconds that one request may take, its body included
MAX_FORM = 16 * 1024 * 1024


class HttpServer:
    """One application on one address. `context` decides per connection which certificate is shown."""

    def __init__(self, app: web.Application, address: str, port: int, context: ssl.SSLContext | None = None) -> None:
        self.address, self.port = address, port
        self._context = context
        self._busy: dict[web.RequestHandler, int] = {}  # requests being answered, by connection
        app.middlewares.insert(0, self._bounded)
        # Nothing is unpacked on arrival: a compressed request body would be a bomb nobody asked for.
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=1, keepalive_timeout=PATIENCE, auto_decompress=False
        )
        self._server: asyncio.Server | None = None
        self._stopped = False

    async def start(self) -> None:
        """Listen."""
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        options: dict[str, Any] = {"ssl": self._context, "ssl_handshake_timeout": PATIENCE} if self._context else {}
        try:
            self._server = await loop.create_server(self._connection, self.address, self.port, backlog=512, **options)
        except OSError as error:
            await self._runner.cleanup()
            raise LabError(f"nothing can listen on {self.address}:{self.port}: {error.strerror}") from error
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the port and what is open."""
        self._stopped = True
        if self._server is not None:
            # No more are accepted, and who was becomes a connection within two rounds of the loop: asyncio (3.11) would
            # fail at that once its server is closed, and leave the socket open.
            for listening in self._server.sockets:
                asyncio.get_running_loop().remove_reader(listening.fileno())
            for _ in range(3):
                await asyncio.sleep(0)
            self._server.close()
        self.drop()
        await asyncio.sleep(0)
        await self._runner.cleanup()
        for handler in tuple(self._busy):
            _hang_up(handler)

    def drop(self) -> None:
        """Hang up on everybody, as a restart does."""
        server = self._runner.server
        for connection in server.connections if server is not None else ():
            _hang_up(connection)

    def _connection(self) -> asyncio.BaseProtocol:
        server = self._runner.server
        if self._stopped or server is None or len(server.connections) >= MAX_CONNECTIONS:
            return _Refusal()
        handler = server()
        self._busy[handler] = 0
        asyncio.get_running_loop().call_later(PATIENCE, self._lose_patience, handler)
        return handler

    def _lose_patience(self, handler: web.RequestHandler) -> None:
        """A connection on which no request is being answered has had its time."""
        if handler.transport is None:
            self._busy.pop(handler, None)
            return
        if self._busy.get(handler):
            asyncio.get_running_loop().call_later(PATIENCE, self._lose_patience, handler)
        else:
            self._busy.pop(handler, None)
            _hang_up(handler)

    @web.middleware
    async def _bounded(self, request: web.Request, handler: Any) -> web.StreamResponse:
        protocol = request.protocol
        self._busy[protocol] = self._busy.get(protocol, 0) + 1
        try:
            async with asyncio.timeout(LONGEST):
                response: web.StreamResponse = await handler(request)
                return response
        except TimeoutError:
            raise web.HTTPRequestTimeout(text="the request took too long") from None
        finally:
            self._busy[protocol] = self._busy.get(protocol, 1) - 1


def _hang_up(handler: web.RequestHandler) -> None:
    """At once: TLS would wait for the other side's goodbye."""
    transport = handler.transport
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()
    handler.force_close()


class _Refusal(asyncio.Protocol):
    """One connection too many: closed at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()
