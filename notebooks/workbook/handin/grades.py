"""What a class handed in, as tables for the trainer, nbgrader, Moodle and Canvas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pkikit.text import not_a_formula
from workbook.course.bank import exercises
from workbook.handin.record import Chain, Judged

_EXAM = "99-"


class Form(StrEnum):
    """For which program a table is."""

    PLAIN = "plain"
    NBGRADER = "nbgrader"
    MOODLE = "moodle"
    CANVAS = "canvas"


@dataclass(frozen=True, kw_only=True)
class Grade:
    """What counts of a learner. right: exercises, by number, to what the class server found when it judged them.

    disputed: the learner's machine says right, the server says wrong; they do not count. points: of clinic tickets.
    """

    learner: str
    records: int
    last: str = ""
    right: Mapping[str, Judged]
    disputed: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    tickets: int = 0
    points: int = 0

    def of_lesson(self, number: str) -> int:
        """Return how many exercises of a lesson are right."""
        return sum(name.startswith(f"{number}-") for name in self.right)

    @property
    def judged(self) -> int:
        """How many of the right ones the class server judged itself."""
        return sum(judged is Judged.RIGHT for judged in self.right.values())


def grade_of(chain: Chain, again: Mapping[tuple[int, str], Judged] | None = None) -> Grade:
    """Return what counts: an exercise that was right in one record stays right.

    Args:
        chain: the learner's genuine records.
        again: other judgements, by record number and exercise (`verify --again`).
    """
    right: dict[str, Judged] = {}
    disputed: dict[str, None] = {}
    shown: dict[str, None] = {}
    tickets: dict[str, int] = {}
    for signed in chain.records:
        record = signed.record
        for result, stored in zip(record.results, record.judged, strict=False):
            judged = (again or {}).get((record.sequence, result.what), stored)
            if result.what.startswith("clinic "):
                tickets[result.what] = max(tickets.get(result.what, 0), result.points)
            elif result.right and judged is Judged.WRONG:
                disputed[result.what] = None
            elif result.right and result.what in exercises():
                right[result.what] = Judged.RIGHT if Judged.RIGHT in (judged, right.get(result.what)) else judged
                if result.shown:
                    shown[result.what] = None
    return Grade(
        learner=chain.learner,
        records=len(chain.records),
        last=chain.records[-1].record.at if chain.records else "",
        right=dict(sorted(right.items())),
        disputed=tuple(name for name in disputed if name not in right),
        shown=tuple(sorted(shown)),
        tickets=sum(points > 0 for points in tickets.values()),
        points=sum(tickets.values()),
    )


def safe(cell: object) -> str:
    """Return a cell that no spreadsheet takes for a formula, on one line and without control characters."""
    text = cell if isinstance(cell, str) else str(cell)
    text = "".join(character if character.isprintable() else " " for character in text)
    return not_a_formula(text)


def lessons_of() -> dict[str, int]:
    """Return how many exercises each lesson has, by its two digits."""
    found: dict[str, int] = {}
    for name in exercises():
        found[name[:2]] = found.get(name[:2], 0) + 1
    return found


def table(grades: Sequence[Grade], form: Form) -> list[list[str]]:
    """Return the rows of a table, the head first; every cell is safe in a spreadsheet."""
    rows = {Form.PLAIN: _plain, Form.NBGRADER: _nbgrader, Form.MOODLE: _moodle, Form.CANVAS: _canvas}[form](grades)
    return [[safe(cell) if isinstance(cell, str) else str(cell) for cell in row] for row in rows]


def as_csv(rows: Iterable[Sequence[str]]) -> str:
    """Return rows as CSV (RFC 4180)."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


_Rows = Iterable[Sequence[object]]


def _plain(grades: Sequence[Grade]) -> _Rows:
    yield (
        "learner", "hand-ins", "last", "exercises right", "of", "judged by the server", "solution shown",
        "disputed", "clinic tickets fixed", "clinic points",
    )  # fmt: skip
    total = len(exercises())
    for g in grades:
        told = " ".join(g.disputed)
        yield g.learner, g.records, g.last, len(g.right), total, g.judged, len(g.shown), told, g.tickets, g.points


def _nbgrader(grades: Sequence[Grade]) -> _Rows:
    """The columns that `nbgrader export` writes, so that what reads its grades.csv reads this."""
    yield (
        "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email",
        "raw_score", "late_submission_penalty", "score", "max_score",
    )  # fmt: skip
    for number, most in lessons_of().items():
        for g in grades:
            score = float(g.of_lesson(number))
            yield f"lesson-{number}", "", g.last, g.learner, "", "", "", score, 0.0, score, float(most)


def _moodle(grades: Sequence[Grade]) -> _Rows:
    """One column for each grade item; at the import, map `Username` to `username`."""
    numbers = lessons_of()
    yield "Username", *(f"Lesson {number}" for number in numbers), "Clinic points"
    for g in grades:
        yield g.learner, *(g.of_lesson(number) for number in numbers), g.points


def _canvas(grades: Sequence[Grade]) -> _Rows:
    """The identifying columns of Canvas's own export, with the login; the second row has the points that are possible."""
    numbers = lessons_of()
    yield "Student", "ID", "SIS User ID", "SIS Login ID", "Section", *(f"Lesson {number}" for number in numbers)
    yield "Points Possible", "", "", "", "", *numbers.values()
    for g in grades:
        yield g.learner, "", "", g.learner, "", *(g.of_lesson(number) for number in numbers)


def changed_names(grades: Iterable[Grade]) -> tuple[str, ...]:
    """Return the learners whose names a table does not have as they are, because a spreadsheet would run them."""
    return tuple(g.learner for g in grades if safe(g.learner) != g.learner)
