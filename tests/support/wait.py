"""Waiting in tests: for an event, never for a while. The limits only catch what hangs; no machine is too slow for them."""

from __future__ import annotations

import time
from collections.abc import Callable

# Seconds after which a program, or something that has to happen, counts as hanging.
LONG = 300.0


def eventually(happened: Callable[[], object], what: str = "it did not happen", *, seconds: float = LONG) -> None:
    """Return as soon as `happened()` is true; AssertionError with `what` when it never is."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)
