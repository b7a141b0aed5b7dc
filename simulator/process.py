"""What a lab needs of the process that it runs in: enough file descriptors, and errors of asyncio in its log."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from simulator.background import reason_of

_OPEN_FILES = 65_536


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
