"""A sequence of messages between machines as HTML: heads that stay, arrows, decisions. Text breaks, nothing is cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from pkikit.view.drawing import THEME_CSS, paint


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row: an arrow from a sender to a receiver, or, if both are the same, something that this machine does or decides.

    phase: a heading above the row. open_to_all: anybody on the way could read it. detail: HTML that opens on a click.
    logs: lines of the sender's log.
    """

    sender: str
    receiver: str
    label: str
    phase: str = ""
    bad: bool = False
    open_to_all: bool = False
    detail: str = ""
    logs: tuple[str, ...] = ()


def sequence(actors: Sequence[tuple[str, str]], rows: Sequence[Row], title: str, *, current: int | None = None) -> str:
    """Return the rows up to `current` (all if None); the current one is marked.

    Args:
        actors: (short name, full name) from left to right; rows have the short names.
        rows: from top to bottom.
        title: what it shows, for screen readers.
        current: the number of the current row, from 0.

    Returns:
        HTML, everything escaped but `detail`.
    """
    places = {short: n for n, (short, _) in enumerate(actors)}
    shown = rows if current is None else rows[: current + 1]
    heads = "".join(f'<span title="{escape(full)}">{escape(short)}</span>' for short, full in actors)
    body = "".join(_row(row, places, lit=number == current) for number, row in enumerate(shown))
    lines = ",".join(f"linear-gradient({paint('border')},{paint('border')})" for _ in actors)
    at = ",".join(f"{(n + 0.5) / len(actors) * 100:.2f}% 0" for n in range(len(actors)))
    look = f"--n:{len(actors)};background-image:{lines};background-position:{at}"
    return (
        f'<div class="lab-drawing lab-sequence" role="region" tabindex="0" aria-label="{escape(title)}">'
        f'<div class="inner"><div class="heads">{heads}</div><ol style="{look}">{body}</ol></div></div>'
    )


def _row(row: Row, places: dict[str, int], *, lit: bool) -> str:
    start, end = places[row.sender], places[row.receiver]
    left, right = min(start, end), max(start, end)
    kinds = [
        "row",
        *(["now"] if lit else []),
        *(["refused"] if row.bad else []),
        *(["open"] if row.open_to_all else []),
    ]
    mark = "✘ " if row.bad else ""
    label = f"{mark}{escape(row.label)}"
    if start == end:
        column = f"grid-column:{2 * start + 1}/{2 * start + 3}"
        drawn = f'<span class="does" style="{column}">{_spoken(row)}{label}{_logs(row.logs)}</span>'
    else:
        way = "right" if end > start else "left"
        drawn = (
            f'<span class="goes {way}" style="grid-column:{2 * left + 2}/{2 * right + 2}">{_spoken(row)}{label}</span>'
        )
    phase = f'<li class="phase">{escape(row.phase)}</li>' if row.phase else ""
    now = ' aria-current="step"' if lit else ""
    if row.detail:
        drawn = f'<details><summary class="line">{drawn}</summary><div class="detail">{row.detail}</div></details>'
    else:
        drawn = f'<div class="line">{drawn}</div>'
    return f'{phase}<li class="{" ".join(kinds)}"{now}>{drawn}</li>'


def _spoken(row: Row) -> str:
    to = f" to {row.receiver}" if row.receiver != row.sender else ""
    return f'<span class="unseen">{escape(row.sender + to)}: </span>'


def _logs(lines: Sequence[str]) -> str:
    return "".join(f'<code class="log">{escape(line)}</code>' for line in lines)


def sequence_text(rows: Sequence[Row]) -> str:
    """Return the rows as numbered lines under their phases."""
    lines = []
    for number, row in enumerate(rows, start=1):
        if row.phase:
            lines.append(f"{row.phase}:")
        who = f"{row.sender} → {row.receiver}" if row.receiver != row.sender else row.sender
        lines.append(f"{number:>3}. {'✘ ' if row.bad else ''}{who}: {row.label}")
        lines += [f"     log of {row.sender}: {line}" for line in row.logs]
    return "\n".join(lines)


SEQUENCE_CSS = (
    f"{THEME_CSS}\n"
    """
.lab-sequence { position: relative; max-height: 70vh; overflow: auto; background: var(--lab-paper); color: var(--lab-ink);
  border: 1px solid var(--lab-rule); border-radius: 8px; font-size: 1em; }
.lab-sequence .inner { min-width: calc(var(--n, 2) * 9em); }
.lab-sequence .heads { display: flex; position: sticky; top: 0; z-index: 1; background: var(--lab-zone);
  border-bottom: 1px solid var(--lab-border); }
.lab-sequence .heads span { flex: 1; text-align: center; font-weight: bold; padding: .4em .2em; overflow-wrap: anywhere; }
.lab-sequence ol { list-style: none; margin: 0; padding: .3em 0 .8em; background-size: 1px 100%;
  background-repeat: no-repeat; }
.lab-sequence li { margin: 0; padding: .15em 0 .5em; }
.lab-sequence .phase { font-weight: bold; background: var(--lab-zone); padding: .3em .8em; margin: .5em 0 .2em; }
.lab-sequence .line { display: grid; grid-template-columns: repeat(calc(2 * var(--n, 2)), minmax(0, 1fr)); list-style: none; }
.lab-sequence summary.line { cursor: pointer; }
.lab-sequence summary.line::-webkit-details-marker { display: none; }
.lab-sequence .goes { position: relative; text-align: center; border-bottom: 2px solid var(--lab-core); padding: 0 12px .1em;
  overflow-wrap: anywhere; }
.lab-sequence .goes::after { content: ""; position: absolute; bottom: -6px; border: 5px solid transparent; }
.lab-sequence .goes.right::after { right: 0; border-left: 9px solid var(--lab-core); border-right: 0; }
.lab-sequence .goes.left::after { left: 0; border-right: 9px solid var(--lab-core); border-left: 0; }
.lab-sequence .open .goes { border-bottom-style: dashed; border-bottom-color: var(--lab-warn); }
.lab-sequence .open .goes.right::after { border-left-color: var(--lab-warn); }
.lab-sequence .open .goes.left::after { border-right-color: var(--lab-warn); }
.lab-sequence .refused .goes { border-bottom-color: var(--lab-down); color: var(--lab-down); }
.lab-sequence .refused .goes.right::after { border-left-color: var(--lab-down); }
.lab-sequence .refused .goes.left::after { border-right-color: var(--lab-down); }
.lab-sequence .does { justify-self: center; background: var(--lab-card); border: 1px solid var(--lab-border);
  border-radius: 6px; padding: .2em .6em; margin: 0 .3em; overflow-wrap: anywhere; }
.lab-sequence .refused .does { border-color: var(--lab-down); background: var(--lab-down-soft); }
.lab-sequence .now { background: var(--lab-note); font-weight: bold; outline: 2px solid var(--lab-border);
  outline-offset: -2px; }
.lab-sequence .detail { background: var(--lab-card); margin: .4em .8em .6em; padding: .2em .6em; font-weight: normal;
  border: 1px solid var(--lab-rule); border-radius: 6px; }
.lab-sequence .log, .lab-stage .log { display: block; font-weight: normal; white-space: pre-wrap; overflow-wrap: anywhere;
  background: var(--lab-zone); color: var(--lab-ink); padding: .2em .4em; margin-top: .3em; text-align: left; }
.lab-sequence .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; }
"""
)
