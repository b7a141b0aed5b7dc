"""What the page and the terminal say about a fleet: the verdict, and what breaks, put together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from pkikit.fleet.audit_records import ConnectionRecord, FleetAudit, FolderRecord, ProblemKind
from pkikit.judge.legs.known_parts import State
from pkikit.model.findings import Severity
from pkikit.report.content.deployment_report import Light
from pkikit.text import counted, listed

_MOST = 12 * 1000
_NAMED = 6


@dataclass(frozen=True, kw_only=True)
class Breaking:
    """Connections of one folder that break at one time for one cause.

    Attributes:
        at: when; the time of the audit, if no date does it.
        dated: a date does it.
        folder: the folder.
        connections: the connections.
    """

    at: datetime
    dated: bool
    folder: FolderRecord
    connections: tuple[ConnectionRecord, ...]

    @property
    def first(self) -> ConnectionRecord:
        """The first of the connections; all break for the same cause."""
        return self.connections[0]

    @property
    def down(self) -> bool:
        """True if they are down now."""
        return self.first.state is State.DOWN

    @property
    def names(self) -> str:
        """The connections for people: the first one, and how many more."""
        more = len(self.connections) - 1
        return self.first.name + (f" and {more} more" if more else "")


def breakings(audit: FleetAudit) -> tuple[Breaking, ...]:
    """Return what breaks, the soonest first: connections of a folder with one cause and one date are together.

    Args:
        audit: the answer.

    Returns:
        What breaks, at most so much as anybody can read.
    """
    groups: dict[tuple[datetime, str, State, str], list[tuple[FolderRecord, ConnectionRecord]]] = {}
    for at, record, connection in audit.breaks:
        key = at, record.folder, connection.state, connection.cause
        if key in groups or len(groups) < _MOST:
            groups.setdefault(key, []).append((record, connection))
    return tuple(
        Breaking(
            at=key[0],
            dated=members[0][1].breaks_at is not None,
            folder=members[0][0],
            connections=tuple(connection for _, connection in members),
        )
        for key, members in groups.items()
    )


def light_of(audit: FleetAudit) -> Light:
    """Return the traffic light: red if something is down, broken or cannot be judged, yellow if something breaks soon."""
    broken = any(found.severity is Severity.ERROR for record in audit.records for found in record.findings)
    if audit.errors or audit.counts[State.DOWN] or broken:
        return Light.RED
    if not audit.counts[State.UP]:
        return Light.GREY
    return Light.GREEN if audit.accepted and not _unknown_words(audit) else Light.YELLOW


def _unknown_words(audit: FleetAudit) -> str:
    """Return how many connections, promises and house rules are not assessed; empty if all are."""
    connections = audit.counts[State.NOT_ASSESSED]
    others = sum(finding.is_unknown for record in audit.records for finding in record.findings)
    parts = [counted(connections, "connection")] if connections else []
    parts += [counted(others, "promise or house rule", "promises or house rules")] if others else []
    return listed(parts)


def verdict_of(audit: FleetAudit) -> str:
    """Return the answer in one sentence or two.

    Args:
        audit: the answer.

    Returns:
        How many deployments need work, and why.
    """
    total, failing = len(audit.records), len(audit.failing)
    unknown = _unknown_words(audit)
    rest = f" Not assessed: {unknown}." if unknown else ""
    dark = sum(record.is_dark for record in audit.records)
    if dark == total:
        return f"No connection of {counted(total, 'deployment')} is known to be up.{rest}"
    if not failing:
        whole = f"All {total:,} deployments are" if total > 1 else "The only deployment is"
        return f"{whole} accepted: nothing is down, and nothing breaks within {audit.within.days} days.{rest}"
    verb = "needs" if failing == 1 else "need"
    return f"{failing:,} of {counted(total, 'deployment')} {verb} work: {listed(list(_reasons(audit)))}.{rest}"


def _reasons(audit: FleetAudit) -> Iterator[str]:
    """Yield how many deployments have each kind of trouble; each deployment counts once, for the worst."""
    kinds = Counter(trouble_of(record, audit) for record in audit.failing)
    for kind, (one, many) in _TROUBLES.items():
        if kinds[kind]:
            yield f"{kinds[kind]:,} {one if kinds[kind] == 1 else many}".format(days=audit.within.days)


_TROUBLES = {
    "error": ("cannot be judged", "cannot be judged"),
    "down": ("has connections that are down", "have connections that are down"),
    "soon": ("breaks within {days} days", "break within {days} days"),
    "promise": ("breaks a promise or a house rule", "break promises or house rules"),
    "other": ("has another problem", "have other problems"),
    "dark": ("has no connection that is assessed", "have no connection that is assessed"),
}


def trouble_of(record: FolderRecord, audit: FleetAudit) -> str:
    """Return the worst trouble of a folder.

    Args:
        record: the folder.
        audit: the whole answer.

    Returns:
        `error`, `down`, `soon`, `promise`, `other`, `dark`, or nothing.
    """
    if record.error:
        return "error"
    if record.counts[State.DOWN]:
        return "down"
    if record.breaking(audit.at, audit.within):
        return "soon"
    if record.accepted(audit.at, audit.within):
        return ""
    if any(found.severity is Severity.ERROR for found in record.findings):
        return "promise"
    return "dark" if record.is_dark and not record.problems else "other"


def state_words(record: FolderRecord, audit: FleetAudit) -> str:
    """Return the state of a folder with its sign.

    Args:
        record: the folder.
        audit: the whole answer.

    Returns:
        As `✘ 3 down`.
    """
    down, unknown = record.counts[State.DOWN], record.counts[State.NOT_ASSESSED]
    words = {
        "error": "✘ not judged",
        "down": f"✘ {down} down",
        "soon": "! breaks soon",
        "promise": "✘ promise or house rule broken",
        "other": "! problem",
        "dark": "? not assessed",
        "": "✔ accepted",
    }[trouble_of(record, audit)]
    return f"{words}, {unknown} not assessed" if unknown and record.counts[State.UP] else words


def when_words(found: Breaking, at: datetime) -> str:
    """Return when something breaks.

    Args:
        found: what breaks.
        at: the time of the audit.

    Returns:
        The day; `now` for what is down whatever the date.
    """
    if not found.dated:
        return "now"
    return f"{found.at:%Y-%m-%d}" if found.at > at or found.down else "now"


def folder_words(record: FolderRecord) -> str:
    """Return how people name a folder: by its path, and the audited folder itself by its deployment."""
    return record.deployment if record.folder == "." and record.deployment else record.folder


def same_names(records: Iterable[FolderRecord]) -> tuple[tuple[str, str], ...]:
    """Return which folders have one deployment name.

    Args:
        records: all folders.

    Returns:
        One entry for each name: the folders, and a sentence about them.
    """
    same: dict[str, list[str]] = {}
    for record in records:
        if any(problem.kind is ProblemKind.DUPLICATE_NAME for problem in record.problems):
            same.setdefault(record.deployment, []).append(folder_words(record))
    return tuple((listed(folders, at_most=_NAMED), _one_name(name)) for name, folders in same.items())


def _one_name(name: str) -> str:
    return (
        f"They have one deployment name, {name}. Give each its own in its deployment file. A folder of archives gets such a "
        "file from pkikit import."
    )


def further_problems(record: FolderRecord) -> Iterable[str]:
    """Return what else is wrong with a folder, in sentences: broken promises and house rules, warnings last."""
    errors = (f.message for f in record.findings if f.severity is Severity.ERROR)
    warnings = (f.message for f in record.findings if f.severity is Severity.WARNING)
    return (*errors, *warnings)


def problems_in_short(record: FolderRecord) -> Iterator[tuple[str, str]]:
    """Yield (sign, sentence) for what else is wrong with a folder: each rule once, with how many more it found."""
    for sign, severity in (("✘", Severity.ERROR), ("!", Severity.WARNING)):
        by_rule: dict[str, list[str]] = {}
        for found in record.findings:
            if found.severity is severity:
                by_rule.setdefault(found.rule, []).append(found.message)
        for first, *more in by_rule.values():
            yield sign, f"{first}{f' ({len(more)} more of this kind)' if more else ''}"
