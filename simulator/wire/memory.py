"""A connection dialled in memory: the lab's TLS engine without sockets, for agreement tests, benchmarks and sweeps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from pkikit.handshake.messages import FramingError
from pkikit.handshake.pump import pump
from pkikit.handshake.recorder import Recorder, merge
from pkikit.handshake.tls import Handshake, TlsContext, TlsRange
from pkikit.judge.legs.tunnel_verdict import accepted_algorithms
from pkikit.model.leg import Consumer, Leg, Protocol, Purpose
from pkikit.model.trace import Application, HandshakeTrace, Side
from pkikit.model.world import World
from simulator.wire.app_protocol import app_protocol_of
from simulator.wire.registrar import Registrar


class MemoryDialler:
    """Dials the legs of one world at one instant; legs share contexts, as connections do."""

    def __init__(
        self,
        world: World,
        at: datetime,
        tls: TlsRange | None = None,
        *,
        keylog: Callable[[bytes], None] | None = None,
    ) -> None:
        """keylog: takes each line with the session secrets."""
        self.world, self.at = world, at
        self._tls, self._keylog = tls or TlsRange(), keylog
        self._contexts: dict[tuple[int, int, str, Side, bool, bool, Consumer, Purpose | None], TlsContext] = {}

    def _context(self, leg: Leg, side: Side, verify: bool, consumer: Consumer) -> TlsContext:
        fqdn = leg.client if side is Side.CLIENT else leg.server
        party = self.world.parties[fqdn]
        party = party.as_client(leg.port) if side is Side.CLIENT else party.as_server(leg.port, leg.reference_name)
        purpose = self.world.asked_of_client(leg)
        key = (id(party.credential), id(party.trusted_ca_list), fqdn, side, verify, leg.permissive, consumer, purpose)
        if key not in self._contexts:
            at, question = self.world.clock_of(fqdn, self.at), self.world.revocation_of(fqdn, consumer)
            self._contexts[key] = TlsContext(
                party,
                at=at,
                side=side,
                verify=verify,
                permissive=leg.permissive,
                tls=self._tls,
                keylog=self._keylog,
                revocation=question,
                purpose=purpose,
            )
        return self._contexts[key]

    def _side(self, leg: Leg, side: Side) -> Handshake:
        client = side is Side.CLIENT
        fqdn = leg.client if client else leg.server
        verify = leg.client_verifies if client else leg.mutual
        checks = leg.server_name_checks if client else () if leg.phone else leg.client_name_checks
        at = self.world.clock_of(fqdn, self.at)
        return Handshake(
            self._context(leg, side, verify, leg.consumer if client else leg.server_consumer),
            recorder=Recorder(side, lambda: at),
            name_checks=checks if verify else (),
            server_name=leg.reference_name if client else "",
            registration=client and leg.registration,
        )

    def sides(self, leg: Leg) -> tuple[Handshake, Handshake]:
        """Return client and server before the first byte."""
        return self._side(leg, Side.CLIENT), self._side(leg, Side.SERVER)

    def handshake(self, leg: Leg) -> tuple[Handshake, Handshake]:
        """Return client and server after the handshake, however it ended."""
        client, server = self.sides(leg)
        pump(client, server)
        return client, server

    def dial(self, leg: Leg) -> HandshakeTrace:
        """Shake hands, send one request, read its answer."""
        if leg.protocol is Protocol.SSH:
            return merge(*self.tunnel(leg))
        client, server = self.handshake(leg)
        if is_up(client, server):
            ask(leg, client)
            server.feed(client.outgoing())
            answer(leg, server)
            client.feed(server.outgoing())
            hear(leg, client)
        for side in (client, server):
            side.recorder.remember_chain(side.connection)
        return merge(client.recorder, server.recorder)

    def tunnel(self, leg: Leg) -> tuple[Recorder, Recorder]:
        """Return the records of both ends of an SSH tunnel, after it was dialled."""
        from simulator.wire.ssh import SshEnd, dial_pair  # asyncssh is slow to import, and most worlds have no tunnel

        ends = []
        for fqdn, side in ((leg.client, Side.CLIENT), (leg.server, Side.SERVER)):
            party, at = self.world.parties[fqdn], self.world.clock_of(fqdn, self.at)
            shown = party.as_client(leg.port) if side is Side.CLIENT else party.as_server(leg.port, leg.reference_name)
            algorithms = accepted_algorithms(self.world.deployment, fqdn)
            ends.append(SshEnd(party=shown, algorithms=algorithms, at=at, recorder=Recorder(side, partial(_same, at))))
        dial_pair(*ends)
        return ends[0].recorder, ends[1].recorder


def _same(at: datetime) -> datetime:
    return at


def is_up(client: Handshake, server: Handshake) -> bool:
    """Return True if both sides accept the handshake."""
    return client.complete and server.complete and not (client.failed or server.failed)


def ask(leg: Leg, client: Handshake) -> None:
    """Prepare the client's request."""
    client.write(app_protocol_of(leg.protocol).request(leg))


def answer(leg: Leg, server: Handshake) -> None:
    """Let the server read it and prepare its answer."""
    speech = app_protocol_of(leg.protocol)
    message = speech.split(bytearray(server.read() or b"")) or b""
    reply = Registrar.of([leg]).answer(speech, server, message)
    server.recorder.note(Application(received=reply.asked))
    if reply.data:
        server.write(reply.data)


def hear(leg: Leg, client: Handshake) -> None:
    """Let the client read the answer: now the leg is up."""
    speech = app_protocol_of(leg.protocol)
    try:
        line = speech.understood(client.read() or b"") if not speech.one_way else "sent"
        client.recorder.note(Application(received=line))
    except FramingError as error:
        client.fail(str(error))
