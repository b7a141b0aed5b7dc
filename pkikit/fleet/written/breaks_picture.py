"""How many deployments break first in each month, as a picture and in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pkikit.fleet.audit_records import FleetAudit
from pkikit.judge.legs.known_parts import State
from pkikit.text import counted
from pkikit.view.chart import round_ticks
from pkikit.view.drawing import Canvas, Picture

_MONTHS, _WIDTH, _LEFT, _TOP, _HIGH, _BAR = 13, 760, 56, 56, 200, 30


def breaks_picture(audit: FleetAudit) -> Picture:
    """Draw a column for what is down now and for each of the next months.

    Args:
        audit: the answer.

    Returns:
        The picture, and the same in words.
    """
    columns = list(_columns(audit))
    title = "Deployments by the month of their first break"
    canvas = Canvas(_WIDTH, _TOP + _HIGH + 52, label=title)
    canvas.text(16, 28, title, size=16, bold=True)
    ticks = round_ticks(max((number for _, number in columns), default=1), 4)
    bottom, step = _TOP + _HIGH, (_WIDTH - _LEFT - 16) / len(columns)
    for tick in ticks:
        y = bottom - tick / ticks[-1] * _HIGH
        canvas.line((_LEFT, y), (_WIDTH - 16, y), stroke="rule", thick=1)
        canvas.text(_LEFT - 8, y + 4, f"{tick:,g}", size=12, colour="muted", anchor="end")
    for place, (name, number) in enumerate(columns):
        middle, height = _LEFT + step * (place + 0.5), number / ticks[-1] * _HIGH
        bad = place == 0
        with canvas.group("lab-bar", tip=f"{name}: {counted(number, 'deployment')}"):
            if number:
                colour = "down" if bad else "border"
                fill = "down-soft" if bad else "up-soft"
                canvas.area(middle - _BAR / 2, bottom - height, _BAR, height, fill=fill, stroke=colour, round_=2)
                canvas.text(middle, bottom - height - 6, f"{number:,}", size=12, bold=True, anchor="middle")
            for line, word in enumerate(name.split("-") if place else name.split(" ")):
                canvas.text(middle, bottom + 18 + 16 * line, word, size=12, colour="muted", anchor="middle")
    words = "\n".join(f"{name:<10} {number:>6,}" for name, number in columns)
    return Picture(svg=canvas.svg + "\n", text=words)


def _columns(audit: FleetAudit) -> Iterator[tuple[str, int]]:
    """Yield (what it is, how many deployments) for what is down, each month, later, and what never breaks or is unknown."""
    found: Counter[str] = Counter()
    months = [_month(audit, number) for number in range(_MONTHS)]
    for record in audit.records:
        first = next(iter(record.breaking(audit.at)), None)
        when = first.first_break(audit.at) if first is not None else None
        if record.counts[State.DOWN]:
            found["down now"] += 1
        elif when is not None:
            month = f"{when:%Y-%m}"
            found[month if month in months else "later"] += 1
    yield "down now", found["down now"]
    yield from ((month, found[month]) for month in months)
    yield "later", found["later"]


def _month(audit: FleetAudit, number: int) -> str:
    month = audit.at.year * 12 + audit.at.month - 1 + number
    return f"{month // 12:04}-{month % 12 + 1:02}"
