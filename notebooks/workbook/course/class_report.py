"""What a class has done, at a glance, from the reports that learners chose to hand in."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

from pkikit.errors import InputError
from pkikit.text import counted, listed
from pkikit.values.names import printable
from workbook.html import table

MAX_REPORTS, MAX_BYTES, MAX_ROWS, MAX_EXERCISES = 500, 1024 * 1024, 2000, 400
# After this many wrong tries, a learner probably needs the trainer.
STUCK_AFTER = 3
_EXAM, _CLINIC = "99-", "clinic "
_HEADS = ("learner", "exercises right", "clinic tickets fixed", "clinic points", "exam", "stuck on")
_SIGNS = {"right": "✔", "wrong": "✘", "open": "·"}


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one learner did with one exercise or clinic ticket. points: of a clinic ticket."""

    tries: int
    right: bool
    points: int = 0


@dataclass(frozen=True, kw_only=True)
class ClassReport:
    """Results by learner (the name of the report's file) and exercise; unreadable files with one sentence each."""

    learners: dict[str, dict[str, Result]]
    unreadable: tuple[str, ...] = ()

    @cached_property
    def exercises(self) -> tuple[str, ...]:
        """All exercises and clinic cases that at least one learner tried."""
        return tuple(sorted({name for results in self.learners.values() for name in results})[:MAX_EXERCISES])

    def state(self, learner: str, exercise: str) -> str:
        """Return `right`, `wrong` (tried, not right yet) or `open` (not tried)."""
        result = self.learners[learner].get(exercise)
        return "open" if result is None or not result.tries else "right" if result.right else "wrong"

    def learners_with(self, exercise: str, state: str) -> tuple[str, ...]:
        """Return the learners for whom an exercise has this state."""
        return tuple(who for who in self.learners if self.state(who, exercise) == state)

    def stuck(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return (exercise, learners who tried it three times or more without success), most learners first."""
        found = {
            name: tuple(w for w in self.learners_with(name, "wrong") if self.learners[w][name].tries >= STUCK_AFTER)
            for name in self.exercises
        }
        return tuple(sorted(((n, who) for n, who in found.items() if who), key=lambda pair: (-len(pair[1]), pair[0])))

    def summary(self) -> tuple[str, ...]:
        """Return the verdict first: how far the class is, where it is stuck, which files could not be read."""
        done = sum(self.state(w, n) == "right" for w in self.learners for n in self.exercises)
        every = len(self.learners) * len(self.exercises)
        lines = [
            f"{counted(len(self.learners), 'learner')}; {done} of {every} answers are right."
            if self.learners
            else "No report could be read."
        ]
        lines += [
            f"{name}: {listed(who, at_most=5)} tried {STUCK_AFTER} times or more without success."
            for name, who in self.stuck()
        ]
        return (*lines, *self.unreadable)

    def glance(self) -> list[tuple[str, ...]]:
        """Return one row per learner: exercises right, tickets fixed and their points, exam, where they are stuck."""
        exercises = [n for n in self.exercises if not n.startswith((_EXAM, _CLINIC))]
        stuck = [(name, set(learners)) for name, learners in self.stuck()]
        return [
            self._glance(who, exercises, [name for name, learners in stuck if who in learners]) for who in self.learners
        ]

    def _glance(self, who: str, exercises: Sequence[str], stuck: Sequence[str]) -> tuple[str, ...]:
        results = self.learners[who]
        clinic = [r for name, r in results.items() if name.startswith(_CLINIC)]
        exam = [r for name, r in results.items() if name.startswith(_EXAM) and r.tries]
        right = sum(self.state(who, name) == "right" for name in exercises)
        return (
            who,
            f"{right} of {len(exercises)}",
            f"{sum(r.right for r in clinic)} of {len(clinic)}" if clinic else "",
            str(sum(r.points for r in clinic)) if clinic else "",
            f"{sum(r.right for r in exam)} of {len(exam)}" if exam else "",
            ", ".join([*stuck[:20], f"{len(stuck) - 20} more"] if len(stuck) > 20 else stuck),
        )

    def by_lesson(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Return (head, rows): how many exercises of each lesson are right, such as `✔ 3 of 3`; empty if none was tried."""
        lessons: dict[str, list[str]] = {}
        for name in self.exercises:
            number, dash, _ = name.partition("-")
            if dash and number.isdecimal():
                lessons.setdefault(number, []).append(name)
        rows = [(who, *(self._lesson(who, names) for names in lessons.values())) for who in self.learners]
        return ("learner", *lessons), rows

    def _lesson(self, who: str, names: Sequence[str]) -> str:
        states = [self.state(who, name) for name in names]
        if set(states) == {"open"}:
            return ""
        return f"{'✔ ' if set(states) == {'right'} else ''}{states.count('right')} of {len(names)}"

    def __str__(self) -> str:
        """Return the summary, then one row per learner."""
        if not self.learners:
            return "\n".join(self.summary())
        return "\n".join([*self.summary(), "", *_aligned([_HEADS, *self.glance()])])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the summary, learners at a glance, lessons, and every exercise folded."""
        # The table has a column for who is stuck.
        said = "".join(f"<p>{escape(line)}</p>" for line in (self.summary()[0], *self.unreadable))
        if not self.learners:
            return said
        every = [
            (who, *(f"{_SIGNS[s]} {s if s != 'open' else ''}".strip() for s in self._states(who)))
            for who in self.learners
        ]
        details = table(("learner", *self.exercises), every, most=MAX_REPORTS)
        return (
            f"{said}<h4>Learners</h4>{table(_HEADS, self.glance(), most=MAX_REPORTS)}"
            f"<h4>Lessons: exercises that are right</h4>{table(*self.by_lesson(), most=MAX_REPORTS)}"
            f"<details><summary>Every exercise and ticket</summary>{details}</details>"
        )

    def _states(self, learner: str) -> Iterable[str]:
        return (self.state(learner, name) for name in self.exercises)


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def class_report(folder: str | Path) -> ClassReport:
    """Read all reports (`*.csv`, `*.json`, written by `save_report`) of a folder.

    Args:
        folder: One file per learner. The file's name without its suffix is shown as the learner.

    Raises:
        InputError: the folder does not exist, or contains no report.
    """
    where = Path(folder)
    if not where.is_dir():
        raise InputError(f"{printable(str(where))} is not a folder; give the folder with the class's reports")
    try:
        files = sorted(p for p in where.iterdir() if p.suffix in (".csv", ".json") and p.is_file())
    except OSError as error:
        raise InputError(f"the folder cannot be read: {error.strerror or error}", where=str(where)) from error
    if not files:
        raise InputError(f"{printable(where.name, 60)} has no report; learners write one with save_report('name.csv')")
    learners: dict[str, dict[str, Result]] = {}
    unreadable = [f"Only the first {MAX_REPORTS} of {len(files)} reports are read."] if len(files) > MAX_REPORTS else []
    for path in files[:MAX_REPORTS]:
        try:
            learners[printable(path.stem, 40)] = _results(path)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, csv.Error):
            unreadable.append(f"{printable(path.name, 60)} is not a report that save_report wrote.")
    return ClassReport(learners=learners, unreadable=tuple(unreadable))


def _results(path: Path) -> dict[str, Result]:
    with path.open(encoding="utf-8") as stream:
        text = stream.read(MAX_BYTES + 1)
    if len(text) > MAX_BYTES:
        raise ValueError("too large for a report")
    rows: list[dict[str, Any]] = json.loads(text) if path.suffix == ".json" else list(csv.DictReader(io.StringIO(text)))
    return {
        printable(str(row["what"]), 40): Result(
            tries=max(int(row["tries"]), 0),
            right=str(row["right"]) in ("True", "true"),
            points=_points(row.get("points")),
        )
        for row in rows[:MAX_ROWS]
    }


def _points(value: Any) -> int:
    """Exercises have no points; a report may leave the column out."""
    return max(int(float(value)), 0) if value not in ("", None) else 0
