"""Charts as SVG: designs by two figures, and lanes over calendar dates. Drawn with our own canvas, so that they need no library.

Text is measured, colours follow the page, and no colour stands alone: shapes, signs and words say the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from pkikit.view.drawing import Canvas, DateAxis, DateMark, day_text, number, sign, text_width, wrap

Kind = Literal["works", "costs", "fails"]
KINDS: Final[tuple[Kind, ...]] = ("works", "costs", "fails")
_COLOURS: Final[dict[Kind, str]] = {"works": "up", "costs": "up", "fails": "down"}
_WIDTH, _PLOT_HEIGHT, _LEFT, _TOP, _SIDE = 760, 360, 84, 92, 40
_RADIUS, _NEAR, _SMALL = 8, 28, 12
_MOST_LISTED = 20


@dataclass(frozen=True)
class _Spot:
    """Points that coincide: where they are drawn, and all their labels."""

    x: float
    y: float
    kind: Kind
    labels: tuple[str, ...]


def round_ticks(highest: float, most: int = 6) -> list[float]:
    """Return round numbers from 0 to at least `highest`: steps of 1, 2 or 5 times a power of ten.

    Args:
        highest: what the axis has to show.
        most: how many steps there may be.

    Returns:
        The ticks, from 0.
    """
    rough = max(highest, 1e-9) / most
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    step = max(step, 1.0) if highest >= 1 else step
    if highest <= 0:
        return [0, 1]
    # A point at the top needs room for its number.
    return [round(step * n, 9) for n in range(math.floor(highest / step * 1.04) + 2)]


def scatter(
    points: Sequence[tuple[float, float, int, str]],
    *,
    x: str,
    y: str,
    title: str,
    series: Sequence[str],
    kinds: Sequence[Kind] = KINDS,
) -> str:
    """Return a chart of points that are numbered, with a key below it. Axes begin at zero and have round ticks.

    Args:
        points: (x, y, number of the series, label). Points that coincide are drawn once, with all their labels in the key.
        x: the axis, with its unit.
        y: the same.
        title: what the chart shows.
        series: the legend; a series without points is not in it.
        kinds: what each series means: it works (a circle), it works at a cost (a diamond), it does not work (a cross).

    Returns:
        The SVG.
    """
    canvas = Canvas(_WIDTH, _TOP + _PLOT_HEIGHT, label=title)
    for n, line in enumerate(wrap(title, _WIDTH - 40, 16, bold=True, most=2)):
        canvas.text(20, 28 + 20 * n, line, size=16, bold=True)
    across = round_ticks(max((p[0] for p in points), default=1))
    up = round_ticks(max((p[1] for p in points), default=1))
    right, bottom = _WIDTH - _SIDE, _TOP + _PLOT_HEIGHT
    _axes(canvas, across, up, right, bottom, (x, y))
    placed = [
        (
            _LEFT + px / across[-1] * (right - _LEFT),
            bottom - py / up[-1] * (bottom - _TOP),
            kinds[n % len(kinds)],
            label,
        )
        for px, py, n, label in points
    ]
    spots = _spots(placed)
    _legend(canvas, series, [kinds[n % len(kinds)] for n in range(len(series))], {p[2] for p in points})
    for n, spot in enumerate(spots, start=1):
        _draw_spot(canvas, spot, n)
    canvas.height = _key(canvas, spots, bottom + 58)
    return canvas.svg + "\n"


def _axes(
    canvas: Canvas, across: list[float], up: list[float], right: float, bottom: float, names: tuple[str, str]
) -> None:
    for tick in across:
        px = _LEFT + tick / across[-1] * (right - _LEFT)
        canvas.line((px, _TOP), (px, bottom + 4), stroke="rule", thick=1)
        canvas.text(px, bottom + 18, f"{tick:,g}", size=_SMALL, colour="muted", anchor="middle")
    for tick in up:
        py = bottom - tick / up[-1] * (bottom - _TOP)
        canvas.line((_LEFT - 4, py), (right, py), stroke="rule", thick=1)
        canvas.text(_LEFT - 8, py + 4, f"{tick:,g}", size=_SMALL, colour="muted", anchor="end")
    canvas.line((_LEFT, _TOP), (_LEFT, bottom), (right, bottom), stroke="border", thick=1.4)
    canvas.text((_LEFT + right) / 2, bottom + 40, names[0], size=13, anchor="middle")
    canvas.text(24, (_TOP + bottom) / 2, names[1], size=13, anchor="middle", turn=-90)


def _legend(canvas: Canvas, series: Sequence[str], kinds: Sequence[Kind], used: set[int]) -> None:
    left, y = 20.0, 54.0
    for n, name in enumerate(series):
        width = 24 + text_width(name, _SMALL) + 24
        if n in used:
            if left > 20 and left + width > _WIDTH:
                left, y = 20.0, y + 20
            _symbol(canvas, left + 10, y, kinds[n])
            canvas.text(left + 24, y + 4, name, size=_SMALL, colour="muted")
            left += width


def _spots(placed: Sequence[tuple[float, float, Kind, str]]) -> list[_Spot]:
    """Merge points of one kind that coincide, and move others apart sideways."""
    spots: list[_Spot] = []
    for x, y, kind, label in sorted(placed, key=lambda p: (p[0], -p[1])):
        same = next((n for n, s in enumerate(spots) if s.kind == kind and abs(s.x - x) < 3 and abs(s.y - y) < 3), None)
        if same is not None:
            spots[same] = _Spot(spots[same].x, spots[same].y, kind, (*spots[same].labels, label))
            continue
        while any(abs(s.x - x) < _NEAR and abs(s.y - y) < _NEAR for s in spots):
            x += _NEAR / 2
        spots.append(_Spot(x, y, kind, (label,)))
    return spots


def _draw_spot(canvas: Canvas, spot: _Spot, n: int) -> None:
    with canvas.group("lab-point", tip="\n".join(spot.labels), data={"kind": spot.kind}):
        _symbol(canvas, spot.x, spot.y, spot.kind)
        more = f" ({len(spot.labels)})" if len(spot.labels) > 1 else ""
        canvas.text(spot.x, spot.y - _RADIUS - 4, f"{n}{more}", size=_SMALL, bold=True, anchor="middle")


def _symbol(canvas: Canvas, x: float, y: float, kind: Kind) -> None:
    colour = _COLOURS[kind]
    if kind == "fails":
        sign(canvas, x, y, "down")
    elif kind == "costs":
        corners = ((x, y - _RADIUS), (x + _RADIUS, y), (x, y + _RADIUS), (x - _RADIUS, y))
        drawn = "L".join(f"{number(a)} {number(b)}" for a, b in corners)
        canvas.path(f"M{drawn}Z", stroke=colour, thick=2, fill="up-soft")
    else:
        canvas.path(
            f"M{number(x - 7)} {number(y)}a7 7 0 1 0 14 0a7 7 0 1 0 -14 0Z", stroke=colour, thick=2, fill=colour
        )


def _key(canvas: Canvas, spots: Sequence[_Spot], y: float) -> float:
    """Write what each number stands for; return where the text ends."""
    y += 18
    entries = [(n, label) for n, spot in enumerate(spots, start=1) for label in spot.labels]
    for n, label in entries[:_MOST_LISTED]:
        canvas.text(40, y, str(n), size=13, bold=True, anchor="end")
        for line in wrap(label, _WIDTH - 50 - 20, 13):
            canvas.text(50, y, line)
            y += 18
    if len(entries) > _MOST_LISTED:
        canvas.text(50, y, f"and {len(entries) - _MOST_LISTED} more: see the table", colour="muted")
        y += 18
    return y + 4


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A stretch of a lane: it is up, or down for the reason in `label`."""

    begin: datetime
    end: datetime
    good: bool
    label: str


@dataclass(frozen=True, kw_only=True)
class Lane:
    """One row of a chart over time. ticks: instants at which something happens; tip: what the title stands for, in full."""

    title: str
    bars: Sequence[Bar]
    tip: str = ""
    ticks: Sequence[datetime] = field(default_factory=tuple)


_NAMES, _AXIS, _THICK, _THIN = 340, 600, 20, 8


def lanes(
    rows: Sequence[Lane],
    *,
    begin: datetime,
    end: datetime,
    title: str,
    marks: Sequence[DateMark] = (),
    words: tuple[str, str] = ("up", "down"),
    tick: str = "",
) -> str:
    """Return a chart with one lane per row over calendar dates.

    Good stretches are thin and plain; bad ones are tall, have a border and a cross.

    Args:
        rows: the lanes from top to bottom.
        begin: of the axis.
        end: of the axis.
        title: what the chart shows.
        marks: days that matter.
        words: what good and bad stretches are called in the legend.
        tick: what a tick is called; empty if no lane has any.

    Returns:
        The SVG.
    """
    canvas = Canvas(_NAMES + _AXIS + 40, 0, label=title)
    axis = DateAxis(begin=begin, end=end, left=_NAMES + 10, width=_AXIS)
    for n, line in enumerate(wrap(title, _NAMES + _AXIS, 16, bold=True, most=2)):
        canvas.text(16, 28 + 20 * n, line, size=16, bold=True)
    _lane_legend(canvas, 58, rows, words, tick)
    top = 80 + axis.marks_height(marks)
    wrapped = [wrap(row.title, _NAMES - 24, 13, most=4) for row in rows]
    tall = [max(len(lines) * 17 + 10, 34) for lines in wrapped]
    bottom = top + sum(tall)
    axis.draw(canvas, top, bottom, marks)
    y = top
    for row, lines, height in zip(rows, wrapped, tall, strict=True):
        with canvas.group("lab-lane", tip=row.tip):
            _draw_lane(canvas, row, lines, y, height, axis)
        y += height
    canvas.height = bottom + 32
    return canvas.svg + "\n"


def _draw_lane(canvas: Canvas, row: Lane, lines: list[str], top: float, height: float, axis: DateAxis) -> None:
    middle = top + height / 2
    for n, line in enumerate(lines):
        canvas.text(_NAMES - 4, middle + 4 + 17 * (n - (len(lines) - 1) / 2), line, anchor="end")
    for bar in row.bars:
        left, width = axis.place(bar.begin), max(axis.place(bar.end) - axis.place(bar.begin), 2)
        told = f"{bar.label}, {day_text(bar.begin)} to {day_text(bar.end)}"
        with canvas.group("lab-bar", tip=told, data={"state": "up" if bar.good else "down"}):
            if bar.good:
                canvas.area(left, middle - _THIN / 2, width, _THIN, fill="up-soft", stroke="up", round_=2)
                continue
            canvas.area(left, middle - _THICK / 2, width, _THICK, fill="down-soft", stroke="down", thick=1.6, round_=2)
            if width > _THICK:
                sign(canvas, left + 12, middle, "down")
            if text_width(bar.label, _SMALL) < width - 34:
                canvas.text(left + 24, middle + 4, bar.label, size=_SMALL, colour="down")
    for instant in row.ticks:
        x = axis.place(instant)
        canvas.line((x, middle - _THICK / 2), (x, middle + _THICK / 2), stroke="down", thick=2, kind="lab-tick")


def _lane_legend(canvas: Canvas, y: float, rows: Sequence[Lane], words: tuple[str, str], tick: str) -> None:
    left = 16.0
    for good, word in zip((True, False), words, strict=True):
        if any(bar.good is good for row in rows for bar in row.bars):
            thick = _THIN if good else 14
            canvas.area(
                left, y - thick / 2, 26, thick, fill="up-soft" if good else "down-soft",
                stroke="up" if good else "down", round_=2,
            )  # fmt: skip
            if not good:
                sign(canvas, left + 13, y, "down")
            canvas.text(left + 34, y + 4, word, size=_SMALL, colour="muted")
            left += 34 + text_width(word, _SMALL) + 24
    if tick and any(row.ticks for row in rows):
        canvas.line((left + 4, y - 8), (left + 4, y + 8), stroke="down", thick=2)
        canvas.text(left + 14, y + 4, tick, size=_SMALL, colour="muted")
