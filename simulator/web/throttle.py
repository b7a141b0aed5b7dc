"""Limits the log lines that a stranger can cause."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from simulator.background import reason_of

SILENCE = 10.0  # seconds
_AT_ONCE = 20  # lines within that time; what comes after them is counted


class Throttle:
    """Passes lines to `log`: a number of them per period, then only how many more there were."""

    def __init__(
        self, log: Callable[[str], None], *, at_once: int = _AT_ONCE, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._log, self._at_once, self._clock = log, at_once, clock
        self._until, self._passed, self._dropped = float("-inf"), 0, 0

    def __call__(self, line: str) -> None:
        now = self._clock()
        if now >= self._until:
            self._until, self._passed, self._dropped = now + SILENCE, 0, self._flush()
        if self._passed < self._at_once:
            self._passed += 1
            self._log(line)
        else:
            self._dropped += 1

    def _flush(self) -> int:
        if self._dropped:
            self._log(f"{self._dropped} more lines like the last ones were left out")
        return 0


def logger_to(log: Callable[[str], None]) -> logging.Logger:
    """Return a logger that passes one line per record to `log`, without traceback, and prints nothing."""

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            error = record.exc_info[1] if record.exc_info else None
            log(record.getMessage() + (f": {reason_of(error)}" if error is not None else ""))

    made = logging.Logger("simulator.http", logging.WARNING)  # not registered: one per server
    made.addHandler(Lines())
    return made
