"""aiohttp with limits on connections and time. Every HTTP server of the lab uses it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Any

from aiohttp import web

from simulator.errors import LabError
from simulator.web.listener import Caller, Listener
from simulator.web.throttle import Throttle, logger_to

MAX_CONNECTIONS = 400
PATIENCE = 10.0  # seconds to say a whole request header, or to shake hands
LONGEST = 60.0  # seconds that one request may take, its body included
MAX_FORM = 16 * 1024 * 1024


class HttpServer:
    """One application on one address. `context` chooses the certificate for each connection."""

    def __init__(
        self, app: web.Application, address: str, port: int, context: ssl.SSLContext | None = None, *,
        log: Callable[[str], None] = lambda _: None,
    ) -> None:  # fmt: skip
        """log: receives a line about refused connections and failed requests, at most a few at a time."""
        self.address, self.port = address, port
        self._context, self._log = context, Throttle(log)
        self._busy: dict[web.RequestHandler, int] = {}  # requests being answered, by connection
        app.middlewares.insert(0, self._limit)
        # The server decompresses nothing: a compressed request body could be a bomb.
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=1, keepalive_timeout=PATIENCE, auto_decompress=False,
            logger=logger_to(self._log),
        )  # fmt: skip
        self._listener: Listener | None = None

    async def start(self) -> None:
        """Start to listen."""
        await self._runner.setup()
        listener = Listener(self.address, self.port, self._shake_hands, full=self.is_full, log=self._log)
        try:
            listener.open()
        except OSError as error:
            await self._runner.cleanup()
            raise LabError(f"nothing can listen on {self.address}:{self.port}: {error.strerror}") from error
        self._listener, self.port = listener, listener.port

    async def stop(self) -> None:
        """Close the port and all connections."""
        if self._listener is not None:
            await self._listener.stop()
        self.drop()
        await asyncio.sleep(0)
        await self._runner.cleanup()
        for handler in tuple(self._busy):
            _hang_up(handler)

    def drop(self) -> None:
        """Close every connection, as a restart does. One on which a request is being answered closes after the answer."""
        server = self._runner.server
        for connection in server.connections if server is not None else ():
            if self._busy.get(connection):
                connection.close()
            else:
                _hang_up(connection)

    def is_full(self) -> bool:
        """Return True at the limit. Connections count from their first packet on, whether or not a handshake follows."""
        server, shaking = self._runner.server, self._listener.pending if self._listener is not None else 0
        return server is None or len(server.connections) + shaking >= MAX_CONNECTIONS

    async def _shake_hands(self, connection: socket.socket, _: Caller) -> None:
        """Turn an accepted connection into an HTTP connection."""
        server, loop = self._runner.server, asyncio.get_running_loop()
        assert server is not None  # full otherwise
        handler = server()
        options: dict[str, Any] = {"ssl": self._context, "ssl_handshake_timeout": PATIENCE} if self._context else {}
        try:
            await loop.connect_accepted_socket(lambda: handler, connection, **options)
        except OSError:  # no TLS, half of it, or too late: ssl.SSLError and the timeout are of this kind
            connection.close()
            return
        self._busy.setdefault(handler, 0)
        loop.call_later(PATIENCE, self._lose_patience, handler)

    def _lose_patience(self, handler: web.RequestHandler) -> None:
        """Close a connection whose time is over and on which no request is being answered."""
        if handler.transport is None:
            self._busy.pop(handler, None)
            return
        if self._busy.get(handler):
            asyncio.get_running_loop().call_later(PATIENCE, self._lose_patience, handler)
        else:
            self._busy.pop(handler, None)
            _hang_up(handler)

    @web.middleware
    async def _limit(self, request: web.Request, handler: Any) -> web.StreamResponse:
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
    """Close at once: TLS would wait for the other side's close_notify."""
    transport = handler.transport
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()
    handler.force_close()
