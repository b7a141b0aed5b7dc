"""One party on its own address: listens on its ports, dials from its address, records both sides."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from cryptography import x509

from pkikit.handshake.messages import FramingError, options_request
from pkikit.handshake.recorder import Recorder, Trouble
from pkikit.handshake.tls import Handshake
from pkikit.model.leg import Consumer, Leg, Protocol
from pkikit.model.revocation import NOTHING_HELD, RevocationData, RevocationQuestion
from pkikit.model.tables import ports
from pkikit.model.trace import Failed, Side
from pkikit.model.world import Party, Speaks
from simulator.connections.context import LabContext
from simulator.connections.journal import Journal
from simulator.connections.served_legs import ServedLegs
from simulator.connections.tls_contexts import TlsContexts
from simulator.connections.tunnels import Tunnels, not_connected, reason_of
from simulator.errors import LabError
from simulator.services.revocation_lookup import LogEvent
from simulator.web.listener import Listener, stream_of
from simulator.wire.app_protocol import ANSWERED, app_protocol_of
from simulator.wire.registrar import NOBODY
from simulator.wire.stream import Stream
from simulator.wire.tls_stream import TlsStream, answer_plainly, ask, ask_plainly, serve

MAX_CONNECTIONS = 2_000  # per party; more are closed at once, so that a flood cannot take the memory
LookUpStatus = Callable[[Sequence[x509.Certificate], RevocationQuestion, LogEvent], Awaitable[RevocationData]]
Connection = tuple[str, int]  # the client's address and port


@dataclass(frozen=True)
class DialledLeg:
    """A dialled leg: the client's record, the client's end of the connection, and the stream if it is up."""

    recorder: Recorder
    here: Connection | None = None
    stream: Stream | None = None


class _Once:
    """Calls a function the first time only."""

    def __init__(self, function: Callable[[], None]) -> None:
        self._function: Callable[[], None] | None = function

    def __call__(self) -> None:
        function, self._function = self._function, None
        if function is not None:
            function()


class Endpoint:
    """A running party. `consult` replaces its certificates for the next connection."""

    def __init__(
        self, party: Party, context: LabContext, *, look_up: LookUpStatus, elsewhere: frozenset[int] = frozenset()
    ) -> None:
        """Describe what a party listens on and dials; nothing listens yet.

        Args:
            party: its certificates and lists.
            context: the lab around it.
            look_up: fetches revocation status over the network while a handshake waits.
            elsewhere: ports of this party that another part of the lab serves (a peer's pages).
        """
        self.closed: frozenset[int] = frozenset()  # ports that a firewall blocks
        self.delay = 0.0  # seconds by which this party's data arrives late
        self._tls, self._context, self._look_up = TlsContexts(party, context), context, look_up
        self._settings, self._events, self._elsewhere = context.settings, context.events, elsewhere
        self.address = context.plan.by_name[party.fqdn]
        self.journal = Journal(party.fqdn, self.address, context)
        self._served = self._legs_in()
        self._tunnels = Tunnels(self, context)
        self._listeners: dict[int, Listener] = {}  # by product port
        self._left: list[Listener] = []
        self._runs = False
        self._callers: dict[asyncio.Task[None], str] = {}  # by the task that serves them
        self.records: dict[Connection, asyncio.Future[Recorder]] = {}

    def _legs_in(self) -> ServedLegs:
        context = self._context
        return ServedLegs.of(self.party.fqdn, context.legs, context.plan.by_name, self._elsewhere)

    def follow(self) -> None:
        """Use the deployment as it is configured now, from the next connection on. `hinder` then opens and closes ports."""
        self._served = self._legs_in()
        self.journal.follow()
        self._tls.adopt(self.party)

    @property
    def ports(self) -> tuple[int, ...]:
        """The product's ports at which connections of the deployment come in."""
        return self._served.ports

    @property
    def party(self) -> Party:
        """The party, with the certificates and lists of its next connection."""
        return self._tls.party

    def now(self) -> datetime:
        """Return the time by this party's own clock."""
        return self._tls.now()

    def consult(self, party: Party) -> None:
        """Use these certificates, lists and revocation settings from the next connection on, without a restart."""
        self._tls.adopt(party)

    def hinder(self) -> None:
        """Close the ports that a firewall blocks in the current world, and delay what the party sends.

        Raises:
            LabError: another program has taken a port that should open again.
        """
        world, fqdn = self._context.world, self.party.fqdn
        self.delay = world.delays.get(fqdn, 0.0)
        self.closed = frozenset(port for party, port in world.blocked if party == fqdn)
        self._reconcile()

    def _reconcile(self) -> None:
        """Open and close ports until the wanted ones are open. Safe to call at any time."""
        silent = not self._runs or self.party.speaks is Speaks.NOTHING
        wanted = frozenset() if silent else frozenset(self.ports) - self.closed
        for port in self._listeners.keys() - wanted:
            self._listeners.pop(port).close()
        for port in sorted(wanted - self._listeners.keys()):
            listener = Listener(
                self.address, self._settings.port(port), partial(self._serve, port), full=self._is_full,
                known=lambda caller: caller in self._served.addresses, log=partial(self._trouble, port),
            )  # fmt: skip
            try:
                listener.open()
            except OSError as error:
                raise _cannot_listen(self.party.fqdn, self.address, self._settings.port(port), error) from error
            self._listeners[port] = listener

    def _is_full(self) -> bool:
        return len(self._callers) >= MAX_CONNECTIONS

    def _trouble(self, port: int, line: str) -> None:
        self._events.add(self.party.fqdn, "Connection Trouble", Dst_port=port, Detail=line)

    def drop(self, caller: str) -> None:
        """Drop the connections of one caller: packets no longer pass between the two."""
        for task in [t for t, address in self._callers.items() if address == caller]:
            task.cancel()

    def restart(self) -> None:
        """Drop all connections; close the ports if the party answers nothing now, open them if it answers again."""
        for task in self._callers:
            task.cancel()
        self._reconcile()

    def listens_on(self, port: int) -> bool:
        """Return True if this party itself answers on a port, and not another program, a peer's pages or nobody."""
        return port in self._listeners

    def ready(self) -> None:
        """Open the ports that another program had taken before."""
        with contextlib.suppress(LabError):  # the port then does not answer, and the caller reports that
            self._reconcile()

    def start(self) -> None:
        """Listen on every port that a leg of the deployment dials; on none if the party answers nothing.

        Raises:
            LabError: a port is taken, or the process lacks the privilege to listen on it.
        """
        self._runs = True
        self._reconcile()

    def leave(self) -> None:
        """Close the ports at once, and drop all connections: another machine may take the address."""
        self._runs = False
        self._left += self._listeners.values()
        self.restart()

    async def stop(self) -> None:
        """Close the ports and the open connections."""
        self.leave()
        serving = tuple(self._callers)
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        # A connection that was accepted a moment ago is not in `_callers` yet: its task has not started.
        for listener in self._left:
            await listener.stop()

    async def _serve(self, port: int, connection: socket.socket, caller: Connection) -> None:
        """Serve one accepted connection until it ends."""
        task = asyncio.current_task()
        assert task is not None  # the listener runs each connection in a task
        self._callers[task] = caller[0]
        try:
            leg = self._served.legs.get(port)
            if leg is None:  # the port closed a moment ago
                connection.close()
                return
            if leg.protocol is Protocol.SSH:
                await self._serve_tunnel(leg, connection, caller)
                return
            reader, writer = await stream_of(connection)
            try:
                await self._converse(leg, caller, reader, writer)
            finally:
                writer.close()
        except asyncio.CancelledError:
            self._events.add(self.party.fqdn, "Connection Closed", Src_ip=caller[0], Dst_port=port, Reason="restart")
            raise
        finally:
            self._callers.pop(task, None)

    async def _serve_tunnel(self, leg: Leg, connection: socket.socket, caller: Connection) -> None:
        recorder = Recorder(Side.SERVER, self.now)
        hand_over = _Once(partial(self._hand_over, caller, recorder))
        patience = self._settings.timeout if (leg.port, caller[0]) in self._served.known else self._settings.patience
        try:
            await self._tunnels.serve(leg, connection, recorder, caller=caller, patience=patience, answered=hand_over)
        finally:
            hand_over()

    async def _converse(
        self, leg: Leg, caller: Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        port, served = leg.port, self._served
        recorder = Recorder(Side.SERVER, self.now)
        hand_over = _Once(partial(self._hand_over, caller, recorder))
        known = served.known.get((port, caller[0]))
        patience = self._settings.timeout if known else self._settings.patience
        try:
            if self.party.speaks is Speaks.PLAIN:
                async with asyncio.timeout(patience):
                    await answer_plainly(reader, writer, recorder)
                return
            speech = app_protocol_of(leg.protocol)
            if speech.welcome is not None:
                async with asyncio.timeout(patience):
                    await speech.welcome(reader, writer, self.party.fqdn)
            admission = known or served.strangers[port]
            handshake = Handshake(
                self._tls.of(
                    Side.SERVER,
                    port,
                    verify=admission.verify,
                    permissive=admission.permissive,
                    consumer=admission.consumer,
                    purpose=self._context.world.asked_of_client(admission.leg),
                ),
                recorder=recorder,
                name_checks=admission.name_checks,
                looks_up=admission.consumer is Consumer.SIP_TLS,
            )
            await serve(
                TlsStream(handshake, reader, writer, look_up=self._status_of, speech=speech, delay=lambda: self.delay),
                patience=patience,
                idle=self._settings.idle if known else patience,
                answered=hand_over,
                registrar=served.registrar if port == ports.SIP_TLS else NOBODY,
            )
            trouble = handshake.recorder.trouble()
            if handshake.failed or (served.registrar.checks and trouble.looked_for):
                self.journal.refused(trouble, leg.protocol, caller=caller, port=port)
        except FramingError as error:
            recorder.note(Failed(reason=str(error)))
        except (TimeoutError, OSError) as error:
            reason = "timed out" if isinstance(error, TimeoutError) else f"the caller left: {error.strerror or error}"
            self.journal.refused(Trouble(reason=reason), leg.protocol, caller=caller, port=port)
        finally:
            hand_over()

    def _record(self, caller: Connection) -> asyncio.Future[Recorder]:
        return self.records.setdefault(caller, asyncio.get_running_loop().create_future())

    def _hand_over(self, caller: Connection, recorder: Recorder) -> None:
        """Give the record to the party of the lab that dialled, also if DNS led it here by mistake, or to itself.

        Callers from outside the lab only appear in the event log.
        """
        if caller[0] not in self._served.lab_addresses:
            return
        if len(self.records) > MAX_CONNECTIONS:
            self.records.clear()  # a program outside the lab dials from a party's address and never collects
        record = self._record(caller)
        if not record.done():
            record.set_result(recorder)

    async def dial(self, leg: Leg, address: str) -> tuple[Recorder, Connection | None]:
        """Dial a leg at an address, from this party's own address, and hang up.

        Returns:
            The client's record, and the client's end of the connection; None if no connection was made.
        """
        opened = await self.open(leg, address)
        if opened.stream is not None:
            await opened.stream.close()
        return opened.recorder, opened.here

    async def open(self, leg: Leg, address: str) -> DialledLeg:
        """Dial a leg at an address, from this party's own address. Keep the connection up if the other side answered."""
        recorder = Recorder(Side.CLIENT, self.now)
        if leg.protocol is Protocol.SSH:
            return DialledLeg(recorder, *await self._tunnels.open(leg, address, recorder))
        port = self._settings.port(leg.port)
        try:
            async with asyncio.timeout(self._settings.timeout):
                reader, writer = await asyncio.open_connection(address, port, local_addr=(self.address, 0))
        except (OSError, TimeoutError) as error:
            recorder.note(not_connected(leg, error))
            self.journal.unreachable(leg, address, reason_of(error))
            return DialledLeg(recorder)
        here: Connection = writer.get_extra_info("sockname")[:2]
        speech = app_protocol_of(leg.protocol)
        if self.party.speaks is Speaks.PLAIN:
            await ask_plainly(reader, writer, recorder, options_request(leg.client, leg.reference_name, leg.port))
            return DialledLeg(recorder, here)
        tap = self._context.taps(here, (address, port))
        if speech.greet is not None:
            try:
                async with asyncio.timeout(self._settings.timeout):
                    await speech.greet(reader, writer, leg.reference_name)
            except (OSError, TimeoutError, FramingError) as error:
                recorder.note(Failed(reason=f"no TLS was offered: {str(error) or 'timed out'}"))
                writer.close()
                return DialledLeg(recorder, here)
        handshake = Handshake(
            self._tls.of(
                Side.CLIENT, leg.port, verify=leg.client_verifies, permissive=leg.permissive, consumer=leg.consumer
            ),
            recorder=recorder,
            name_checks=leg.server_name_checks if leg.client_verifies else (),
            server_name=leg.reference_name,
            registration=leg.registration,
            looks_up=leg.consumer is Consumer.SIP_TLS,
        )
        stream = TlsStream(
            handshake, reader, writer, tap=tap, look_up=self._status_of, speech=speech, delay=lambda: self.delay
        )
        up = False
        try:
            async with asyncio.timeout(self._settings.timeout):
                up = await ask(stream, speech.request(leg))
        except TimeoutError:
            handshake.fail("timed out")
            writer.close()
        trouble = handshake.recorder.trouble()
        if leg.phone and ANSWERED in trouble.reason:
            self.journal.rejected(leg, trouble.reason.partition(ANSWERED)[2], here=here, address=address)
        elif handshake.failed:
            self.journal.failed(trouble, leg, here=here, address=address)
        return DialledLeg(recorder, here, stream if up else None)

    async def _status_of(self, chain: tuple[x509.Certificate, ...]) -> RevocationData:
        """Return the revocation data that can be fetched for a chain during its handshake. The event log lists failures."""
        question = self._tls.question(Consumer.SIP_TLS)
        if question is None:
            return NOTHING_HELD

        def log(event: str, detail: str) -> None:
            self._events.add(self.party.fqdn, event, Detail=detail)

        return await self._look_up(chain, question, log)

    async def collect(self, caller: Connection) -> Recorder | None:
        """Return the server's record of a connection from a party of the lab; None if it does not arrive in time."""
        future = self._record(caller)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.timeout):
                await asyncio.shield(future)
        self.records.pop(caller, None)
        return future.result() if future.done() else None


def _cannot_listen(fqdn: str, address: str, port: int, error: OSError) -> LabError:
    match error.errno:
        case errno.EADDRINUSE:
            return LabError(
                f"{address}:{port}, where {fqdn} listens, is taken by another program; stop it, or choose another net"
            )
        case errno.EACCES:
            return LabError(
                f"{fqdn} may not listen on port {port}; real ports need privileges, the lab's own shifted ports do not"
            )
        case errno.EADDRNOTAVAIL:
            return LabError(f"{address} is not an address of this machine; on macOS: sudo ifconfig lo0 alias {address}")
        case _:
            return LabError(f"{fqdn} cannot listen on {address}:{port}: {error.strerror}")
