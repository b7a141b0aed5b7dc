"""Background tasks. When an exception ends one, the event log records it: no failure is lost."""

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
    """All tasks of a lab that no caller waits for. They end when the lab calls `stop`."""

    def __init__(self, owner: str, events: EventLog) -> None:
        """Start with no task.

        Args:
            owner: the party that the event log names when a task fails.
        """
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
            failed: also called when an exception ended the task.
        """
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(partial(self._end, party or self._owner, what, failed))
        return task

    def _end(
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
        """Wait until every task that runs now has ended."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def stop(self) -> None:
        """Cancel every task and wait until it has ended."""
        for task in tuple(self._tasks):
            task.cancel()
        await self.finish()


async def run_in_thread(function: Callable[[], _T], *, cancelled: Callable[[], object] = lambda: None) -> _T:
    """Run `function` in a thread and return its result.

    A cancelled caller leaves only after the thread has ended, so that no work continues in the background.

    Args:
        cancelled: called on cancellation, to make the thread stop.
    """
    work = asyncio.ensure_future(anyio.to_thread.run_sync(function))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        cancelled()
        await asyncio.wait([work])
        if not work.cancelled():
            work.exception()  # asyncio complains about an exception that is never read
        raise


def reason_of(error: BaseException) -> str:
    """Return one line about an error: the sentence of an expected one, else its type, its text and where it was raised."""
    if isinstance(error, PkikitError | OSError):
        return str(error)
    at, trace = "", error.__traceback__
    while trace is not None:
        at, trace = f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}", trace.tb_next
    return f"{type(error).__name__}: {error} ({at})"
