"""The answer about a log, a recorded handshake or a report of a check: why connections failed."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from pkikit.model.findings import Verdict
from pkikit.report.doctor.diagnosis import Diagnosis, Row, in_a_sentence, most_important_first, state_of
from pkikit.rules.connection_rules import UNEXPLAINED
from pkikit.text import counted, listed, printable

_SHOWN = 5


def of_recording(
    where: str,
    verdict: Verdict,
    causes: Sequence[str],
    groups: Sequence[Mapping[str, Any]],
    *,
    command: str = "",
    connections: int = 0,
    notes: Sequence[str] = (),
) -> Diagnosis:
    """Answer about something that was recorded.

    Args:
        where: the file.
        verdict: what `pkikit diagnose` says about it.
        causes: ids of the causes, the most probable one first.
        groups: failures by connection and cause, for logs.
        command: the command that says more; by default `pkikit diagnose FILE`.
        connections: how many TLS connections a packet capture has in it; 0 for other files.
        notes: sentences about what was not read.

    Returns:
        The answer.
    """
    deeper = command or f"pkikit diagnose {shlex.quote(where)} --verbose"
    says = in_a_sentence(verdict)
    if verdict.accepted:
        says = f"it reports a success and no failure ({counted(len(verdict.checked), 'rule')} checked)"
    elif tuple(causes) == (UNEXPLAINED.id,):
        says = "it reports failures, and pkikit cannot tell why"
    kind, what = "recording", "a recorded handshake or a report of pkikit"
    if connections:
        kind, what = "capture", f"a packet capture with {counted(connections, 'TLS connection')}"
    elif groups:
        kind, what = "log", "a log or what a program printed"
    return Diagnosis(
        thing=where,
        kind=kind,
        what=what,
        state=state_of(verdict),
        says=says,
        facts=tuple(_group_rows(groups)),
        findings=most_important_first(verdict.findings),
        checked=verdict.checked,
        not_assessed=(
            *(("What the file does not report: connections that nobody logged.",) if not connections else ()),
            *(f"{note[:1].upper()}{note[1:].rstrip('.')}." for note in notes),
        ),
        next_steps=(f"See every line that was used:\n{deeper}", *_rule_step(causes)),
        deeper=deeper,
    )


def _rule_step(causes: Sequence[str]) -> list[str]:
    known = [cause for cause in causes if cause != UNEXPLAINED.id]
    return [f"Read what the rule asks for:\npkikit rules {known[0]}"] if known else []


def _group_rows(groups: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Return one line for each cause: how often, and on which connections."""
    causes: dict[str, list[Mapping[str, Any]]] = {}
    for group in groups:
        causes.setdefault(group["cause"], []).append(group)
    lines = []
    for cause, members in list(causes.items())[:_SHOWN]:
        times = counted(sum(group["count"] for group in members), "time")
        who = listed([_ends(group) for group in members], at_most=2)
        lines.append(f"{cause}: {times}, {who}")
    if len(causes) > _SHOWN:
        lines.append(f"and {counted(len(causes) - _SHOWN, 'more cause')}")
    return [("Failures", lines)] if lines else []


def _ends(group: Mapping[str, Any]) -> str:
    port = f":{group['port']}" if group["port"] else ""
    ends = " → ".join(filter(None, (group["client"], f"{group['server']}{port}")))
    who = ends or ", ".join(group["hosts"]) or "on a connection that the log does not name"
    return f"{printable(who, 120)}{' (scanner?)' if group['scanner'] else ''}"
