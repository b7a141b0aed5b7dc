"""The lab's clock: real time plus an offset. The only place of the simulator that reads a clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Aware UTC instants; `travel` moves the whole lab, Pebble excepted."""

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        self._offset = offset

    @classmethod
    def set_to(cls, at: datetime) -> Clock:
        """A clock that shows `at` now and runs on from there."""
        return cls(at - datetime.now(UTC))

    def now(self) -> datetime:
        """The lab's time."""
        return datetime.now(UTC) + self._offset

    @property
    def travelled(self) -> timedelta:
        """How far ahead of real time."""
        return self._offset

    def travel(self, by: timedelta) -> datetime:
        """Move forward (or back) and return the new time."""
        self._offset += by
        return self.now()
