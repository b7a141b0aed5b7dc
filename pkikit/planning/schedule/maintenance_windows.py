"""Maintenance windows: days of the week with a beginning and an end, in UTC."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from pkikit.errors import InputError
from pkikit.text import printable

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WRITTEN = re.compile(r"\s*([A-Za-z, -]+?)\s+(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*")
_FORM = "a window is a day with two times, as Sat 22:00-02:00, Mon-Fri 20:00-23:00 or daily 01:00-03:00 (UTC)"
_WEEK = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Window:
    """A time of the week in which machines may restart.

    Attributes:
        day: 0 for Monday.
        begins: the time of day, in UTC.
        length: how long it is; it may end on the next day.
        text: as it was given, for people.
    """

    day: int
    begins: time
    length: timedelta
    text: str

    def next_after(self, at: datetime) -> datetime:
        """Return the beginning of the first such window that ends after a time; that may be before it."""
        monday = at.date() - timedelta(days=at.weekday())
        first = datetime.combine(monday + timedelta(days=self.day), self.begins, tzinfo=at.tzinfo)
        candidates = (first + weeks * _WEEK for weeks in (-1, 0, 1))
        return next(begins for begins in candidates if begins + self.length > at)


def parse_window(text: str) -> tuple[Window, ...]:
    """Read a window.

    Args:
        text: `Sat 22:00-02:00`, `Mon-Fri 20:00-23:00`, `Sat,Sun 06:00-08:00` or `daily 01:00-03:00`, in UTC.

    Returns:
        One window for each day.

    Raises:
        InputError: it is written in another way.
    """
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise InputError(f"{printable(text, 60)!r} is not a window: {_FORM}")
    days, *numbers = found.groups()
    hour, minute, last_hour, last_minute = map(int, numbers)
    if max(hour, last_hour) > 24 or max(minute, last_minute) > 59 or hour > 23 or (last_hour == 24 and last_minute):
        raise InputError(f"{printable(text, 60)!r} has a time that no clock shows: {_FORM}")
    begins = timedelta(hours=hour, minutes=minute)
    length = (timedelta(hours=last_hour, minutes=last_minute) - begins) % timedelta(days=1)
    if not length:
        raise InputError(f"{printable(text, 60)!r} begins when it ends: {_FORM}")
    shown = " ".join(text.split())
    return tuple(Window(day=day, begins=time(hour, minute), length=length, text=shown) for day in _days(days, text))


def _days(written: str, text: str) -> list[int]:
    if written.strip().lower() == "daily":
        return list(range(7))
    found: list[int] = []
    for part in written.split(","):
        first, _, last = part.strip().partition("-")
        begin, end = (_day(name, text) for name in (first, last or first))
        found += [(begin + offset) % 7 for offset in range((end - begin) % 7 + 1)]
    return sorted(set(found))


def _day(name: str, text: str) -> int:
    known = [day.lower() for day in DAYS]
    short = name.strip().lower()
    full = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    if short in known:
        return known.index(short)
    if short in full:
        return full.index(short)
    raise InputError(f"{printable(text, 60)!r} names a day that does not exist; days are {', '.join(DAYS)} and daily")


def parse_windows(texts: Iterable[str]) -> tuple[Window, ...]:
    """Read several windows.

    Args:
        texts: as for `parse_window`.

    Returns:
        All of them.
    """
    return tuple(window for text in texts for window in parse_window(text))


def fitting(windows: Sequence[Window], at: datetime, length: timedelta) -> tuple[datetime, str]:
    """Return when something can begin that has to be complete inside one window.

    Args:
        windows: the windows; none means any time.
        at: the earliest time.
        length: how long it takes.

    Returns:
        The beginning, and the window as text; empty without windows.

    Raises:
        InputError: it takes longer than every window.
    """
    if not windows:
        return at, ""
    long_enough = [window for window in windows if window.length >= length]
    if not long_enough:
        longest = max(windows, key=lambda window: window.length)
        raise InputError(
            f"a step takes {_minutes(length)} minutes, and no window is that long: {longest.text} has {_minutes(longest.length)}"
        )
    found = []
    for window in long_enough:
        opens = window.next_after(at)
        begins = max(opens, at)
        if begins + length > opens + window.length:
            begins = opens + _WEEK
        found.append((begins, window.text))
    return min(found)


def _minutes(length: timedelta) -> int:
    return round(length.total_seconds() / 60)
