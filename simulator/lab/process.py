"""What a lab does to the process that it runs in: file descriptors, errors of asyncio, memory after a flood."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from simulator.background import reason_of

_OPEN_FILES = 65_536
_FLOOD = 100  # connections that were open together and are closed


def allow_many_sockets() -> None:
    """Raise the soft limit of open files: a class of callers needs more than a shell allows. At most the hard limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextmanager
def errors_to(log: Callable[[str], None]) -> Iterator[None]:
    """Give `log` one line for what asyncio would print to the terminal as a traceback."""
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()

    def handler(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        reason = f": {reason_of(error)}" if error is not None else ""
        log(f"{context.get('message', '')}{reason}")

    loop.set_exception_handler(handler)
    try:
        yield
    finally:
        loop.set_exception_handler(before)


class MemoryKeeper:
    """Gives memory back to the machine after a flood: the C library keeps what was freed, for a flood that is over."""

    def __init__(self, count: Callable[[], int] | None = None, give_back: Callable[[], object] | None = None) -> None:
        """count: open files now. give_back: what to do once many of them were closed."""
        self._count, self._give_back = count or _open_files, give_back or _give_back
        self._most = 0

    def look(self) -> None:
        """Call it now and then, in a thread: both may take a moment."""
        now = self._count()
        self._most = max(self._most, now)
        if self._most - now >= _FLOOD:
            self._give_back()
            self._most = now


def _open_files() -> int:
    try:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())
    except OSError:  # no Linux: then nothing is given back by hand
        return 0


def _give_back() -> None:
    gc.collect()
    with suppress(OSError, AttributeError):  # another C library than glibc
        ctypes.CDLL(None).malloc_trim(0)
