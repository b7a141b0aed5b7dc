"""Settings of the process that runs a lab: file descriptors, errors of asyncio, memory after a flood of connections."""

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
    """Raise the soft limit of open files as far as the hard limit: a class of callers needs more than the default."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextmanager
def errors_to(log: Callable[[str], None]) -> Iterator[None]:
    """Call `log` with one line for each error that asyncio would print to the terminal as a traceback."""
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
    """Returns memory to the operating system after a flood of connections; the C library keeps freed memory otherwise."""

    def __init__(self, count: Callable[[], int] | None = None, give_back: Callable[[], object] | None = None) -> None:
        """Describe when to return memory.

        Args:
            count: returns the number of open files now.
            give_back: returns memory to the system; called after many files were closed.
        """
        self._count, self._give_back = count or _open_files, give_back or _give_back
        self._most = 0

    def look(self) -> None:
        """Count open files, and return memory if a flood is over. Call it in a thread: it may take a moment."""
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
