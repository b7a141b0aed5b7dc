"""A handshake in slow motion: every message by name, decrypted, and what each side decides and logs at that moment.

The lab's TLS engine plays both sides in memory. The bytes are those that would be on the wire; the engine's key log opens
them. SSH tunnels are no TLS: for them there is what both ends record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from pkikit.handshake.decoding.decoder import Decoded, Decoder
from pkikit.handshake.decoding.key_log import KeyLog
from pkikit.handshake.recorder import Recorder, Trouble, merge, record_no_connection
from pkikit.handshake.tls import Handshake, TlsRange
from pkikit.judge.legs.leg_verdict import judge_connection
from pkikit.model.findings import Verdict
from pkikit.model.leg import Leg, Protocol
from pkikit.model.trace import (
    Alert,
    Application,
    Detail,
    Failed,
    HandshakeTrace,
    Message,
    Negotiated,
    Outcome,
    Side,
    describe,
)
from pkikit.model.world import Speaks, World
from pkikit.rules.connection_rules import UNREACHABLE, UNRESOLVED
from simulator.wire.memory import MemoryDialler, answer, ask, hear, is_up
from simulator.wire.plain_side import PlainSide
from simulator.wire.registrar import Registrar
from simulator.wire.remarks import Remark, ending, remarks_on, short_names

_ROUNDS = 12
# RFC 8446 §4 and §5.1, RFC 5246 §7.4.
_CONTENT = {20: "change cipher spec", 21: "alert", 22: "handshake", 23: "application data"}
_MESSAGES = {
    1: "ClientHello", 2: "ServerHello", 4: "NewSessionTicket", 8: "EncryptedExtensions", 11: "Certificate",
    12: "ServerKeyExchange", 13: "CertificateRequest", 14: "ServerHelloDone", 15: "CertificateVerify",
    16: "ClientKeyExchange", 20: "Finished",
}  # fmt: skip
_SHOWN = 64  # bytes of a record that the text displays
WriteLog = Callable[[Side, Trouble], tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Unconnected(Trouble):
    """There was no connection to shake hands on. resolved: False if DNS has no address."""

    resolved: bool = True


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
    """What one side sent at once, as an observer sees it, and what it had decided by then."""

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
class PlayStep:
    """One step of a play: a message, decrypted; or what a side decides; or, as the last step, how it ended.

    side: who sends or decides; None for the end. logs: the lines that it writes into its log, of (side, line).
    """

    side: Side | None
    message: Decoded | None = None
    remarks: tuple[Remark, ...] = ()
    logs: tuple[tuple[Side, str], ...] = ()

    @property
    def bad(self) -> bool:
        """True if something is refused here."""
        alert = self.message is not None and self.message.name == "Alert" and self.message.title.startswith("Alert:")
        return alert or any(remark.bad for remark in self.remarks)


@dataclass(frozen=True, kw_only=True)
class Play:
    """A connection from the first byte to the first answer, or to the point where it ended.

    flights: as an observer sees them. steps: decrypted, in the order in which they happened; the last one is the end.
    """

    leg: Leg
    flights: tuple[Flight, ...]
    trace: HandshakeTrace
    steps: tuple[PlayStep, ...] = ()
    names: tuple[str, str] = ("", "")  # of client and server, as people write them

    @property
    def protocol(self) -> str:
        """The negotiated version; empty if there is none."""
        return self.trace.protocol or ""

    @property
    def is_ssh(self) -> bool:
        """True for an SSH tunnel, which has no TLS messages."""
        return self.leg.protocol is Protocol.SSH

    @property
    def up(self) -> bool:
        """True if the connection is up in the end."""
        return self.trace.outcome is Outcome.ACCEPTED

    def fqdn(self, side: Side) -> str:
        """Return the name of the machine on a side."""
        return self.leg.client if side is Side.CLIENT else self.leg.server

    def name(self, side: Side) -> str:
        """Return the short name of the machine on a side."""
        return self.names[0 if side is Side.CLIENT else 1]


def perform(
    leg: Leg,
    world: World,
    at: datetime,
    tls: TlsRange | None = None,
    *,
    log: WriteLog = lambda *_: (),
    names: tuple[str, str] | None = None,
) -> Play:
    """Play a connection's handshake in memory, and keep what was sent.

    Args:
        leg: the connection.
        world: the machines with their certificates and lists.
        at: the instant.
        tls: the versions and suites that both sides are limited to; None: the lab's.
        log: returns the lines that a side writes into its log when it gives up.
        names: of client and server, as people write them; None: their host names.

    Returns:
        The play.
    """
    names = names or short_names(leg)
    before = judge_connection(leg, world)
    if any(found.rule in _NO_CONNECTION for found in before.errors):
        return _unconnected(leg, world, before, at, log, names)
    if leg.protocol is Protocol.SSH:
        return _tunnel(leg, MemoryDialler(world, at).tunnel(leg), log, names)
    secrets = KeyLog()
    client, server = _as_they_speak(leg, world, *MemoryDialler(world, at, tls, keylog=secrets.add).sides(leg))
    stage = _Stage(client, server, Decoder(secrets, at), log)
    asked = False
    for _ in range(_ROUNDS):
        stage.turn(client, client.advance)
        if isinstance(client, Handshake) and client.complete and not client.failed and not asked:
            # A TLS 1.3 client does not know yet whether the server accepts it.
            asked = True
            stage.turn(client, partial(ask, leg, client))
        stage.turn(server, server.advance)
        if client.failed or server.failed or (client.complete and server.complete):
            break
    if isinstance(client, Handshake) and isinstance(server, Handshake) and is_up(client, server):
        stage.turn(server, partial(answer, leg, server), notices=bool(Registrar.of([leg]).checks))
        stage.turn(client, partial(hear, leg, client))
    else:
        for side in (client, server):  # who was content already reads now that the other was not
            stage.turn(side, lambda side=side: side.read() if side.complete and not side.failed else side.advance())  # type: ignore[misc]
    stage.cut_off()
    for side in (client, server):
        if isinstance(side, Handshake):
            side.recorder.remember_chain(side.connection)
    trace = merge(client.recorder, server.recorder)
    steps = (*stage.steps, _last(trace, stage.steps, names))
    return Play(leg=leg, flights=tuple(stage.flights), trace=trace, steps=steps, names=names)


_NO_CONNECTION = frozenset({UNRESOLVED.id, UNREACHABLE.id})
_Player = Handshake | PlainSide


def _as_they_speak(leg: Leg, world: World, client: Handshake, server: Handshake) -> tuple[_Player, _Player]:
    """Return the sides; one that speaks SIP without TLS in place of its handshake."""
    first: _Player = client if world.parties[leg.client].speaks is not Speaks.PLAIN else PlainSide(leg, client.recorder)
    second: _Player = (
        server if world.parties[leg.server].speaks is not Speaks.PLAIN else PlainSide(leg, server.recorder)
    )
    return first, second


def _unconnected(leg: Leg, world: World, before: Verdict, at: datetime, log: WriteLog, names: tuple[str, str]) -> Play:
    """Return the play of a connection that is never made: the client notes it, and nothing is sent."""
    resolved = before.errors[0].rule != UNRESOLVED.id
    cut = frozenset((leg.client, leg.server)) in world.cut
    reason = ("timed out" if cut else "Connection refused") if resolved else f"{leg.reference_name} does not resolve"
    trace = record_no_connection(
        lambda: at, f"{names[1]}:{leg.port}: {reason}" if resolved else reason, resolved=resolved
    )
    lines = log(Side.CLIENT, Unconnected(reason=reason if resolved else f"{reason}: NXDOMAIN", resolved=resolved))
    logs = tuple((Side.CLIENT, line) for line in lines)
    step = PlayStep(side=Side.CLIENT, remarks=remarks_on([s.detail for s in trace.steps]), logs=logs)
    return Play(leg=leg, flights=(), trace=trace, steps=(step, _last(trace, [step], names)), names=names)


def _last(trace: HandshakeTrace, steps: Sequence[PlayStep], names: tuple[str, str]) -> PlayStep:
    logged = tuple(entry for step in steps for entry in step.logs)
    return PlayStep(side=None, remarks=(ending(trace, names),), logs=logged)


def _tunnel(leg: Leg, ends: tuple[Recorder, Recorder], log: WriteLog, names: tuple[str, str]) -> Play:
    """Return the play of an SSH tunnel: what both ends recorded, each thing as a step."""
    trace, troubles = merge(*ends), {end.side: end.trouble() for end in ends}
    last = {step.side: step.seq for step in trace.steps}
    steps = []
    for step in trace.steps:
        trouble = troubles[step.side]
        failed = step.seq == last[step.side] and bool(trouble.reason)
        lines = tuple((step.side, line) for line in log(step.side, trouble)) if failed else ()
        remarks = remarks_on([step.detail], messages=True)
        if remarks or lines:
            steps.append(PlayStep(side=step.side, remarks=remarks, logs=lines))
    return Play(leg=leg, flights=(), trace=trace, steps=(*steps, _last(trace, steps, names)), names=names)


class _Stage:
    def __init__(self, client: _Player, server: _Player, decoder: Decoder, log: WriteLog) -> None:
        self.flights: list[Flight] = []
        self.steps: list[PlayStep] = []
        self._other = {id(client): server, id(server): client}
        self._told = {id(client): 0, id(server): 0}
        self._hidden = {id(client): False, id(server): False}
        self._decoder, self._log = decoder, log
        self._logged: set[Side] = set()

    def turn(self, side: _Player, act: Callable[[], object], *, notices: bool = False) -> None:
        """Let one side act, then pass on what it sends. notices: it logs a wrong name even if it does not give up."""
        act()
        data = side.outgoing()
        self._other[id(side)].feed(data)
        every = side.recorder.steps()
        steps, self._told[id(side)] = every[self._told[id(side)] :], len(every)
        details = [s.detail for s in steps if not isinstance(s.detail, Message)]
        if not data and not details:
            return
        records = tuple(self._records(side, data))
        self.flights.append(Flight(side=side.recorder.side, records=records, decided=tuple(map(describe, details))))
        self._show(side, details, self._decoder.feed(side.recorder.side, data), notices=notices)

    def cut_off(self) -> None:
        """Show messages that were sent in part only."""
        self.steps += [PlayStep(side=left.side, message=left) for left in self._decoder.finish()]

    def _show(self, side: _Player, details: Sequence[Detail], messages: tuple[Decoded, ...], *, notices: bool) -> None:
        """Add the steps of a turn: what a side decides on reading, what it sends, what it decides then, and its alert."""
        who = side.recorder.side
        alerts = [m for m in messages if m.name == "Alert"]
        others = [m for m in messages if m.name != "Alert"]
        own_end = any(m.name == "Finished" for m in others)  # it completes the handshake with what it sends
        first = next((n for n, d in enumerate(details) if isinstance(d, Negotiated)), len(details)) if own_end else None
        logs: tuple[tuple[Side, str], ...] = ()
        trouble = side.recorder.trouble()
        # A machine that speaks SIP without TLS writes nothing.
        if (
            isinstance(side, Handshake)
            and who not in self._logged
            and (side.failed or (notices and trouble.looked_for))
        ):
            self._logged.add(who)
            logs = tuple((who, line) for line in self._log(who, trouble))
        details = [d for d in details if not isinstance(d, Application)]  # the messages themselves say it
        before, after = details[:first], details[first:] if first is not None else []
        fails_later = any(isinstance(d, Failed) for d in after)
        self._decide(who, before, () if fails_later else logs)
        self.steps += [PlayStep(side=who, message=m) for m in others]
        self._decide(who, after, logs if fails_later else ())
        self.steps += [PlayStep(side=who, message=m) for m in alerts]

    def _decide(self, who: Side, details: Sequence[Detail], logs: tuple[tuple[Side, str], ...]) -> None:
        remarks = remarks_on([d for d in details if not isinstance(d, Alert)])
        if remarks or logs:
            self.steps.append(PlayStep(side=who, remarks=remarks, logs=logs))

    def _records(self, side: _Player, data: bytes) -> Iterator[Record]:
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
