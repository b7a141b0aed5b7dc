"""An axis of dates: years, quarters, months or days, whatever fits, and marks for days that matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pkikit.view.drawing.canvas import Canvas
from pkikit.view.drawing.measure import text_width

_SIZE, _ROW = 12, 18
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STEPS = (1, 2, 3, 6, 12, 24, 60, 120)


def day_text(when: datetime) -> str:
    """Return a date as pictures write it.

    Args:
        when: the instant.

    Returns:
        As `13 May 2026`.
    """
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


def date_ticks(begin: datetime, end: datetime, most: int) -> list[tuple[datetime, str]]:
    """Return the dates of an axis, at begins of days, months or years, as many as fit.

    Args:
        begin: of the axis.
        end: of the axis.
        most: how many ticks there may be.

    Returns:
        (instant, label) from left to right; a label names the year where it changes.
    """
    days = max((end - begin).total_seconds() / 86400, 1e-6)
    if days <= 62 and (found := _days(begin, end, max(1, most))):
        return found
    made = _months(begin, end, _STEPS[0])
    for step in _STEPS:
        made = _months(begin, end, step)
        if len(made) <= most:
            return made
    return made[:: -(-len(made) // max(most, 1))]


def _days(begin: datetime, end: datetime, most: int) -> list[tuple[datetime, str]]:
    first = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    first = first if first >= begin else first + timedelta(days=1)
    span = (end - first).days
    step = next((s for s in (1, 2, 7, 14) if span // s + 1 <= most), 31)
    return [(at, day_text(at)) for n in range(0, span + 1, step) if (at := first + timedelta(days=n)) <= end]


def _months(begin: datetime, end: datetime, step: int) -> list[tuple[datetime, str]]:
    found: list[tuple[datetime, str]] = []
    month = begin.year * 12 + begin.month - 1
    month += -month % step
    while True:
        year, number = divmod(month, 12)
        if year > 9999:
            return found
        at = begin.replace(year=year, month=number + 1, day=1, hour=0, minute=0, second=0, microsecond=0)
        if at > end:
            return found
        if at >= begin:
            found.append((at, str(year) if step >= 12 else f"{_MONTHS[number]} {year}"))
        month += step


@dataclass(frozen=True, kw_only=True)
class DateMark:
    """A day that matters: a vertical line with its text above the lanes."""

    at: datetime
    text: str
    colour: str = "warn"

    @property
    def said(self) -> str:
        """The date and the text."""
        return f"{day_text(self.at)}: {self.text}"

    @property
    def width(self) -> float:
        """The pixels that it takes."""
        return text_width(self.said, _SIZE, bold=True)


_Placed = list[tuple[DateMark, float, int]]


@dataclass(frozen=True, kw_only=True)
class DateAxis:
    """Instants on a horizontal line.

    Attributes:
        begin: what the left end stands for.
        end: what the right end stands for.
        left: x of the left end.
        width: of the axis.
    """

    begin: datetime
    end: datetime
    left: float
    width: float

    def place(self, at: datetime) -> float:
        """Return the x of an instant, within the axis.

        Args:
            at: the instant.

        Returns:
            Pixels from the left side of the picture.
        """
        span = (self.end - self.begin).total_seconds() or 1
        return self.left + self.width * min(max((at - self.begin).total_seconds() / span, 0), 1)

    def draw(self, canvas: Canvas, top: float, bottom: float, marks: Sequence[DateMark] = ()) -> None:
        """Draw the axis below the lanes, with thin lines through them, and the marks with their texts above.

        Args:
            canvas: where to draw.
            top: of the lanes.
            bottom: of the lanes, where the axis is.
            marks: days that matter; their texts need `marks_height` above `top`.
        """
        most = max(2, int(self.width // (text_width("30 Sep 2026", _SIZE) + 16)))
        for at, label in date_ticks(self.begin, self.end, most):
            x = self.place(at)
            canvas.line((x, top), (x, bottom + 4), stroke="rule", thick=1)
            self._label(canvas, x, bottom + 18, label, "muted")
        canvas.line((self.left, bottom), (self.left + self.width, bottom), stroke="border", thick=1.2)
        flags = self._flags(marks)
        for mark, _, row in flags:
            x = self.place(mark.at)
            canvas.line(
                (x, top - 18 - _ROW * row), (x, bottom), stroke=mark.colour, thick=1.4, dashed=True, kind="lab-mark"
            )
        for mark, left, row in flags:
            y = top - 8 - _ROW * row
            canvas.area(left - 3, y - 12, mark.width + 6, 16, fill="paper", round_=2)
            canvas.text(left, y, mark.said, size=_SIZE, bold=True, colour=mark.colour)

    def marks_height(self, marks: Sequence[DateMark]) -> float:
        """Return how many pixels above the lanes the marks' texts take.

        Args:
            marks: the marks.

        Returns:
            Pixels.
        """
        return max((_ROW * (row + 1) + 8 for _, _, row in self._flags(marks)), default=0.0)

    def _flags(self, marks: Sequence[DateMark]) -> list[tuple[DateMark, float, int]]:
        """Return (mark, left side of its text, row above the lanes).

        No text touches another; where a line has to cross one, the text is in front. From the right, so that few lines have to.
        """
        placed: list[tuple[DateMark, float, int]] = []
        for mark in sorted(marks, key=lambda mark: mark.at, reverse=True):
            left = min(self.place(mark.at) + 5, self.left + self.width - mark.width)
            rows = (row for row in range(len(placed) + 1) if self._is_free(mark, left, row, placed, lines=True))
            placed.append((mark, left, next(rows, self._free_row(mark, left, placed))))
        return placed[::-1]

    def _free_row(self, mark: DateMark, left: float, placed: _Placed) -> int:
        return next(row for row in range(len(placed) + 1) if self._is_free(mark, left, row, placed, lines=False))

    def _is_free(self, mark: DateMark, left: float, row: int, placed: _Placed, *, lines: bool) -> bool:
        x, right = self.place(mark.at), left + mark.width
        for other, start, its_row in placed:
            end, line = start + other.width, self.place(other.at)
            if its_row == row and start - 8 < right and left - 8 < end:
                return False
            crosses = left - 4 < line < right + 4 if its_row >= row else start - 4 < x < end + 4
            if lines and crosses:
                return False
        return True

    def _inside(self, x: float, half: float) -> float:
        """Return the middle of a text so that it leaves neither end of the axis, as far as it can be."""
        return max(min(x, self.left + self.width - half), min(self.left + half, self.left + self.width / 2))

    def _label(self, canvas: Canvas, x: float, y: float, label: str, colour: str) -> None:
        middle = self._inside(x, text_width(label, _SIZE) / 2)
        canvas.text(middle, y, label, size=_SIZE, colour=colour, anchor="middle")
