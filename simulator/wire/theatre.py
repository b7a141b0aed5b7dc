"""A handshake in slow motion: every flight of bytes in order, its content, and what its sender had decided before it.

The lab's TLS engine plays both sides in memory; the bytes are those that would be on the wire.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from pkikit.handshake.recorder import merge
from pkikit.handshake.tls import Handshake, TlsRange
from pkikit.model.leg import Leg
from pkikit.model.trace import HandshakeTrace, Message, Side, describe
from pkikit.model.world import World
from simulator.wire.memory import MemoryDialler, answer, ask, hear, is_up

_ROUNDS = 12
# RFC 8446 §4 and §5.1, RFC 5246 §7.4.
_CONTENT = {20: "change cipher spec", 21: "alert", 22: "handshake", 23: "application data"}
_MESSAGES = {
    1: "ClientHello", 2: "ServerHello", 4: "NewSessionTicket", 8: "EncryptedExtensions", 11: "Certificate",
    12: "ServerKeyExchange", 13: "CertificateRequest", 14: "ServerHelloDone", 15: "CertificateVerify",
    16: "ClientKeyExchange", 20: "Finished",
}  # fmt: skip
_SHOWN = 64  # bytes of a record that the text displays


@dataclass(frozen=True, kw_only=True)
class Record:
    """One TLS record. `messages` are its handshake messages, as far as an observer can read them."""

    content: str
    length: int
    messages: tuple[str, ...]
    head: str

    def __str__(self) -> str:
        return ", ".join(self.messages) or self.content


@dataclass(frozen=True, kw_only=True)
class Flight:
    """What one side sent at once, and what it had decided by then. Without records: the side sent nothing, or gave up."""

    side: Side
    records: tuple[Record, ...]
    decided: tuple[str, ...]

    @property
    def title(self) -> str:
        """The messages on one line."""
        return ", ".join(dict.fromkeys(map(str, self.records))) or "nothing"

    @property
    def length(self) -> int:
        """Bytes on the wire."""
        return sum(r.length for r in self.records)


@dataclass(frozen=True, kw_only=True)
class Play:
    """A leg's handshake from the first byte to the first answer, or to the point where it ended."""

    leg: Leg
    flights: tuple[Flight, ...]
    trace: HandshakeTrace

    @property
    def protocol(self) -> str:
        """The negotiated version; empty if there is none."""
        return self.trace.protocol or ""


def perform(leg: Leg, world: World, at: datetime, tls: TlsRange | None = None) -> Play:
    """Play a leg's handshake in memory, and keep what was sent."""
    client, server = MemoryDialler(world, at, tls).sides(leg)
    stage = _Stage(client, server)
    for _ in range(_ROUNDS):
        stage.turn(client, client.advance)
        stage.turn(server, server.advance)
        if client.failed or server.failed or is_up(client, server):
            break
    if is_up(client, server):
        stage.turn(client, lambda: ask(leg, client))
        stage.turn(server, lambda: answer(leg, server))
        stage.turn(client, lambda: hear(leg, client))
    else:
        for side in (client, server):  # who was content already reads now that the other was not
            stage.turn(side, lambda side=side: side.read() if side.complete and not side.failed else side.advance())  # type: ignore[misc]
    for side in (client, server):
        side.recorder.remember_chain(side.connection)
    return Play(leg=leg, flights=tuple(stage.flights), trace=merge(client.recorder, server.recorder))


class _Stage:
    def __init__(self, client: Handshake, server: Handshake) -> None:
        self.flights: list[Flight] = []
        self._other = {id(client): server, id(server): client}
        self._told = {id(client): 0, id(server): 0}
        self._hidden = {id(client): False, id(server): False}

    def turn(self, side: Handshake, act: Callable[[], object]) -> None:
        """Let one side act, then pass on what it sends."""
        act()
        data = side.outgoing()
        self._other[id(side)].feed(data)
        every = side.recorder.steps()
        steps, self._told[id(side)] = every[self._told[id(side)] :], len(every)
        decided = tuple(describe(s.detail) for s in steps if not isinstance(s.detail, Message))
        if not data and not decided:
            return
        records = tuple(self._records(side, data))
        self.flights.append(Flight(side=side.recorder.side, records=records, decided=decided))

    def _records(self, side: Handshake, data: bytes) -> Iterator[Record]:
        """Split bytes into records. After ChangeCipherSpec, TLS 1.2 encrypts what it still labels handshake or alert."""
        while len(data) >= 5:
            kind, length = data[0], int.from_bytes(data[3:5])
            body, data = data[5 : 5 + length], data[5 + length :]
            content = _CONTENT.get(kind, f"record {kind}")
            hidden = self._hidden[id(side)] or kind == 23
            messages: tuple[str, ...] = ("Finished",) if kind == 22 and self._hidden[id(side)] else ()
            if kind == 22 and not hidden:
                messages = tuple(_messages(body))
            elif kind == 23:
                content = "encrypted"
            self._hidden[id(side)] = self._hidden[id(side)] or kind == 20
            yield Record(content=content, length=5 + length, messages=messages, head=body[:_SHOWN].hex(" "))


def _messages(body: bytes) -> Iterator[str]:
    while len(body) >= 4:
        yield _MESSAGES.get(body[0], f"message {body[0]}")
        body = body[4 + int.from_bytes(body[1:4]) :]
