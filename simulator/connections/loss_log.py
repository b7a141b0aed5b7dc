"""The log of held connections that went down, so that nobody misses one: since when, why, and until when."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pkikit.view.description import iso

MOST = 2_000  # the newest count


@dataclass(frozen=True, kw_only=True)
class Loss:
    """One time during which a held connection was down.

    Attributes:
        number: 1, 2, 3 … in the order of the losses.
        leg: the id of the connection.
        at: when it went down, by the lab's clock.
        why: what the machine that dials noticed.
        restarted: the machine whose restart caused it; empty if nothing restarted.
        back: when it was up again; None while it is down.
        configured: False once the connection is no longer part of the configuration.
    """

    number: int
    leg: str
    at: datetime
    why: str
    restarted: str = ""
    back: datetime | None = None
    configured: bool = True

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "n": self.number,
            "connection": self.leg,
            "at": iso(self.at),
            "why": self.why,
            "restarted": self.restarted or None,
            "back": iso(self.back) if self.back is not None else None,
            "configured": self.configured,
        }


class Losses:
    """All losses since the lab started, oldest first. `since` is when that was."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now, self.since = now, now()
        self._found: deque[Loss] = deque(maxlen=MOST)
        self._restarts: dict[str, str] = {}  # by leg: the machine that restarts
        self.count = 0

    def __iter__(self) -> Iterator[Loss]:
        return iter(tuple(self._found))

    def expect(self, leg: str, machine: str) -> None:
        """Note that a machine restarts: it causes the next loss of this connection."""
        self._restarts[leg] = machine

    def lost(self, leg: str, why: str) -> None:
        """Note that a held connection went down."""
        self.count += 1
        self._found.append(
            Loss(number=self.count, leg=leg, at=self._now(), why=why, restarted=self._restarts.pop(leg, ""))
        )

    def back(self, leg: str) -> None:
        """Note that a held connection is up (again)."""
        self._restarts.pop(leg, None)
        self._close(leg, lambda loss: replace(loss, back=self._now()))

    def forget(self, leg: str) -> None:
        """Note that a connection is no longer part of the configuration."""
        self._restarts.pop(leg, None)
        self._close(leg, lambda loss: replace(loss, configured=False))

    def _close(self, leg: str, change: Callable[[Loss], Loss]) -> None:
        for place in range(len(self._found) - 1, -1, -1):
            loss = self._found[place]
            if loss.leg == leg:
                if loss.back is None and loss.configured:
                    self._found[place] = change(loss)
                return
