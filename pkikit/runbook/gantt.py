"""When who does which step, as a picture with a text version: owners are rows, restarts and waits are marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Protocol

from pkikit.planning.steps import Action
from pkikit.runbook.runbook_contents import Runbook
from pkikit.runbook.runbook_step import RunbookStep
from pkikit.view.drawing import Canvas, DateAxis, Picture, legend, text_width, wrap
from pkikit.view.drawing.primitives import LegendEntry

_NAMES, _AXIS, _SIDE = 210, 730, 20
_ROW, _BAR, _TALL, _LEAST = 46, 12, 22, 5
_SIZE = 12
_DAY = timedelta(days=1)


def gantt(runbook: Runbook) -> Picture | None:
    """Return the steps over time; without a schedule, one after the other.

    Args:
        runbook: the runbook.

    Returns:
        The picture; None if there is no step.
    """
    if not runbook.steps:
        return None
    rows: dict[str, list[RunbookStep]] = {}
    for made in sorted(runbook.steps, key=lambda made: not made.step.owner.ours):
        rows.setdefault(made.step.owner.name, []).append(made)
    scale = _Dates.of(runbook) or _Numbers(count=len(runbook.steps))
    canvas = Canvas(_NAMES + _AXIS + 2 * _SIDE, 0, label=f"Steps of the runbook over time: {runbook.title}"[:200])
    entries = [
        LegendEntry(text="step", colour="core", area=True),
        LegendEntry(text="restart", colour="down", area=True),
        LegendEntry(text="wait", colour="warn", dashed=True),
    ]
    if any(made.time is not None and made.time.asked for made in runbook.steps):
        entries.append(LegendEntry(text="asked, lead time", colour="border"))
    if any(made.time is not None and made.time.window for made in runbook.steps):
        entries.append(LegendEntry(text="maintenance window", colour="note", area=True))
    top = 20 + legend(canvas, _SIDE, 24, entries, width=_NAMES + _AXIS) + 8
    titles = {owner: wrap(owner, _NAMES - 16, 13, most=3) for owner in rows}
    tall = {owner: max(_ROW, 18 * len(lines) + 16) for owner, lines in titles.items()}
    bottom = top + sum(tall.values())
    _windows(canvas, scale, runbook.steps, top, bottom)
    scale.draw(canvas, top, bottom)
    y = top
    for owner, found in rows.items():
        middle = y + tall[owner] / 2
        for n, line in enumerate(titles[owner]):
            canvas.text(_SIDE + _NAMES - 12, middle + 4 + 17 * (n - (len(titles[owner]) - 1) / 2), line, anchor="end")
        _draw_row(canvas, scale, found, middle)
        y += tall[owner]
        canvas.line((_SIDE, y), (_SIDE + _NAMES + _AXIS, y), stroke="rule", thick=1)
    canvas.height = bottom + 32
    return Picture(svg=canvas.svg, text="\n".join(text_rows(runbook)))


class _Scale(Protocol):
    def span(self, made: RunbookStep) -> tuple[float, float]:
        """Return where a step begins and ends."""

    def asked(self, made: RunbookStep) -> float | None:
        """Return where its owner is asked; None if nobody has to be."""

    def draw(self, canvas: Canvas, top: float, bottom: float) -> None:
        """Draw the axis."""


@dataclass(frozen=True, kw_only=True)
class _Dates:
    """Steps by their dates."""

    axis: DateAxis

    @classmethod
    def of(cls, runbook: Runbook) -> _Dates | None:
        times = [made.time for made in runbook.steps if made.time is not None]
        if len(times) < len(runbook.steps):
            return None
        first = min(time.asked or time.begins for time in times)
        last = max(time.ends for time in times)
        begin = _midnight(min(first, *(time.begins for time in times)))
        end = _midnight(last) + _DAY
        return cls(axis=DateAxis(begin=begin, end=end, left=_SIDE + _NAMES, width=_AXIS))

    def span(self, made: RunbookStep) -> tuple[float, float]:
        assert made.time is not None  # all steps have one
        return self.axis.place(made.time.begins), self.axis.place(made.time.ends)

    def asked(self, made: RunbookStep) -> float | None:
        return self.axis.place(made.time.asked) if made.time is not None and made.time.asked else None

    def draw(self, canvas: Canvas, top: float, bottom: float) -> None:
        self.axis.draw(canvas, top, bottom)


@dataclass(frozen=True, kw_only=True)
class _Numbers:
    """Steps by their numbers, where nobody knows dates."""

    count: int

    def _at(self, number: float) -> float:
        return _SIDE + _NAMES + _AXIS * number / self.count

    def span(self, made: RunbookStep) -> tuple[float, float]:
        return self._at(made.number - 0.9), self._at(made.number - 0.1)

    def asked(self, made: RunbookStep) -> float | None:
        return None

    def draw(self, canvas: Canvas, top: float, bottom: float) -> None:
        left = _SIDE + _NAMES
        canvas.line((left, bottom), (left + _AXIS, bottom), stroke="border", thick=1.2)
        canvas.text(left + _AXIS / 2, bottom + 18, "steps in their order", size=_SIZE, colour="muted", anchor="middle")


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _windows(canvas: Canvas, scale: _Scale, steps: Sequence[RunbookStep], top: float, bottom: float) -> None:
    """Shade the maintenance windows, as far as steps are in them."""
    spans: dict[tuple[str, object], list[float]] = {}
    for made in steps:
        if made.time is not None and made.time.window:
            spans.setdefault((made.time.window, made.time.begins.date()), []).extend(scale.span(made))
    for (window, _), found in spans.items():
        left, right = min(found) - 6, max(found) + 6
        with canvas.group("lab-window", tip=f"Maintenance window {window}"):
            canvas.area(
                left, top, max(right - left, 12), bottom - top, fill="note", stroke="warn", dashed=True, round_=2
            )


def _draw_row(canvas: Canvas, scale: _Scale, steps: Sequence[RunbookStep], middle: float) -> None:
    for made in steps:
        left, right = scale.span(made)
        asked = scale.asked(made)
        if asked is not None and asked < left:
            canvas.line((asked, middle), (left, middle), stroke="border", thick=1.5)
        with canvas.group("lab-step", tip=f"{made.number}. {made.words.title}\n{made.when}".strip()):
            _draw_step(canvas, made, left, max(right - left, _LEAST), middle)
    for group in _near(scale, steps):
        left, right = scale.span(group[0])[0], max(scale.span(made)[1] for made in group)
        first, last = group[0].number, group[-1].number
        label = f"{first}" if first == last else f"{first}\u2013{last}"
        tall = any(_is_restart(made) for made in group)
        half = text_width(label, _SIZE, bold=True) / 2
        x = min(max((left + right) / 2, _SIDE + _NAMES + half), _SIDE + _NAMES + _AXIS - half)
        canvas.text(x, middle - (_TALL if tall else _BAR) / 2 - 4, label, size=_SIZE, bold=True, anchor="middle")


def _draw_step(canvas: Canvas, made: RunbookStep, left: float, width: float, middle: float) -> None:
    if made.step.action is Action.WAIT:
        canvas.line((left, middle), (left + width, middle), stroke="warn", thick=2.5, dashed=True)
    elif _is_restart(made):
        canvas.area(left, middle - _TALL / 2, width, _TALL, fill="down-soft", stroke="down", thick=1.8, round_=1)
    else:
        canvas.area(left, middle - _BAR / 2, width, _BAR, fill="core", stroke="core", round_=1)


def _is_restart(made: RunbookStep) -> bool:
    return made.step.restarts


def _near(scale: _Scale, steps: Sequence[RunbookStep]) -> Iterator[list[RunbookStep]]:
    """Yield steps whose numbers would touch, together, as long as they follow each other."""
    ordered = sorted(steps, key=lambda made: (scale.span(made)[0], made.number))
    group = ordered[:1]
    for before, made in pairwise(ordered):
        wide = text_width(f"{group[0].number}\u2013{made.number}", _SIZE, bold=True) + 10
        close = scale.span(made)[0] - scale.span(group[0])[0] < wide
        if close and made.number == before.number + 1:
            group.append(made)
        else:
            yield group
            group = [made]
    if group:
        yield group


def text_rows(runbook: Runbook) -> Iterator[str]:
    """Yield one line for each step: when, number, who, what.

    Args:
        runbook: the runbook.

    Yields:
        Lines in the order of the steps.
    """
    width = max((len(made.when) for made in runbook.steps), default=0)
    owners = max((len(made.step.owner.name) for made in runbook.steps), default=0)
    for made in runbook.steps:
        mark = "R" if _is_restart(made) else "…" if made.step.action is Action.WAIT else " "
        window = f" [{made.time.window}]" if made.time is not None and made.time.window else ""
        when = f"{made.when:<{width}}  " if width else ""
        yield f"{when}{made.number:>3} {mark} {made.step.owner.name:<{owners}}  {made.words.title}{window}".rstrip()
    if runbook.restarts:
        yield "R: restart"
