"""Wait in tests: for an event, never for a while. The limits only catch what hangs; no machine is too slow for them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# Seconds after which a program, or something that has to happen, counts as hanging.
LONG = 300.0
# Milliseconds after which something that a page should show counts as never shown.
PAGE_LONG = 180_000


def eventually(happened: Callable[[], object], what: str = "it did not happen", *, seconds: float = LONG) -> None:
    """Return as soon as `happened()` is true; AssertionError with `what` when it never is."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


async def eventually_async(happened: Callable[[], object], what: str = "it did not happen") -> None:
    """The same in an event loop, which goes on in the meantime."""
    deadline = time.monotonic() + LONG
    while not happened():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.001)


def retry(action: Callable[[], T], *errors: type[Exception], seconds: float = LONG) -> T:
    """The first result of `action()`; it is called again after each of `errors`, which is raised when time is up."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return action()
        except errors:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.02)
