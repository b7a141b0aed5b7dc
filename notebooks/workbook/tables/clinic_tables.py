"""What the clinic shows in a notebook: what a tool saw, lists of tickets, causes and fixes. Sentences and tables, never reprs."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import pandas as pd

from pkikit.rules.plain_causes import PlainCause
from pkikit.text import counted
from simulator.clinic.case import Case
from simulator.clinic.debrief import Debrief
from simulator.clinic.looks import Seen
from workbook.html import table

# A long log shows its newest lines, and scrolls up to the older ones.
_NEWEST = "display:flex;flex-direction:column-reverse;max-height:32em;overflow-y:auto"
LEVELS = {1: "easy", 2: "normal", 3: "hard"}


class Looked:
    """What a tool of a ticket shows: a title, rows under column titles, a note. `frame` is the table for code."""

    def __init__(self, seen: Seen) -> None:
        self.seen = seen

    @property
    def frame(self) -> pd.DataFrame:
        """The rows as a table."""
        return pd.DataFrame(list(self.seen.rows), columns=list(self.seen.columns))

    def __repr__(self) -> str:
        return self.seen.text

    def __contains__(self, text: str) -> bool:
        return text in self.seen.text

    def _repr_html_(self) -> str:
        return seen_html(self.seen)


def seen_html(seen: Seen) -> str:
    """Return what a tool shows as HTML: a log as lines, everything else as a table; everything escaped."""
    title, note = f"<p><b>{escape(seen.title)}</b></p>", f"<p><small>{escape(seen.note)}</small></p>" * bool(seen.note)
    if not seen.rows:
        return f"{title}{note}"
    if seen.tool == "log":
        lines = "".join(f"<li><code>{escape(row[0])}</code></li>" for row in seen.rows)
        box = f'<div role="region" aria-label="Event log" tabindex="0" style="{_NEWEST}">'
        return f'{title}{box}<ol class="desk-log">{lines}</ol></div>{note}'
    if seen.tool == "pages":
        links = "".join(
            f'<li>{escape(who)}: <a href="{escape(url)}" target="_blank" rel="noopener">{escape(url)}</a></li>'
            for who, url in seen.rows
        )
        return f"{title}<ul>{links}</ul><p>{escape(seen.note)}</p><p>The browser warns, because the lab's CA is private.</p>"
    if seen.tool == "openssl":
        told = "".join(f"<dt>Port {escape(port)}</dt><dd><code>{escape(line)}</code></dd>" for port, line in seen.rows)
        return f"{title}<dl>{told}</dl>{note}"
    if seen.tool == "zones":
        down = tuple(row for row in seen.rows if "down" in row[1])
        up = tuple(row for row in seen.rows if row not in down)
        folded = f"<details><summary>{counted(len(up), 'connection')} up</summary>{table(seen.columns, up)}</details>"
        return title + (table(seen.columns, down) if down else "") + folded * bool(up) + note
    return title + table(seen.columns, seen.rows) + note


class Causes:
    """Numbered causes under their gates. `case.cause(NUMBER)` names one."""

    def __init__(self, causes: Sequence[PlainCause], said: str = "") -> None:
        self.causes, self.said = tuple(causes), said

    def __repr__(self) -> str:
        lines, gate = [self.said] if self.said else [], ""
        for number, cause in enumerate(self.causes, 1):
            if cause.gate != gate:
                gate = cause.gate
                lines.append(gate)
            lines.append(f"  {number:>2}  {cause.sentence}")
        return "\n".join([*lines, *(["Name one with its number: case.cause(NUMBER)"] if self.causes else [])])

    def _repr_html_(self) -> str:
        rows = [(str(number), cause.sentence, cause.gate) for number, cause in enumerate(self.causes, 1)]
        said = f"<p>{escape(self.said)}</p>" if self.said else ""
        listed = table(("number", "cause", "gate"), rows) if rows else ""
        return f"{said}{listed}" + "<p>Name one with its number: <code>case.cause(NUMBER)</code></p>" * bool(rows)


class DebriefShown:
    """The debrief of a ticket, as a notebook shows it. `debrief` has the values."""

    def __init__(self, debrief: Debrief) -> None:
        self.debrief = debrief

    def __repr__(self) -> str:
        return str(self.debrief)

    def _repr_html_(self) -> str:
        replay = self.debrief.replay
        if replay is None:
            return debrief_html(self.debrief)
        pairs = (("when the ticket was opened", replay.broken), ("now: up" if replay.up else "now: down", replay.now))
        told = "".join(
            f'<section style="flex:1 1 24em"><h4>{escape(replay.connection)}, {state}</h4>'
            f"{table(('machine', 'step'), steps)}</section>"
            for state, steps in pairs
        )
        return f'{debrief_html(self.debrief)}<div style="display:flex;flex-wrap:wrap;gap:0 2em">{told}</div>'


def debrief_html(told: Debrief) -> str:
    """Return the debrief under headings, without the handshakes."""
    parts = [f"<p><b>{escape(told.ticket)} {escape(told.title)}</b></p>"]
    parts.append(f'<p class="desk-verdict"><b>{escape(told.verdict)}</b> {escape(told.points)}.</p>')
    parts.append(_list("Cause" if len(told.causes) == 1 else "Causes", told.causes))
    parts.append(_list("What to do", (told.explanation,)))
    mine = _list("You looked at", told.looked or ("nothing",))
    expert = _list("An expert looks at", tuple(f"{at}: {learns}" for at, learns in told.expert))
    parts.append(f'<div class="desk-pair">{mine}{expert}</div>')
    parts.append(_list("Looked suspicious, and is harmless", told.red_herrings))
    acts = tuple(f"{act.line}: {' '.join(act.effects) or 'no side effects.'}" for act in told.acts)
    parts.append(_list("What you did, and its side effects", acts))
    parts.append(_list("Note", told.notes))
    return "".join(parts)


def _list(title: str, lines: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<section><h4>{escape(title)}</h4><ul>{items}</ul></section>" if lines else ""


def ticket_frame(listed: Sequence[Case], *, trainer: bool = False) -> pd.DataFrame:
    """Return tickets as a table: number, symptom, level, minutes; for trainers also topic and file."""
    rows = []
    for case in listed:
        row = {
            "ticket": case.ticket,
            "symptom": case.title,
            "level": LEVELS[case.difficulty],
            "minutes": str(case.minutes),
        }
        rows.append({**row, "topic": str(case.topic), "file": case.id} if trainer else row)
    return pd.DataFrame(rows).set_index("ticket")
