"""Background tasks. When an exception ends one, the event log says so: no failure is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

import anyio.to_thread

from pkikit.errors import PkikitError
from simulator.events import EventLog

FAILED = "Background Task Failed"
_T = TypeVar("_T")


class Background:
    """All tasks of a lab that nobody waits for. They end when the lab calls `stop`."""

    def __init__(self, owner: str, events: EventLog) -> None:
        """owner: the party that the event log names when a task fails."""
        self._owner, self._events = owner, events
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def spawn(
        self,
        work: Coroutine[Any, Any, None],
        what: str,
        *,
        party: str = "",
        failed: Callable[[BaseException], None] | None = None,
    ) -> asyncio.Task[None]:
        """Start a task.

        Args:
            work: the coroutine to run.
            what: names the task in the event log when it fails.
            party: the party that the event log names then; default: the owner.
            failed: is called as well when an exception ended it.
        """
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(partial(self._ended, party or self._owner, what, failed))
        return task

    def _ended(
        self, party: str, what: str, failed: Callable[[BaseException], None] | None, task: asyncio.Task[None]
    ) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is None:
            return
        self._events.add(party, FAILED, Task=what, Reason=reason_of(error))
        if failed is not None:
            failed(error)

    async def finish(self) -> None:
        """Wait until everything that runs now has ended."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def stop(self) -> None:
        """Cancel everything and wait until it has ended."""
        for task in tuple(self._tasks):
            task.cancel()
        await self.finish()


async def completed(function: Callable[[], _T], *, cancelled: Callable[[], object] = lambda: None) -> _T:
    """Run `function` in a thread. A caller that is cancelled leaves only when the thread is done: nothing goes on behind it.

    cancelled: is called in that case, to tell the thread.
    """
    work = asyncio.ensure_future(anyio.to_thread.run_sync(function))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        cancelled()
        await asyncio.wait([work])
        if not work.cancelled():
            work.exception()  # asyncio would complain about one that nobody looked at
        raise


def reason_of(error: BaseException) -> str:
    """One line about an error: the sentence of an expected one, else its type, its words and where it was raised."""
    if isinstance(error, PkikitError | OSError):
        return str(error)
    at, trace = "", error.__traceback__
    while trace is not None:
        at, trace = f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}", trace.tb_next
    return f"{type(error).__name__}: {error} ({at})"
