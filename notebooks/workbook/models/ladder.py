"""A sequence of messages between two or more parties as SVG, from top to bottom. Values in, text out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap

_INK, _PAPER, _GOOD, _BAD, _SOFT = "#1b1f24", "#ffffff", "#0b6e3b", "#b3261e", "#57606a"
_COLUMN, _WIDE_COLUMN, _ROW, _TOP, _NOTE_COLUMN = 230, 470, 48, 64, 400
_LETTER = 6.3  # width of a letter of a label


@dataclass(frozen=True, kw_only=True)
class Arrow:
    """One message; `notes` are what its sender decided before it. `bad`: the sequence ends here, or something is refused."""

    sender: str
    receiver: str
    label: str
    notes: tuple[str, ...] = ()
    bad: bool = False


def refuses(note: str) -> bool:
    """Return True for a note that reports a refusal."""
    return " NOT " in note or "REJECTED" in note or "gave up" in note


def ladder(actors: Sequence[str], arrows: Sequence[Arrow], title: str, *, current: int | None = None) -> str:
    """Return an SVG of the arrows up to `current` (all if None); the current one is thicker."""
    shown = arrows if current is None else arrows[: current + 1]
    column = _WIDE_COLUMN if len(actors) == 2 else _COLUMN
    width = column * (len(actors) - 1) + 2 * _NOTE_COLUMN
    heights = [max(_ROW, 18 * len(a.notes) + 26) for a in arrows]
    height = _TOP + sum(heights) + 30
    at = {actor: _NOTE_COLUMN + column * i for i, actor in enumerate(actors)}
    size = f'viewBox="0 0 {width} {height}" width="{width}" role="img" aria-label="{escape(title)}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12" style="max-width:100%">',
        f'<rect width="{width}" height="{height}" fill="{_PAPER}"/>',
    ]
    for actor, x in at.items():
        parts.append(
            f'<text x="{x}" y="24" text-anchor="middle" font-weight="bold" fill="{_INK}">{escape(actor)}</text>'
        )
        parts.append(f'<line x1="{x}" y1="34" x2="{x}" y2="{height - 10}" stroke="{_SOFT}" stroke-dasharray="3 4"/>')
    y = _TOP
    for number, (arrow, tall) in enumerate(zip(shown, heights, strict=False)):
        parts += _drawn(arrow, at, y, bold=number == current)
        y += tall
    return "\n".join([*parts, "</svg>"])


def _drawn(arrow: Arrow, at: dict[str, int], y: int, *, bold: bool) -> list[str]:
    x1, x2 = at[arrow.sender], at[arrow.receiver]
    colour = _BAD if arrow.bad else _GOOD
    thick, sign = 4 if bold else 2, "✘ " if arrow.bad else ""
    left = x1 <= x2
    lines = wrap(arrow.label, max(int((abs(x2 - x1) or _COLUMN) / _LETTER), 30))[:2] or [""]
    head = -8 if x2 > x1 else 8
    parts = []
    if x1 != x2:
        parts += [
            f'<line x1="{x1}" y1="{y}" x2="{x2}" y2="{y}" stroke="{colour}" stroke-width="{thick}"/>',
            f'<polygon points="{x2},{y} {x2 + head},{y - 5} {x2 + head},{y + 5}" fill="{colour}"/>',
            *(
                f'<text x="{(x1 + x2) // 2}" y="{y - 6 - 14 * (len(lines) - 1 - row)}" text-anchor="middle" fill="{_INK}">'
                f"{sign if row == 0 else ''}{escape(line)}</text>"
                for row, line in enumerate(lines)
            ),
        ]
    else:
        parts += [
            f'<circle cx="{x1}" cy="{y}" r="{thick + 2}" fill="{colour}"/>',
            f'<text x="{x1 + 10}" y="{y - 6}" fill="{_INK}">{sign}{escape(arrow.label[:60])}</text>'
            if arrow.label
            else "",
        ]
    side = x1 - 12 if left else x1 + 12
    anchor = "end" if left else "start"
    for row, note in enumerate(arrow.notes):
        bad = refuses(note)
        parts.append(
            f'<text x="{side}" y="{y + 4 + 16 * row}" text-anchor="{anchor}" font-size="11" fill="{_BAD if bad else _SOFT}">'
            f"{'✘ ' if bad else ''}{escape(note[:58])}</text>"
        )
    return parts


def ladder_text(arrows: Sequence[Arrow]) -> str:
    """Return the arrows as numbered lines."""
    lines = []
    for number, arrow in enumerate(arrows, start=1):
        to = f" to {arrow.receiver}" if arrow.receiver != arrow.sender else ""
        lines.append(f"{number:>2}. {'✘ ' if arrow.bad else ''}{arrow.sender}{to}: {arrow.label or 'nothing is sent'}")
        lines += [f"      {note}" for note in arrow.notes]
    return "\n".join(lines)
