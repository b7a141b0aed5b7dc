"""The report as Markdown: the same contents as the page, for tickets and wikis."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from pkikit.judge.legs.known_parts import State
from pkikit.model.certificates.facts import format_time
from pkikit.model.leg import Purpose
from pkikit.report.content.deployment_report import Light, Report
from pkikit.report.content.inventory import CertificateRow
from pkikit.report.content.promise_rows import promise_rows
from pkikit.report.content.report_dates import lifetime_now
from pkikit.report.content.report_outlook import HAND_COLUMNS, HAND_TITLE, hand_rows
from pkikit.report.given.import_notes import Note
from pkikit.report.written.report_sentences import (
    LIGHTS,
    MARKS,
    SOURCE,
    WORDS,
    answer,
    because,
    days_text,
    dropped_text,
    half_text,
    next_without_client_auth,
    note_sections,
    note_text,
    purpose_text,
    to_do,
)
from pkikit.text import counted, listed, printable

DOTS = {Light.RED: "🔴", Light.YELLOW: "🟡", Light.GREEN: "🟢", Light.GREY: "⚪"}
# Everything that Markdown or HTML in it gives a meaning to. A hyphen or a dot matters at the beginning of a line only.
_SPECIAL = re.compile(r"([\\`*_\[\]<|~&$])")
_LEADING = re.compile(r"^(\s*)([-+>]|\d+[.)])")
_LONGEST, _MOST = 3_000, 500


def plain(said: str) -> str:
    """Return a text from outside as Markdown text: on one line, nothing in it has a meaning.

    Args:
        said: the text.

    Returns:
        The text, escaped.
    """
    escaped = _SPECIAL.sub(r"\\\1", printable(said, _LONGEST).replace("://", ":\u200b//"))
    return _LEADING.sub(r"\1\\\2", escaped)


def to_markdown(report: Report) -> str:
    """Return the whole report as Markdown (CommonMark with tables).

    Args:
        report: the report.

    Returns:
        The text, UTF-8, with a line break at its end.
    """
    lines = [
        f"# Certificate report: {plain(report.deployment)}",
        "",
        f"{DOTS[report.light]} **{LIGHTS[report.light]}.** {plain(answer(report))}",
        "",
        f"Expressway {plain(report.version)}, judged for {format_time(report.at)}. {SOURCE}",
        *_to_do(report),
        *_services(report),
        *_promises(report),
        *_causes(report),
        *_warnings(report),
        *_dates(report),
        *_by_hand(report),
        *_inventory(report),
        *block_lines("Topology", code_lines(report.topology.text)),
        *_not_assessed(report),
        *_sources(report),
        *_connections(report),
    ]
    if report.legend:
        lines += ["", f"Short names: {plain(report.legend)}."]
    return "\n".join(lines) + "\n"


def block_lines(title: str, lines: Iterable[str]) -> list[str]:
    """Return a section with its heading; nothing if it is empty.

    Args:
        title: the heading.
        lines: Markdown.

    Returns:
        The lines, an empty one first.
    """
    body = list(lines)
    return ["", f"## {title}", "", *body] if body else []


def table_lines(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table; nothing if it has no rows.

    Args:
        columns: the headings.
        rows: texts from anywhere: they are escaped.

    Returns:
        The lines.
    """
    made = [f"| {' | '.join(plain(cell) for cell in row)} |" for row in rows]
    if not made:
        return []
    return [f"| {' | '.join(columns)} |", f"| {' | '.join('---' for _ in columns)} |", *made]


def code_lines(text: str, language: str = "text") -> list[str]:
    """Return lines as a block of code; a fence that is longer than any in the text.

    Args:
        text: the lines.
        language: what it is, for those who colour it.

    Returns:
        The lines of the block.
    """
    lines = [printable(line, _LONGEST) for line in text.split("\n")]
    longest = max((len(run) for line in lines for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language}", *lines, fence]


def _to_do(report: Report) -> list[str]:
    items = [f"{n}. **{plain(item.what)}** {plain(item.why)}" for n, item in enumerate(to_do(report), start=1)]
    return block_lines("What to do", items or ["Nothing. Make this report again after the next change."])


def _services(report: Report) -> list[str]:
    rows = [
        (line.name.label, report.short.get(line.peer, line.peer), _state(line.state), because(report, line))
        for line in report.services
    ]
    return block_lines("Services", table_lines(("Service", "Peer", "State", "Why"), rows))


def _promises(report: Report) -> list[str]:
    rows = [(row.what, row.state, row.why, row.fix) for row in promise_rows(report.promises)]
    return block_lines("Promises and house rules", table_lines(("Promise or rule", "State", "Why", "Fix"), rows))


def _state(state: State) -> str:
    return f"{MARKS[state]} {WORDS[state]}"


def _causes(report: Report) -> list[str]:
    lines: list[str] = []
    for number, problem in enumerate(report.problems, start=1):
        first, *others = problem.says or (problem.rule,)
        lines += ["", f"### {number}. {plain(first)}", ""]
        lines += [f"- {plain(other)}" for other in others]
        lines += [f"- **Fix:** {plain(problem.fix)}"]
        lines += [f"- Certificate of {plain(listed(problem.certificates, at_most=12))}"] if problem.certificates else []
        lines += [f"- Down ({len(problem.connections)}): {plain(listed(problem.connections, at_most=12))}"]
        lines += [f"- Rule: `{problem.rule}`"]
    return block_lines("What fails, and why", lines[1:])


def _warnings(report: Report) -> list[str]:
    lines = []
    for warned in report.warnings:
        first, *others = warned.says or (warned.finding.rule,)
        lines.append(
            f"- **{plain(warned.finding.subject)}**: {plain(' '.join((first, *others)))} {plain(warned.finding.fix)}"
        )
        lines.append(f"  Seen on {plain(listed(warned.connections, at_most=6))}. Rule: `{warned.finding.rule}`")
    return block_lines("What is up, but unwise", lines)


def _dates(report: Report) -> list[str]:
    rows = [
        (f"{event.at:%Y-%m-%d}", days_text(event, report.at), f"{event.title[:1].upper()}{event.title[1:]}",
         event.kind.value, event.action)
        for event in report.events[:_MOST]
    ]  # fmt: skip
    return block_lines(
        "Dates", [lifetime_now(report.at), "", *table_lines(("Day", "When", "What", "Kind", "What to do"), rows)]
    )


def _by_hand(report: Report) -> list[str]:
    rows = hand_rows(report.by_hand)
    said = plain(" ".join(report.by_hand.sentences))
    return block_lines(HAND_TITLE, [said, "", *table_lines(HAND_COLUMNS, rows)])


def _inventory(report: Report) -> list[str]:
    found = report.inventory
    if not found.certificates:
        return block_lines("Certificates", ["No certificate was given."])
    rows = [
        (
            row.title,
            "; ".join(f"{report.short.get(fqdn, fqdn)} ({store})" for fqdn, store in row.holders),
            _purpose(row, Purpose.SERVER),
            _purpose(row, Purpose.CLIENT),
            f"{row.begins:%Y-%m-%d} to {row.ends:%Y-%m-%d}",
            f"{row.issuer}{' (public CA)' if row.public else ''}",
            f"{row.key}, {row.digest}",
            row.sha256,
        )
        for row in found.certificates[:_MOST]
    ]
    columns = ("Certificate", "On", "Used as server", "Used as client", "Valid", "Issuer", "Key", "SHA-256")
    lines = table_lines(columns, rows)
    authorities = [
        (
            row.title,
            "root" if row.root else f"issued by {row.issuer}",
            f"{row.ends:%Y-%m-%d}",
            listed([report.short.get(name, name) for name in row.listed_by], at_most=6) or "none given",
            row.sha256,
        )
        for row in found.authorities[:_MOST]
    ]
    made = table_lines(("CA", "Kind", "Ends", "In the trusted CA lists of", "SHA-256"), authorities)
    return block_lines("Certificates", [*lines, "", *made])


def _purpose(row: CertificateRow, role: Purpose) -> str:
    kinds = ", ".join(dict.fromkeys(use.carries for use in row.uses if use.role is role))
    said = f"{purpose_text(row, role)}: {kinds or 'not used'}"
    outlook = next_without_client_auth(row, role)
    return f"{said}; {outlook}" if outlook else said


def _not_assessed(report: Report) -> list[str]:
    open_ones = report.with_state(State.NOT_ASSESSED)
    lines = [f"{len(open_ones)} of {counted(len(report.connections), 'connection')}.", ""] if open_ones else []
    rows = [
        (report.short.get(gap.machine, gap.machine), gap.what, str(len(gap.connections)), gap.how)
        for gap in report.gaps[:_MOST]
    ]
    lines += table_lines(("Machine", "Missing", "Connections", "How to get it"), rows)
    halves = [(report.words[c.leg.id], half_text(report, c)) for c in open_ones if half_text(report, c)]
    made = table_lines(("Connection", "What is known"), halves[:_MOST])
    lines += ["", *made] if made else []
    lines += ["", "What files cannot tell:", "", *(f"- {plain(said)}" for said in report.limits)]
    return block_lines("What was not assessed, and why", lines)


def _sources(report: Report) -> list[str]:
    notes = report.notes
    if not notes.there:
        return []
    lines = [dropped_text(notes)]
    for heading, entries, label in note_sections(notes):
        lines += ["", f"### {heading} ({len(entries)})", "", *(f"- {_note(note, label)}" for note in entries[:_MOST])]
    return block_lines("What this report is based on", lines)


def _note(note: Note, label: str) -> str:
    about = f"{plain(note.about)}: " if note.about else ""
    where = f" ({listed(note.sources, at_most=2)})" if note.sources else ""
    return f"{about}{plain(note_text(note, label))}{plain(where)}"


def _connections(report: Report) -> Iterator[str]:
    rows = [
        (report.words[c.leg.id], _state(c.state), ", ".join(c.causes[:1]), c.leg.id)
        for c in report.connections[: 4 * _MOST]
    ]
    yield from block_lines("All connections", table_lines(("Connection", "State", "First cause", "Id"), rows))
