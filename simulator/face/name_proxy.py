"""A proxy by which scripts and browsers use the names and ports of the product: `HTTPS_PROXY=http://127…:3128`.

It answers CONNECT for names of the lab's own DNS alone, and passes bytes on: TLS is between the caller and the peer.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import Callable

from simulator.lab.running_lab import RunningLab
from simulator.web.listener import Caller, Listener, stream_of

_NUMBER, _PORT = 3, 3128
_MOST = 100  # tunnels at a time
_PATIENCE = 10.0  # seconds to say where to
_IDLE = 120.0  # seconds without a byte in either direction; then a tunnel ends, and another caller has its place
_CONNECT = re.compile(rb"CONNECT ([A-Za-z0-9._-]{1,253}):(\d{1,5}) HTTP/1\.[01]\r\n")
_PIECE = 64 * 1024

_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class NameProxy:
    """Serves the proxy of one lab until `stop`."""

    def __init__(self, lab: RunningLab, *, idle: float = _IDLE) -> None:
        """Describe the proxy; it does not listen yet.

        Args:
            lab: whose names it knows.
            idle: seconds without a byte, after which a tunnel ends.
        """
        self._lab, self._idle = lab, idle
        self._listener = Listener(lab.plan.service(_NUMBER), _PORT, self._serve, full=self._is_full)

    @property
    def url(self) -> str:
        """The address for HTTPS_PROXY."""
        return f"http://{self._listener.address}:{self._listener.port}"

    def start(self) -> None:
        """Start to listen."""
        self._listener.open()

    async def stop(self) -> None:
        """Close the port and all tunnels."""
        await self._listener.stop()

    def _is_full(self) -> bool:
        return self._listener.pending >= _MOST

    async def _serve(self, connection: socket.socket, _: Caller) -> None:
        reader, writer = await stream_of(connection)
        with (
            contextlib.closing(writer),
            contextlib.suppress(OSError, EOFError, ValueError, TimeoutError, asyncio.LimitOverrunError),
        ):
            async with asyncio.timeout(_PATIENCE):
                there = await self._dial(await reader.readuntil(b"\r\n\r\n"))
            if there is None:
                writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                await writer.drain()
                return
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with contextlib.closing(there[1]):
                await self._pass_on((reader, writer), there)

    async def _pass_on(self, here: _Streams, there: _Streams) -> None:
        """Pass bytes on in both directions until both have ended, or nothing has come for too long."""
        now = asyncio.get_running_loop().time
        async with asyncio.timeout(self._idle) as limit:

            def seen() -> None:
                limit.reschedule(now() + self._idle)

            there_and_back = _copy(here[0], there[1], seen), _copy(there[0], here[1], seen)
            await asyncio.gather(*there_and_back, return_exceptions=True)

    async def _dial(self, head: bytes) -> _Streams | None:
        """Return a connection to the named party; None if the request is not for one."""
        asked = _CONNECT.match(head)
        if asked is None or not 0 < int(asked[2]) < 65536:
            return None
        addresses = self._lab.network.dns.zone.addresses.get(asked[1].decode("ascii").lower(), [])
        for address in addresses:
            with contextlib.suppress(OSError):
                return await asyncio.open_connection(address, self._lab.settings.port(int(asked[2])))
        return None


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter, seen: Callable[[], None]) -> None:
    """Pass bytes on until one side ends, and then end the other. `seen` is called for each piece."""
    try:
        while piece := await source.read(_PIECE):
            seen()
            target.write(piece)
            await target.drain()
    finally:
        target.close()
