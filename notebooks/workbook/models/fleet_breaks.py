"""What breaks in a fleet: connections of one customer that one cause breaks on one day, together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pkikit.fleet.audit_records import ConnectionRecord
from pkikit.fleet.finished_audit import FinishedAudit


@dataclass(frozen=True, kw_only=True)
class Break:
    """Connections that break together.

    at: when; the time of the audit if they are down. when: the same for people. cause: the rule. says, fix: of the first one.
    """

    at: datetime
    when: str
    customer: str
    cause: str
    says: str
    fix: str
    connections: tuple[str, ...]


def breaks_of(audited: FinishedAudit, within: timedelta) -> tuple[Break, ...]:
    """Return what breaks within some time, the soonest first."""
    at = audited.audit.at
    found: dict[tuple[datetime, str, str], list[ConnectionRecord]] = {}
    for when, record, connection in audited.audit.breaks:
        if when - at <= within:
            found.setdefault((when, record.folder, connection.cause), []).append(connection)
    return tuple(
        Break(
            at=when,
            when="now" if when <= at else f"{when:%Y-%m-%d}",
            customer=customer,
            cause=cause,
            says=those[0].says,
            fix=those[0].fix,
            connections=tuple(connection.name for connection in those),
        )
        for (when, customer, cause), those in found.items()
    )
