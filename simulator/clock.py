"""The lab's clock: real time plus an offset."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pkikit.errors import InputError

# Ours: X.509 begins in 1950 and Python's calendar ends with 9999. A lab starts before 9800 (`pkikit.values.instants`), so
# that every certificate that it makes, every party's own clock (up to 23 years off) and a journey of decades have room.
EARLIEST, LATEST = datetime(1951, 1, 1, tzinfo=UTC), datetime(9900, 1, 1, tzinfo=UTC)


class Clock:
    """Aware UTC instants; `travel` moves the whole lab except Pebble."""

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        self._offset = timedelta(0)
        self.travel(offset)

    @classmethod
    def set_to(cls, at: datetime) -> Clock:
        """Return a clock that is at `at` now and continues from there.

        Raises:
            InputError: the lab cannot be at that time.
        """
        return cls(_require_allowed(at) - datetime.now(UTC))

    def now(self) -> datetime:
        """Return the lab's time."""
        return datetime.now(UTC) + self._offset

    @property
    def travelled(self) -> timedelta:
        """How far the clock is ahead of real time."""
        return self._offset

    def travel(self, by: timedelta) -> datetime:
        """Move forward (or back) and return the new time.

        Raises:
            InputError: the lab cannot be at that time; the clock does not move.
        """
        try:
            there = _require_allowed(self.now() + by)
        except OverflowError:
            raise InputError(f"{by.days} days from now are {_OUTSIDE}") from None
        self._offset += by
        return there


_OUTSIDE = f"outside the years {EARLIEST.year} to {LATEST.year - 1}, which the lab's clock can show"


def _require_allowed(at: datetime) -> datetime:
    if not EARLIEST <= at < LATEST:
        raise InputError(f"{at:%Y-%m-%d} is {_OUTSIDE}")
    return at
