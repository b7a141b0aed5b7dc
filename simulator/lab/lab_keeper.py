"""Saves a running lab: its own file and its event log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial

from pkikit.model.deployment import Deployment
from pkikit.model.world import World
from simulator.background import run_in_thread
from simulator.connections.context import LabContext
from simulator.lab.saved_lab import LabStore


class LabKeeper:
    """Writes the file and the event log of a running lab into its state folder, if it has one."""

    def __init__(self, context: LabContext, passwords: Mapping[str, str], file: Deployment, brought: str) -> None:
        self._context, self._passwords, self._file, self._brought = context, passwords, file, brought
        self._saving = asyncio.Lock()
        # What a lab that starts again has: every machine has restarted then.
        self.world: Callable[[], World] = lambda: context.world

    async def save(self) -> None:
        """Write both. Only one call at a time writes, so an older state never replaces a newer one."""
        context = self._context
        if context.settings.state is None:
            return
        store = LabStore(context.settings.state)
        async with self._saving:
            save = partial(
                store.save,
                context.issued,
                self.world(),
                self._passwords,
                context.clock.travelled,
                file=self._file,
                brought=self._brought,
            )
            await run_in_thread(save)
            await run_in_thread(context.events.write)
