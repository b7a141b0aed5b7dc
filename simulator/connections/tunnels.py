"""The ends of SSH tunnels in a running lab: Expressway-C dials port 2222, Expressway-E answers there."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from typing import Protocol as Interface

from pkikit.handshake.recorder import Recorder
from pkikit.judge.legs.tunnel_verdict import accepted_algorithms
from pkikit.model.leg import Leg, Protocol
from pkikit.model.trace import Failed, NotConnected
from pkikit.model.world import Party
from simulator.connections.context import LabContext
from simulator.connections.journal import Journal
from simulator.wire.stream import Stream

if TYPE_CHECKING:
    from simulator.wire.ssh import SshEnd, Tap

Connection = tuple[str, int]
_Make = Callable[[], asyncio.Protocol]


class Host(Interface):
    """The endpoint that the tunnels belong to."""

    address: str
    delay: float
    journal: Journal

    @property
    def party(self) -> Party:
        """The party, with the certificates and lists of its next connection."""
        ...

    def now(self) -> datetime:
        """Return the time by its own clock."""
        ...


class Tunnels:
    """The tunnels of one endpoint: those that it dials, and those that it serves."""

    def __init__(self, endpoint: Host, context: LabContext) -> None:
        self._endpoint, self._context, self._settings = endpoint, context, context.settings

    async def serve(
        self,
        leg: Leg,
        connection: socket.socket,
        recorder: Recorder,
        *,
        caller: Connection,
        patience: float,
        answered: Callable[[], None],
    ) -> None:
        """Serve an accepted connection as Expressway-E until it ends.

        Args:
            leg: a leg that ends at this port.
            connection: the accepted connection.
            caller: the address that it comes from.
            recorder: takes what this end sees and decides.
            patience: seconds until the caller must have shown its key.
            answered: is called once a request has passed.
        """
        try:
            await asyncio.to_thread(_load)
        except BaseException:
            connection.close()  # nothing owns it yet
            raise
        from simulator.wire.ssh import serve

        endpoint = self._endpoint
        end = self._end(endpoint.party.as_server(leg.port, leg.reference_name), recorder, patience)
        try:
            await serve(end, _on(connection), answered)
        except OSError as error:
            recorder.note(Failed(reason=error.strerror or str(error)))
        finally:
            trouble = recorder.trouble()
            if trouble.reason:
                endpoint.journal.refused(trouble, Protocol.SSH, caller=caller, port=leg.port)

    async def open(self, leg: Leg, address: str, recorder: Recorder) -> tuple[Connection | None, Stream | None]:
        """Dial a tunnel as Expressway-C.

        Returns:
            This end of the connection, and the tunnel; None for what there is not. The recorder knows why.
        """
        await asyncio.to_thread(_load)
        from simulator.wire.ssh import dial

        endpoint, settings, connection = self._endpoint, self._settings, socket.socket()
        target = (address, settings.port(leg.port))
        connection.setblocking(False)
        try:
            connection.bind((endpoint.address, 0))
            async with asyncio.timeout(settings.timeout):
                await asyncio.get_running_loop().sock_connect(connection, target)
        except OSError as error:
            connection.close()
            recorder.note(not_connected(leg, error))
            endpoint.journal.unreachable(leg, address, reason_of(error))
            return None, None
        except asyncio.CancelledError:
            connection.close()
            raise
        here: Connection = connection.getsockname()[:2]
        tap = self._context.taps(here, target)
        end = self._end(endpoint.party.as_client(leg.port), recorder, settings.timeout, tap)
        stream: Stream | None = None
        try:
            async with asyncio.timeout(settings.timeout):
                stream = await dial(end, _on(connection))
        except TimeoutError:
            recorder.note(Failed(reason="timed out"))
        except OSError as error:
            recorder.note(Failed(reason=error.strerror or str(error)))
        trouble = recorder.trouble()
        if trouble.reason:
            endpoint.journal.failed(trouble, leg, here=here, address=address)
        return here, stream

    def _end(self, party: Party, recorder: Recorder, patience: float, tap: Tap | None = None) -> SshEnd:
        """Return this end of a tunnel, which shows this party's certificate."""
        from simulator.wire.ssh import SshEnd

        endpoint = self._endpoint
        return SshEnd(
            party=party,
            algorithms=accepted_algorithms(self._context.world.deployment, party.fqdn),
            at=endpoint.now(),
            recorder=recorder,
            tap=tap,
            delay=lambda: endpoint.delay,
            patience=patience,
        )


def _load() -> None:
    """Import SSH. It takes a while and looks for libraries with other programs, so no event loop does it, and only if needed."""
    import simulator.wire.ssh  # noqa: F401


def reason_of(error: OSError) -> str:
    """Return why no connection was made, in a few words: the system's, since asyncio puts an address into its own."""
    if isinstance(error, TimeoutError):
        return "timed out"
    return os.strerror(error.errno) if error.errno else (error.strerror or str(error))


def not_connected(leg: Leg, error: OSError) -> NotConnected:
    """Return what a recorder notes about a connection that was not made."""
    return NotConnected(reason=f"{leg.server}:{leg.port}: {reason_of(error)}", resolved=True)


def _on(connection: socket.socket) -> Callable[[_Make], Any]:
    """Return a function that puts a protocol on a connection, which belongs to it from then on."""

    async def adopt(make: _Make) -> Any:
        try:
            return await asyncio.get_running_loop().create_connection(make, sock=connection)
        except BaseException:
            connection.close()
            raise

    return adopt
