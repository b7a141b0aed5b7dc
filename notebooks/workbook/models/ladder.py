"""A sequence of messages between machines as a drawing, for outputs, files and slides. Values in, a picture out."""

from __future__ import annotations

from collections.abc import Sequence

from pkikit.view.drawing import Canvas, LegendEntry, arrow, legend, text_width, wrap
from workbook.models.sequence import Row

_SIZE, _LINE, _HEAD, _MARGIN = 13, 17, 58, 16
_NARROW, _WIDE, _NOTE = 190, 330, 300


def ladder(
    actors: Sequence[str],
    rows: Sequence[Row],
    title: str,
    samples: Sequence[LegendEntry] = (),
    *,
    end: str = "",
    good: bool = True,
) -> Canvas:
    """Draw all rows from top to bottom; every text is broken so that it fits.

    Args:
        actors: the machines from left to right.
        rows: what happens.
        title: what the picture shows.
        samples: what its colours mean.
        end: how it ended, below the last row.
        good: whether that is good.

    Returns:
        The drawing.
    """
    column = _WIDE if len(actors) == 2 else _NARROW
    side = _NOTE / 2 if len(actors) == 2 else column / 2
    at = {actor: _MARGIN + side + column * n for n, actor in enumerate(actors)}
    width = column * (len(actors) - 1) + 2 * (side + _MARGIN)
    canvas = Canvas(width, 0, label=title)
    if samples:
        legend(canvas, _MARGIN, 18, samples, width=width - 2 * _MARGIN)
    top = _HEAD + (18 if samples else 0)
    height = _rows(
        Canvas(width, 0, label=title), rows, at, top + 14, column
    )  # measured first: lines go behind the rows
    for actor, x in at.items():
        for n, line in enumerate(wrap(actor, column - 12, 14, bold=True)[-2:]):
            canvas.text(x, top - 18 + 15 * n, line, size=14, bold=True, anchor="middle")
        canvas.line((x, top), (x, height), stroke="rule", thick=1.2)
    y = _rows(canvas, rows, at, top + 14, column)
    for line in wrap(end, width - 2 * _MARGIN, 14, bold=True):
        y += 18
        canvas.text(_MARGIN, y, line, size=14, bold=True, colour="up" if good else "down")
    canvas.height = y + _MARGIN
    return canvas


def _rows(canvas: Canvas, rows: Sequence[Row], at: dict[str, float], y: float, column: float) -> float:
    for row in rows:
        y = _drawn(canvas, row, at, _phase(canvas, row, y, canvas.width), column)
    return y


def _phase(canvas: Canvas, row: Row, y: float, width: float) -> float:
    if not row.phase:
        return y
    canvas.area(_MARGIN, y - 6, width - 2 * _MARGIN, 24, fill="zone")
    canvas.text(_MARGIN + 8, y + 10, row.phase, bold=True, width=width - 3 * _MARGIN)
    return y + 34


def _drawn(canvas: Canvas, row: Row, at: dict[str, float], y: float, column: float) -> float:
    start, end = at[row.sender], at[row.receiver]
    colour = "down" if row.bad else "warn" if row.open_to_all else "core"
    label = f"✘ {row.label}" if row.bad else row.label
    if start != end:
        lines = wrap(label, abs(end - start) - 24, _SIZE)
        for n, line in enumerate(lines):
            canvas.text((start + end) / 2, y + _LINE * n + 10, line, size=_SIZE, anchor="middle",
                        colour="down" if row.bad else "ink")  # fmt: skip
        low = y + _LINE * len(lines) + 2
        arrow(canvas, (start, low), (end, low), stroke=colour, dashed=row.open_to_all)
        return low + 14
    lines = wrap(label, max(column, _NOTE) - 24, _SIZE)
    broad = max(text_width(line, _SIZE) for line in lines) + 20
    left = min(max(start - broad / 2, 4), canvas.width - broad - 4)
    height = _LINE * len(lines) + 8
    canvas.area(left, y, broad, height, fill="down-soft" if row.bad else "card", stroke="down" if row.bad else "border")
    for n, line in enumerate(lines):
        canvas.text(left + 10, y + _LINE * (n + 1) - 2, line, size=_SIZE, colour="down" if row.bad else "ink")
    return y + height + 12
