"""Renewal as data: what a CA suggests, and when the automatic service may deploy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pkikit.errors import InputError

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, kw_only=True)
class RenewalInfo:
    """What a CA suggests (RFC 9773 §4.2): a window to renew in, and how soon to ask again."""

    start: datetime
    end: datetime
    explanation: str = ""
    ask_again: timedelta = timedelta(hours=6)


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """When the automatic service deploys: on those days (0: Monday) at that hour, by the peer's clock (UTC)."""

    days: frozenset[int] = frozenset(range(7))
    hour: int = 3

    def __post_init__(self) -> None:
        if not self.days or not self.days <= set(range(7)):
            raise InputError("a schedule needs at least one day of the week")
        if not 0 <= self.hour <= 23:
            raise InputError(f"the hour of the schedule is {self.hour}; allowed are 0 to 23")

    def following(self, after: datetime) -> datetime:
        """Return the first such hour that begins after an instant."""
        at = after.replace(hour=self.hour, minute=0, second=0, microsecond=0)
        if at <= after:
            at += timedelta(days=1)
        while at.weekday() not in self.days:
            at += timedelta(days=1)
        return at

    def __str__(self) -> str:
        days = "every day" if len(self.days) == 7 else ", ".join(DAYS[d] for d in sorted(self.days))
        return f"{days} at {self.hour:02}:00 UTC"
