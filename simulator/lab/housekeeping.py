"""The regular work of a lab: the daily CRL updates, the work of the followers, and writing the event log.

Due dates follow the lab's clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import anyio.to_thread

from simulator.background import reason_of
from simulator.connections.context import LabContext
from simulator.lab.process import MemoryKeeper
from simulator.peer.peer import Peer
from simulator.services.revocation_lookup import StatusLookup

_TICK = 1.0  # seconds of real time between two looks at what is due
_NEVER = datetime.min.replace(tzinfo=UTC)


class Housekeeping:
    """The regular work of one lab. `run` repeats it until it is cancelled; `tick` does once what is due."""

    def __init__(self, context: LabContext, peers: Mapping[str, Peer], look_up: StatusLookup) -> None:
        self._context, self._peers, self._look_up = context, peers, look_up
        self._updated: dict[str, datetime] = {}  # last automatic CRL update
        self._ticking = asyncio.Lock()

    async def update_crls(self, fqdn: str) -> None:
        """Run the automatic CRL update of a peer now."""
        peer = self._peers[fqdn]
        urls = peer.state.automatic.urls
        self._updated[fqdn] = self._context.now_of(fqdn)
        if urls:
            failed: list[str] = []

            def note(event: str, detail: str) -> None:
                failed.append(detail)
                self._note(fqdn, event, detail)

            found = await self._look_up.daily(urls, note)
            peer.alarm_board.failed_sources = len({detail.partition(": ")[0] for detail in failed})
            if found or not peer.state.downloaded_crls:
                await peer.take_downloads(found)
            self._context.events.add(fqdn, "CRL Update Completed", Lists=len(found), Sources=len(urls))

    def _note(self, fqdn: str, event: str, detail: str) -> None:
        self._context.events.add(fqdn, event, Detail=detail)

    async def tick(self) -> None:
        """Do what is due. Concurrent calls wait for each other, so everything is done when a call returns."""
        async with self._ticking:
            due = [peer.fqdn for peer in self._peers.values() if self._is_due(peer)]
            await asyncio.gather(*(self.update_crls(fqdn) for fqdn in due))
            for follower in tuple(self._context.followers):
                await follower.tick()

    def _is_due(self, peer: Peer) -> bool:
        """Return True if the automatic CRL update has not run since the hour that it is set to."""
        automatic, now = peer.state.automatic, self._context.now_of(peer.fqdn)
        return bool(automatic.urls) and self._updated.get(peer.fqdn, _NEVER) < _last_at(automatic.hour, now)

    async def run(self) -> None:
        """Tick every second, and write the event log, until cancelled."""
        failed, memory = "", MemoryKeeper()
        while True:
            await asyncio.sleep(_TICK)
            try:
                await self.tick()
                await anyio.to_thread.run_sync(self._context.events.write)
                await anyio.to_thread.run_sync(memory.look)
                failed = ""
            except Exception as error:  # a full disk, odd data: the clock continues
                if reason_of(error) != failed:  # the same error comes every second until the disk has space
                    failed = reason_of(error)
                    self._context.log("Update Failed", failed)


def _last_at(hour: int, now: datetime) -> datetime:
    """Return the last time at which the clock reached that hour."""
    today = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    return today if today <= now else today - timedelta(days=1)
