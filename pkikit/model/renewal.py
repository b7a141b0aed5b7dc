"""Renewal as data: what a CA suggests, how ACME manages a certificate, and when the automatic service may deploy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from pkikit.errors import InputError

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, kw_only=True)
class RenewalInfo:
    """What a CA suggests (RFC 9773 §4.2): a window to renew in, and how soon to ask again."""

    start: datetime
    end: datetime
    explanation: str = ""
    ask_again: timedelta = timedelta(hours=6)


class AcmeMode(Enum):
    """How ACME manages a certificate (`xCommand ACME Settings Write AcmeManaged`)."""

    DISABLED = "Disabled"
    MANUAL = "Manual"
    AUTOMATED = "Automated"


class RenewKey(Enum):
    """Whether the automatic service keeps the key of the stored request or makes a new one."""

    RETAIN = "Retain"
    ROTATE = "Rotate"


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """When the automatic service deploys: on those days (0: Monday) at that time, by the peer's clock (UTC)."""

    days: frozenset[int] = frozenset(range(7))
    hour: int = 3
    minute: int = 0

    def __post_init__(self) -> None:
        if not self.days or not self.days <= set(range(7)):
            raise InputError("a schedule needs at least one day of the week")
        if not 0 <= self.hour <= 23:
            raise InputError(f"the hour of the schedule is {self.hour}; allowed are 0 to 23")
        if not 0 <= self.minute <= 59:
            raise InputError(f"the minute of the schedule is {self.minute}; allowed are 0 to 59")

    def following(self, after: datetime) -> datetime:
        """Return the first such time after an instant."""
        at = after.replace(hour=self.hour, minute=self.minute, second=0, microsecond=0)
        if at <= after:
            at += timedelta(days=1)
        while at.weekday() not in self.days:
            at += timedelta(days=1)
        return at

    def __str__(self) -> str:
        days = "every day" if len(self.days) == 7 else ", ".join(DAYS[d] for d in sorted(self.days))
        return f"{days} at {self.hour:02}:{self.minute:02} UTC"
