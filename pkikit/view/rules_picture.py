"""Rules from outside as a picture over the years: a lane for each subject, a tick for each day on which something changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pkikit.ecosystem.ecosystem_rule import Change, Subject
from pkikit.text import counted
from pkikit.view.chart import Bar, Lane, lanes
from pkikit.view.drawing import DateMark, Picture


def rules_picture(changes: Sequence[Change], *, begin: datetime, end: datetime) -> Picture:
    """Draw changes of rules.

    Args:
        changes: those between the two instants, the earliest first.
        begin: of the axis.
        end: of the axis.

    Returns:
        The picture, and the same in words.
    """
    rows = []
    for subject in Subject:
        found = [change for change in changes if change.rule.subject is subject]
        if found:
            bar = Bar(begin=begin, end=end, good=True, label=subject.heading)
            tip = "\n".join(map(change_line, found))
            title = f"{subject.heading}: {counted(len(found), 'change')}"
            rows.append(Lane(title=title, bars=[bar], tip=tip, ticks=[change.at for change in found]))
    marks = [DateMark(at=change.at, text=change.step.short) for change in changes if change.step.short]
    title = f"Rules for certificates, {begin:%Y} to {end:%Y}"
    svg = lanes(
        rows, begin=begin, end=end, title=title, marks=marks, words=("the years shown", ""), tick="a rule changes"
    )
    return Picture(svg=svg, text="\n".join([title, *map(change_line, changes)]))


def change_line(change: Change) -> str:
    """Return a change in one line: the day, what is so from then on, and that it is a guess."""
    return f"{change.at:%Y-%m-%d}  {change.step.says}{' (guess)' if change.step.is_guess else ''}"
