"""Failed connections of a capture as findings: the same failure once, with the packets and log lines as evidence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from pkikit.judge.capture_causes import Assessment, Became
from pkikit.judge.logs.failures import Connection, LogOutcome
from pkikit.judge.logs.groups import Entry, Key
from pkikit.judge.logs.log_advice import Ends, fix_for
from pkikit.judge.phrases import Whose, Writer
from pkikit.model.findings import NO_FAILURE, Evidence, Finding, Severity
from pkikit.model.trace import Side
from pkikit.rules.catalogue import rule_of
from pkikit.rules.connection_rules import (
    CIPHER,
    HANDSHAKE,
    NO_CERTIFICATE,
    NOT_TLS,
    PROTOCOL,
    RENEGOTIATION,
    SERVER_NAME,
    UNEXPLAINED,
)
from pkikit.values.names import printable

MAX_EVIDENCE = 12
_BEFORE_CERTIFICATES = {
    rule.id for rule in (PROTOCOL, CIPHER, NOT_TLS, HANDSHAKE, SERVER_NAME, NO_CERTIFICATE, RENEGOTIATION)
}
_OTHER = {Side.CLIENT: Side.SERVER, Side.SERVER: Side.CLIENT}


@dataclass(frozen=True, kw_only=True)
class Group:
    """Connections between the same machines that failed for the same reason."""

    members: tuple[Assessment, ...]

    @property
    def first(self) -> Assessment:
        """The first of them."""
        return self.members[0]

    @property
    def causes(self) -> tuple[str, ...]:
        """The causes, the most probable first."""
        return self.first.causes


def group_failures(assessments: Iterable[Assessment]) -> tuple[Group, ...]:
    """Return the failures, those first that have to be fixed first."""
    found: dict[tuple[object, ...], list[Assessment]] = {}
    for made in assessments:
        if made.is_down:
            connection = made.connection
            key = (connection.client.address, connection.server, made.causes[:1], made.refused_by, made.state)
            found.setdefault(key, []).append(made)
    groups = [Group(members=tuple(members)) for members in found.values()]
    return tuple(sorted(groups, key=lambda g: (rule_of(g.causes[0]).rank, -len(g.members))))


def ends_of(made: Assessment, names: dict[str, str]) -> Ends:
    """Return the machines of a connection: addresses, with the names that logs give them."""
    return Ends.of(_entry(made), names)


def statement(group: Group, names: dict[str, str]) -> str:
    """Return one sentence: who refused whom, and what shows it."""
    made = group.first
    ends = ends_of(made, names)
    refuser = {Side.CLIENT: ends.client, Side.SERVER: ends.server}
    times = f" ({len(group.members)} connections)" if len(group.members) > 1 else ""
    side = made.refused_by
    seen = made.seen[:1].upper() + made.seen[1:] if made.seen.startswith("not ") else made.seen
    if side is None or made.state is not Became.DOWN:
        return f"{seen}{times}"
    what = "refuses the certificate of" if _is_about_certificates(made.causes[0]) else "ends the connection with"
    return f"{refuser[side]}, the {side.value}, {what} {refuser[_OTHER[side]]}: {seen}{times}"


def finding_of(group: Group, names: dict[str, str]) -> Finding:
    """Return the finding about a group.

    Args:
        group: the connections.
        names: host names of addresses.

    Returns:
        The finding, with the first connections as evidence.
    """
    made = group.first
    rule, ends = rule_of(made.causes[0]), ends_of(made, names)
    fix = rule.fix if rule is not UNEXPLAINED else _fix_unexplained(made)
    if rule is not UNEXPLAINED:
        fix = fix_for(_entry(made), ends)
    found = rule.finding(str(ends), _evidence(group), message=statement(group, names), severity=Severity.ERROR)
    return Finding(
        rule=found.rule,
        severity=found.severity,
        subject=found.subject,
        message=found.message,
        evidence=found.evidence,
        fix=fix,
    )


def _fix_unexplained(made: Assessment) -> str:
    told = [note for note in made.connection.not_assessed if "key log" in note]
    first = "Give the key log of one of the machines (--keylog FILE). " if told else ""
    return f"{first}Read the log of both machines at the same time; you can give it here, together with the capture."


def _evidence(group: Group) -> list[Evidence]:
    found: list[Evidence] = []
    for made in group.members[:MAX_EVIDENCE]:
        connection = made.connection
        where = f"{connection.client} → {connection.server}"
        last = connection.fatal.event if connection.fatal else connection.events[-1]
        found.append(
            Evidence(
                label=f"{last.place}, {where}",
                expected=NO_FAILURE,
                seen=f"{last.side.value}: {last.what}",
                where="capture",
            )
        )
        found += [
            Evidence(
                label=f"{line.place}, {where}",
                expected=NO_FAILURE,
                seen=printable(line.outcome.seen.strip(), 160),
                where="log",
            )
            for line in made.logged
        ]
    found += [
        Evidence(label="hint", expected=NO_FAILURE, seen=hint, where="capture", says=hint) for hint in group.first.hints
    ]
    return found


def _is_about_certificates(rule: str) -> bool:
    return rule.partition(".")[0] not in {"net", "dns", "diagnose"} and rule not in _BEFORE_CERTIFICATES


def _entry(made: Assessment) -> Entry:
    """Return the failure as logs would report it, for their advice."""
    connection, rule = made.connection, made.causes[0] if made.causes else UNEXPLAINED.id
    about = made.refused_by is not None and _is_about_certificates(rule)
    writer = {Side.CLIENT: Writer.CLIENT, Side.SERVER: Writer.SERVER, None: Writer.UNKNOWN}[made.refused_by]
    if rule == NO_CERTIFICATE.id:
        about = True
    names = Connection(client=connection.client.address, server=connection.server.address, port=connection.server.port)
    whose = Whose.THEIRS if about else Whose.NEITHER
    outcome = LogOutcome(rule=rule, seen=made.seen, connection=names, structured=True, whose=whose, writer=writer)
    entry = Entry(key=Key(connection=names, host="", rule=rule, whose=whose, writer=writer), outcome=outcome, line="")
    if made.logged:
        entry.names |= {line.outcome.name for line in made.logged if line.outcome.name}
    return entry


def group_json(group: Group, names: dict[str, str]) -> dict[str, Any]:
    """Return a row of the table of groups, as a log has them.

    Args:
        group: the connections.
        names: host names of addresses.

    Returns:
        A JSON object.
    """
    ends = ends_of(group.first, names)
    times = [made.connection.began.astimezone(UTC).isoformat() for made in group.members]
    return {
        "client": ends.client, "server": ends.server, "port": ends.port, "direction": "", "cause": group.causes[0],
        "count": len(group.members), "first": min(times), "last": max(times), "seen": group.first.seen, "hosts": [],
        "scanner": False,
    }  # fmt: skip
