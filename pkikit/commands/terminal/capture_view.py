"""What `pkikit diagnose` prints about a capture: the verdict, then each failure with its packets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pkikit.commands.terminal import console
from pkikit.judge.capture_causes import Became
from pkikit.judge.capture_findings import ends_of, finding_of
from pkikit.model.findings import Finding
from pkikit.text import counted

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from pkikit.captures.answer import CaptureAnswer
    from pkikit.judge.capture_causes import Assessment
    from pkikit.judge.capture_findings import Group
    from pkikit.model.captured_tls import WireEvent

MAX_GROUPS, MAX_SEQUENCE = 12, 16


def show_capture(
    out: Console, answer: CaptureAnswer, headline: str, written: tuple[Path, ...], *, verbose: bool
) -> None:
    """Print the answer about a capture.

    Args:
        out: where to.
        answer: the answer.
        headline: its first line.
        written: files with extracted certificates.
        verbose: every group, with every connection of it.
    """
    console.headline(out, headline)
    words = {Became.OPEN: "still open at the end"}
    told = [f"{n} {words.get(state, state.value)}" for state in Became if (n := answer.in_state(state))]
    total = f"{counted(len(answer.assessments), 'TLS connection')} in {counted(answer.packets, 'packet')}"
    console.say(out, f"{total}: {', '.join(told)}." if told else f"{total}.")
    if len(answer.failures) > 1:
        rows = [_row(group, answer.names) for group in (answer.failures if verbose else answer.failures[:MAX_GROUPS])]
        if len(answer.failures) > len(rows):
            rows.append(("…", f"and {len(answer.failures) - len(rows)} more (--verbose lists them)", "", "", ""))
        title = f"{counted(len(answer.failures), 'kind')} of failure:"
        console.table(out, ("failures", "connection", "refused by", "cause", "first packet"), rows, title=title)
    told_rules: dict[str, int] = {}
    for group in answer.failures:
        told_rules[group.causes[0]] = told_rules.get(group.causes[0], 0) + 1
        if verbose or told_rules[group.causes[0]] == 1:
            _show_group(out, group, answer.names, verbose=verbose)
    if answer.log is not None:
        console.section(out, "Failures in the log that are not in the capture:")
        first = {found.rule: found for found in reversed(answer.log.verdict.findings)}
        for found in answer.log.verdict.findings:
            if verbose or found is first[found.rule]:
                console.show_finding(out, found)
    hints = sorted({hint for made in answer.assessments if not made.is_down for hint in made.hints})
    for note in (*answer.notes, *(hints if verbose else ())):
        console.section(out, f"Note: {note}")
    if written:
        console.section(out, f"Certificates saved at {written[0].parent} ({counted(len(written), 'file')}).")


def _show_group(out: Console, group: Group, names: dict[str, str], *, verbose: bool) -> None:
    made = group.first
    found = finding_of(group, names)
    console.show_finding(out, _short(found, made))
    files = list(dict.fromkeys(event.file for event in made.connection.events if event.file))
    where = f" in {', '.join(files)}" if files else ""
    console.say(out, f"Sequence{where} ({ends_of(made, names)}, client port {made.connection.client.port}):", indent=2)
    for place, what in _sequence(made):
        console.say(out, what, indent=8, first=f"    {place}  ")
    others = group.members[1:]
    if others:
        which = [str(o.connection.events[0].packet) for o in (others if verbose else others[:6])]
        more = f" and {len(others) - len(which)} more" if len(others) > len(which) else ""
        console.say(
            out,
            f"The same in {counted(len(others), 'other connection')}, from packet {', '.join(which)}{more}.",
            indent=2,
        )


def _short(found: Finding, made: Assessment) -> Finding:
    """Return the finding without the packets, which the sequence has; what the log says and the hints stay."""
    evidence = tuple(e for e in found.evidence if e.where == "log" or e.says)
    return Finding(
        rule=found.rule, severity=found.severity, subject=found.subject, message=found.message, evidence=evidence, fix=found.fix
    )  # fmt: skip


def _row(group: Group, names: dict[str, str]) -> tuple[str, ...]:
    made = group.first
    by = made.refused_by.value if made.refused_by else "not known"
    return (
        str(len(group.members)),
        str(ends_of(made, names)),
        by,
        made.causes[0],
        str(made.connection.events[0].packet),
    )


def _sequence(made: Assessment) -> Iterator[tuple[str, str]]:
    """Yield one line for what a side says in one packet."""
    events = made.connection.events
    width, start = max(len(str(e.packet)) for e in events), events[0].at
    lines: list[tuple[str, str]] = []
    before: WireEvent | None = None
    for event in events:
        same = before is not None and (before.packet, before.side, before.file) == (
            event.packet,
            event.side,
            event.file,
        )
        if same:
            lines[-1] = (lines[-1][0], f"{lines[-1][1]}; {event.what}")
        else:
            after = (event.at - start).total_seconds()
            lines.append((f"packet {event.packet:>{width}}  +{after:.3f} s  {event.side.value:<6}", event.what))
        before = event
    yield from lines[:MAX_SEQUENCE]
    if len(lines) > MAX_SEQUENCE:
        yield "…", f"and {len(lines) - MAX_SEQUENCE} more"
