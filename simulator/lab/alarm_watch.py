"""Watches the alarms of every peer: after a change, a restart, a dial and every tick. It also writes MARK into idle logs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from pkikit.model.tables.log_events import MARK
from pkikit.model.world import World
from simulator.connections.context import Follower, LabContext
from simulator.peer.peer import Peer

IDLE = timedelta(hours=1)


class AlarmWatch(Follower):
    """Follows a lab and updates the alarms of its peers."""

    name = "the alarms"

    def __init__(self, context: LabContext, peers: Mapping[str, Peer]) -> None:
        self._context, self._peers = context, peers
        self._began = context.now()

    def look(self) -> None:
        """Raise and lower alarms now."""
        for peer in self._peers.values():
            peer.alarm_board.look()

    def changed(self, before: World, after: World) -> None:
        """Look: certificates, lists or clocks may be others."""
        self.look()

    async def restarted(self, fqdn: str) -> None:
        """A restart is what some alarms wait for."""
        if fqdn in self._peers:
            self._peers[fqdn].alarm_board.started_again()

    async def tick(self) -> None:
        """Look, and write a mark into each log that had no line for an hour."""
        self.look()
        events, now = self._context.events, self._context.now()
        for fqdn in self._peers:
            if now - events.last_at.get(fqdn, self._began) >= IDLE:
                events.add(fqdn, MARK)
