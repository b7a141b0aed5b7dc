"""The lab's DNS server on asyncio: A records that rotate, SRV, an empty answer for unknown names, a request log.

Pebble asks it for every name that it validates, and the peers for every name that they dial.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from dnslib import AAAA, CAA, PTR, QTYPE, RCODE, RR, SRV, A, DNSRecord
from dnslib.dns import DNSError

from simulator.errors import LabError
from simulator.web.listener import Caller, Listener, stream_of

_MAX_TCP = 100  # connections at one time
MAX_LOG = 5_000
NOBODY = "::1"  # the lab listens on 127.net.x.y only
TTL = 0  # no resolver may cache: the world changes while the lab runs


@dataclass(frozen=True, kw_only=True)
class Query:
    """One question, and the answers given."""

    at: datetime
    name: str
    type: str
    answers: tuple[str, ...]


def reverse_name(address: str) -> str:
    """Return the name under which DNS has the PTR record of an IPv4 address."""
    return f"{'.'.join(reversed(address.split('.')))}.in-addr.arpa"


class Zone:
    """Names to addresses and services; changing it changes the world."""

    def __init__(
        self, addresses: Mapping[str, Sequence[str]], services: Mapping[str, Sequence[tuple[str, int]]] | None = None
    ) -> None:
        self.addresses: dict[str, list[str]] = {n.lower(): list(a) for n, a in addresses.items()}
        self.services: dict[str, list[tuple[str, int]]] = {n.lower(): list(s) for n, s in (services or {}).items()}
        self.caa: dict[str, list[tuple[str, str]]] = {}
        self.stale: set[str] = set()  # names with an AAAA record that leads nowhere
        self.pointers: dict[str, str] = {}  # address → the name in its PTR record
        self._turn: dict[str, int] = {}

    def without(self, names: Collection[str]) -> Zone:
        """Return the same zone, in which these names have no record of any kind."""
        gone = {n.lower() for n in names}
        kept = Zone(
            {n: a for n, a in self.addresses.items() if n not in gone},
            {n: s for n, s in self.services.items() if n not in gone},
        )
        kept.caa = {n: c for n, c in self.caa.items() if n not in gone}
        kept.stale = self.stale - gone
        kept.pointers = dict(self.pointers)
        return kept

    def knows(self, name: str) -> bool:
        """Return True if the name has any record, or names below it have."""
        everything = (*self.addresses, *self.services, *self.caa, *map(reverse_name, self.pointers))
        return any(n == name or n.endswith("." + name) for n in everything)

    def rotated(self, name: str) -> list[str]:
        """Return all addresses, starting with another one at each call."""
        addresses = self.addresses.get(name, [])
        turn = self._turn[name] = self._turn.get(name, -1) + 1
        cut = turn % len(addresses) if addresses else 0
        return addresses[cut:] + addresses[:cut]


class DnsServer:
    """Serves one zone over UDP and TCP on one loopback address, without the `hidden` names (the view from outside)."""

    def __init__(
        self, zone: Zone, address: str, now: Callable[[], datetime], *, hidden: Callable[[str], bool] = lambda _: False
    ) -> None:
        self.zone, self.address, self.port = zone, address, 0
        self._hidden = hidden
        self.log: deque[Query] = deque(maxlen=MAX_LOG)
        self._now = now
        self._transport: asyncio.DatagramTransport | None = None
        self._listener = Listener(address, 0, self._serve_tcp, full=self._is_full)

    async def start(self) -> None:
        """Bind a free port, the same for UDP and TCP."""
        loop = asyncio.get_running_loop()
        try:
            self._listener.open()
            self.port = self._listener.port
            self._transport, _ = await loop.create_datagram_endpoint(
                lambda: _Datagrams(self.answer), local_addr=(self.address, self.port)
            )
        except OSError as error:
            await self.stop()
            raise LabError(f"the lab's DNS cannot listen on {self.address}: {error.strerror}") from error

    async def stop(self) -> None:
        """Close both sockets."""
        if self._transport is not None:
            self._transport.close()
        await self._listener.stop()

    def _is_full(self) -> bool:
        return self._listener.pending >= _MAX_TCP

    def answer(self, data: bytes) -> bytes | None:
        """Return the reply to one request; None for bytes that are not a request."""
        try:
            request = DNSRecord.parse(data)
        except (DNSError, ValueError, IndexError):
            return None
        if not request.questions:
            return None
        question = request.q
        name = str(question.qname).rstrip(".").lower()
        kind = QTYPE.get(question.qtype)
        reply = request.reply()
        hidden = self._hidden(name)
        records = [] if hidden else self._records(name, kind)
        for record in records:
            reply.add_answer(RR(question.qname, getattr(QTYPE, kind), rdata=record, ttl=TTL))
        if hidden or (not records and not self.zone.knows(name)):
            reply.header.rcode = RCODE.NXDOMAIN
        self.log.append(Query(at=self._now(), name=name, type=kind, answers=tuple(str(r) for r in records)))
        packed: bytes = reply.pack()
        return packed

    def _records(self, name: str, kind: str) -> list[A | AAAA | SRV | CAA | PTR]:
        match kind:
            case "A":
                return [A(address) for address in self.zone.rotated(name)]
            case "AAAA":
                return [AAAA(NOBODY)] if name in self.zone.stale else []
            case "SRV":
                return [
                    SRV(priority=10, weight=10, port=port, target=target)
                    for target, port in self.zone.services.get(name, [])
                ]
            case "PTR":
                return [PTR(target) for address, target in self.zone.pointers.items() if reverse_name(address) == name]
            case "CAA":
                return [CAA(flags=0, tag=tag, value=value) for tag, value in self.zone.caa.get(name, [])]
            case _:
                return []

    async def _serve_tcp(self, connection: socket.socket, _: Caller) -> None:
        reader, writer = await stream_of(connection)
        with contextlib.closing(writer), contextlib.suppress(TimeoutError, asyncio.IncompleteReadError, OSError):
            async with asyncio.timeout(5):
                size = int.from_bytes(await reader.readexactly(2), "big")
                reply = self.answer(await reader.readexactly(size))
                if reply is not None:
                    writer.write(len(reply).to_bytes(2, "big") + reply)
                    await writer.drain()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, answer: Callable[[bytes], bytes | None]) -> None:
        self._answer = answer
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        reply = self._answer(data)
        if reply is not None and self._transport is not None:
            self._transport.sendto(reply, addr)
