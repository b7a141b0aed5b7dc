"""The lab for notebooks and scripts: the same Lab in an event loop of its own thread.

A cell that blocks (`!openssl s_client …`) therefore never freezes the peers.
"""

from __future__ import annotations

import asyncio
import atexit
import weakref
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, ExitStack
from typing import Any, Self, TypeVar

from anyio.from_thread import start_blocking_portal

from pkikit.model.deployment import Deployment
from pkikit.model.world import World
from simulator.clinic.case import Case
from simulator.clinic.live_case import LiveCase
from simulator.clock import Clock
from simulator.errors import LabError
from simulator.lab.lab import Lab
from simulator.peer.acme.service import AcmeService
from simulator.settings import LabSettings
from simulator.world.report import CheckReport

_T = TypeVar("_T")
_OPEN: weakref.WeakSet[_Threaded] = weakref.WeakSet()


class _Threaded:
    """Something asynchronous that lives in a loop and a thread of its own, from `start` to `close`."""

    def __init__(self, inside: AbstractAsyncContextManager[Any]) -> None:
        self._inside = inside
        self._stack = ExitStack()

    def start(self) -> Self:
        """Start thread, loop and what lives in it. What a test or a kernel forgets to close is closed when Python ends."""
        with ExitStack() as stack:
            self.portal = stack.enter_context(start_blocking_portal())
            stack.enter_context(self.portal.wrap_async_context_manager(self._inside))
            self._stack = stack.pop_all()
        _OPEN.add(self)
        return self

    def close(self) -> None:
        """Stop it and its thread; harmless when called twice."""
        _OPEN.discard(self)
        self._stack.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _require_open(self) -> None:
        if self not in _OPEN:
            raise LabError("this lab is closed; open it again (in a notebook: run the cell that opened it)")

    def run(self, function: Callable[..., Awaitable[_T]], *arguments: Any) -> _T:
        """Run one of the lab's coroutines in its loop and wait for the result."""
        self._require_open()
        return self.portal.call(function, *arguments)

    def do(self, function: Callable[..., _T], *arguments: Any) -> _T:
        """Run a plain method of the lab in its loop's thread."""
        self._require_open()

        async def call() -> _T:
            await asyncio.sleep(0)
            return function(*arguments)

        return self.portal.call(call)


class ThreadedLab(_Threaded):
    """A running lab; use it as a context manager, or `start` and `close`. `lab` is the Lab itself, for looking."""

    def __init__(
        self,
        deployment: Deployment,
        *,
        settings: LabSettings | None = None,
        clock: Clock | None = None,
        prepare: Callable[[World], World] | None = None,
    ) -> None:
        self.lab = Lab(deployment, settings=settings, clock=clock, prepare=prepare)
        super().__init__(self.lab)

    def start_acme(self) -> AcmeService:
        """Start Pebble and the ACME service; both end with the lab."""
        self._require_open()
        return self._stack.enter_context(self.portal.wrap_async_context_manager(self.lab.with_acme()))

    def check(self) -> CheckReport:
        """Judge and dial every leg."""
        return self.run(self.lab.check)


class ThreadedCase(_Threaded):
    """A case of the clinic alive; `case` is the LiveCase itself, for looking."""

    def __init__(
        self, case: Case, settings: LabSettings | None = None, *, step: Callable[[str], None] = lambda _: None
    ) -> None:
        self.case = LiveCase(case, settings, step=step)
        super().__init__(self.case)


@atexit.register
def _close_all() -> None:
    for lab in tuple(_OPEN):
        lab.close()
