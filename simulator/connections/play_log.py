"""The lines that the two machines of a played connection write into their logs: each machine's own form, by its journal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pkikit.handshake.recorder import Trouble
from pkikit.model.leg import Leg
from pkikit.model.trace import Side
from pkikit.model.world import World
from simulator.connections.addresses import FIRST_NET, addresses_of
from simulator.connections.journal import Journal
from simulator.events import EventLog
from simulator.wire.app_protocol import ANSWERED
from simulator.wire.theatre import Unconnected

_CALLER_PORT = 25_000  # the first port that Expressway dials from


class PlayLog:
    """Writes what a side of a connection logs when it gives up. Call it with the side and its trouble.

    Machines have their addresses of the lab's first net, as nothing is dialled.
    """

    def __init__(self, leg: Leg, world: World, at: datetime, by_name: Mapping[str, str] | None = None) -> None:
        """Describe the logs of a connection's two machines.

        Args:
            leg: the connection.
            world: the machines.
            at: the instant.
            by_name: the addresses in the running lab, if there is one.
        """
        self._leg, self._world, self._at = leg, world, at
        self.deployment = world.deployment
        self.by_name = addresses_of(self.deployment, FIRST_NET) if by_name is None else by_name
        self.events = EventLog(lambda: at, expressways=frozenset(self.deployment.peers))

    def now_of(self, fqdn: str) -> datetime:
        """Return the time by a machine's own clock."""
        return self._world.clock_of(fqdn, self._at)

    def __call__(self, side: Side, trouble: Trouble) -> tuple[str, ...]:
        """Return the lines that a side writes."""
        leg, seen = self._leg, self.events.last
        here = (self.by_name[leg.client], _CALLER_PORT)
        if side is Side.SERVER:
            journal = Journal(leg.server, self.by_name[leg.server], self)
            journal.refused(trouble, leg.protocol, caller=here, port=leg.port)
        else:
            journal = Journal(leg.client, here[0], self)
            if isinstance(trouble, Unconnected):
                if trouble.resolved:
                    journal.unreachable(leg, self.by_name[leg.server], trouble.reason)
                else:
                    journal.unresolved(leg, trouble.reason)
            elif leg.phone and ANSWERED in trouble.reason:
                answer = trouble.reason.partition(ANSWERED)[2]
                journal.rejected(leg, answer, here=here, address=self.by_name[leg.server])
            else:
                journal.failed(trouble, leg, here=here, address=self.by_name[leg.server])
        return tuple(line for event in self.events.since(seen) for line in str(event).splitlines())
