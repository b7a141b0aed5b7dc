"""When a step is done. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class ScheduledStep:
    """One step with its time. All times are UTC.

    Attributes:
        key: of the step.
        begins: when its owner begins.
        ends: when it is complete.
        owner: who does it.
        asked: when an owner with a lead time is asked, so that the step is complete at `ends`; None for steps of ours.
        window: the maintenance window that it is in, as `Sat 22:00-02:00`; empty if it needs none.
        watched_until: until when somebody watches the machine before the next restart in its cluster; None if nobody has to.
    """

    key: str
    begins: datetime
    ends: datetime
    owner: str
    asked: datetime | None = None
    window: str = ""
    watched_until: datetime | None = None
