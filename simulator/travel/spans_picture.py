"""Connections over calendar dates: those with the same history in one lane, the days on which rules change as marks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from pkikit.judge.legs.sunset import rule_dates
from pkikit.model.leg import Leg
from pkikit.text import counted, listed
from pkikit.view.chart import Bar, Lane, lanes
from pkikit.view.drawing import DateMark, Picture, day_text
from pkikit.view.short_names import ShortNames

Spans = tuple[tuple[datetime, str], ...]
_MOST_KINDS = 3


def spans_picture(
    spans: Mapping[str, Spans],
    legs: Sequence[Leg],
    *,
    begin: datetime,
    end: datetime,
    title: str,
    changed: bool = False,
) -> Picture:
    """Draw when connections were up and down.

    Args:
        spans: for each connection, by id, its states in order: (from, cause or empty).
        legs: the connections of the deployment.
        begin: of the picture.
        end: of the picture.
        title: what it shows.
        changed: leave out connections that were always in one state.

    Returns:
        The picture; its text names every connection.
    """
    names, known = ShortNames(legs), {leg.id: leg for leg in legs}
    groups: dict[tuple[Spans, str], list[str]] = {}
    for leg_id, history in spans.items():
        if not changed or len(history) > 1:
            kind = names.carries(known[leg_id]) if len(history) > 1 and leg_id in known else ""
            groups.setdefault((history, kind), []).append(leg_id)
    ordered = sorted(
        groups.items(), key=lambda group: (not any(cause for _, cause in group[0][0]), group[0][0][1:], -len(group[1]))
    )
    rows, lines = [], [title]
    for (history, _), ids in ordered:
        heading = _heading([known[i] for i in ids if i in known], ids, names)
        listed = [names.connection(i) for i in ids]
        rows.append(Lane(title=heading, bars=_bars(history, end), tip="\n".join(listed)))
        lines.append(f"{heading}: {_history(history)}.")
        lines += [f"  {name}" for name in listed] if len(ids) > 1 else []
    rules = rule_dates(begin, end)
    lines += [f"{at:%Y-%m-%d}: {words}" for at, words in rules]
    if not rows:
        lines.append("No connection changed.")
    legend = names.legend_of([known[i] for ids in groups.values() for i in ids if i in known])
    lines += [f"({legend})"] if legend else []
    marks = [DateMark(at=at, text=words) for at, words in rules]
    return Picture(svg=lanes(rows, begin=begin, end=end, title=title, marks=marks), text="\n".join(lines))


def _place(history: Spans, count: int) -> tuple[bool, Spans, int]:
    """Return the sort key of a lane: what went down first, early changes first, many connections first."""
    return not any(cause for _, cause in history), history[1:], -count


def _bars(history: Spans, end: datetime) -> list[Bar]:
    ends = [at for at, _ in history[1:]] + [end]
    return [
        Bar(begin=at, end=until, good=not cause, label=cause or "up")
        for (at, cause), until in zip(history, ends, strict=True)
    ]


def _history(history: Spans) -> str:
    return ", ".join(
        f"{'down' if cause else 'up'} from {day_text(at)}{f' ({cause})' if cause else ''}" for at, cause in history
    )


def _heading(legs: Sequence[Leg], ids: Sequence[str], names: ShortNames) -> str:
    """Return what a lane is called: one connection, or how many, of which machine, and what they carry."""
    if len(ids) == 1 or not legs:
        return names.connection(ids[0]) if len(ids) == 1 else counted(len(ids), "connection")
    common = set.intersection(*({leg.client, leg.server} for leg in legs))
    of = f" of {names.short[min(common)]}" if common else ""
    if len(common) > 1:
        of = f" between {' and '.join(names.short[name] for name in sorted(common))}"
    kinds = [kind for kind, _ in Counter(names.carries(leg) for leg in legs).most_common()]
    return f"{counted(len(ids), 'connection')}{of}: {listed(kinds, at_most=_MOST_KINDS)}"
