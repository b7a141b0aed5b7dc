"""SIGTERM and a closed terminal stop the lab as Ctrl-C does: children, temporary folders and the lab's state are tidied up."""

from __future__ import annotations

import os
import signal
from types import FrameType

_NUMBERS = (signal.SIGTERM, signal.SIGHUP)


def stop_as_by_ctrl_c() -> None:
    """Make these signals do what Ctrl-C does at that moment. Those that the caller ignores stay ignored."""
    for number in _NUMBERS:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _as_interrupt)
    os.register_at_fork(after_in_child=_forget)


def heed_ctrl_c() -> None:
    """Stop on Ctrl-C even if our caller ignores it, as a shell does for its background jobs."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _as_interrupt(_number: int, frame: FrameType | None) -> None:
    handler = signal.getsignal(signal.SIGINT)  # while a loop runs it is asyncio's own, which cancels the main task
    if callable(handler):
        handler(signal.SIGINT, frame)
    else:
        raise KeyboardInterrupt


def _forget() -> None:
    """Restore the defaults in a forked worker: its parent ends it with SIGTERM, and it has nothing to tidy up."""
    for number in _NUMBERS:
        if signal.getsignal(number) is _as_interrupt:
            signal.signal(number, signal.SIG_DFL)
