"""What `pkikit diagnose` prints about a capture: the verdict, then each failure with its packets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pkikit.commands.terminal import console
from pkikit.judge.captured_findings import ends_of, finding_of
from pkikit.model.findings import Finding
from pkikit.text import counted

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from pkikit.captures.answer import CaptureAnswer
    from pkikit.judge.captured import Assessment
    from pkikit.judge.captured_findings import Group

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
    states = [("up", "up"), ("down", "down"), ("not assessed", "not assessed"), ("open", "still open at the end")]
    told = [f"{n} {words}" for state, words in states if (n := answer.in_state(state))]
    total = f"{counted(len(answer.assessments), 'TLS connection')} in {counted(answer.packets, 'packet')}"
    console.say(out, f"{total}: {', '.join(told)}." if told else f"{total}.")
    shown = answer.groups if verbose else answer.groups[:MAX_GROUPS]
    for group in shown:
        _show_group(out, group, answer.names, verbose=verbose)
    if len(answer.groups) > len(shown):
        console.section(out, f"And {counted(len(answer.groups) - len(shown), 'more failure')} (--verbose lists them).")
    if answer.log is not None:
        console.section(out, "Failures in the log that are not in the capture:")
        console.show_findings(out, answer.log.verdict.findings)
    hints = sorted({hint for made in answer.assessments if not made.is_down for hint in made.hints})
    for note in (*answer.notes, *(hints if verbose else ())):
        console.section(out, f"Note: {note}")
    if written:
        console.section(out, f"Certificates saved at {written[0].parent} ({counted(len(written), 'file')}).")


def _show_group(out: Console, group: Group, names: dict[str, str], *, verbose: bool) -> None:
    made = group.first
    found = finding_of(group, names)
    console.show_finding(out, _short(found, made))
    console.say(out, f"Sequence ({ends_of(made, names)}, client port {made.connection.client.port}):", indent=2)
    for line in _sequence(made):
        console.say(out, line, indent=4)
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


def _sequence(made: Assessment) -> Iterator[str]:
    events = made.connection.events
    width = max(len(str(e.packet)) for e in events)
    start = events[0].at
    files = {e.file for e in events}
    for event in events[:MAX_SEQUENCE]:
        file = f" ({event.file})" if len(files) > 1 or event.file else ""
        after = (event.at - start).total_seconds()
        yield f"packet {event.packet:>{width}}  +{after:.3f} s  {event.side.value:<6}  {event.what}{file}"
    if len(events) > MAX_SEQUENCE:
        yield f"… and {len(events) - MAX_SEQUENCE} more"
