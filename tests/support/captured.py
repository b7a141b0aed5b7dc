"""Captures of connections that are dialled in memory: the real bytes of both sides, written by the lab's own writer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from pkikit.handshake.recorder import merge
from pkikit.handshake.tls import Handshake, TlsRange
from pkikit.model.leg import Leg, Protocol
from pkikit.model.trace import HandshakeTrace
from pkikit.model.world import World
from simulator.wire.capture import Capture, Tap
from simulator.wire.memory import MemoryDialler, answer, ask, hear, is_up


class Recorded:
    """A capture that fills while legs of a world are dialled, at one instant and a second apart."""

    def __init__(self, world: World, at: datetime, tls: TlsRange | None = None) -> None:
        self.world, self._at = world, at
        self._secrets: list[bytes] = []
        self._dialler = MemoryDialler(world, at, tls, keylog=self._secrets.append)
        self.capture = Capture(lambda: self._at)
        self.ports: dict[int, Leg] = {}

    @property
    def key_log(self) -> bytes:
        """The session secrets of every connection."""
        return b"\n".join(self._secrets) + b"\n"

    def dial(self, leg: Leg) -> HandshakeTrace:
        """Dial a leg and record what crosses the wire; its client port is its number."""
        port = 20_000 + len(self.ports)
        self.ports[port] = leg
        names = list(self.world.parties)
        client, server = (f"10.{names.index(n) // 200}.{names.index(n) % 200}.1" for n in (leg.client, leg.server))
        self._at += timedelta(milliseconds=20)
        tap = self.capture.tap((client, port), (server, leg.port))
        return _dialled(leg, *self._dialler.sides(leg), tap)

    def write(self, path: Path, *, secrets: bool = True) -> Path:
        """Write the capture."""
        self.capture.write(path, self.key_log if secrets else b"")
        return path


def recorded(world: World, at: datetime, legs: Iterable[Leg], tls: TlsRange | None = None) -> Recorded:
    """Dial legs; SSH tunnels are left out, because a capture shows nothing of them."""
    made = Recorded(world, at, tls)
    for leg in legs:
        if leg.protocol is not Protocol.SSH and leg.client in world.parties and leg.server in world.parties:
            made.dial(leg)
    return made


def _dialled(leg: Leg, client: Handshake, server: Handshake, tap: Tap) -> HandshakeTrace:
    def move(side: Handshake, other: Handshake) -> None:
        data = side.outgoing()
        if data:
            tap(side is client, data)
        other.feed(data)

    pairs = ((client, server), (server, client))
    for _ in range(12):
        for here, there in pairs:
            here.advance()
            move(here, there)
        if client.failed or server.failed or (client.complete and server.complete):
            break
    if is_up(client, server):
        ask(leg, client)
        move(client, server)
        answer(leg, server)
        move(server, client)
        hear(leg, client)
    else:
        for here, there in pairs:
            if here.complete and not here.failed:
                here.read()
            else:
                here.advance()
            move(here, there)
    for side in (client, server):
        side.recorder.remember_chain(side.connection)
    return merge(client.recorder, server.recorder)
