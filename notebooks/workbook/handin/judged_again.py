"""Judges an answer again, away from the learner's machine."""

from __future__ import annotations

import json

from pkikit.errors import PkikitError
from workbook.course.bank import Exercise, exercises
from workbook.course.exercises import answer_to
from workbook.handin.record import Judged, Result

_EXAM = "99-"


def needs_lab(found: Exercise) -> bool:
    """Return True if only a running lab can judge an answer: fixes, and where a name resolves."""
    return found.work is not None or found.hosts is not None or bool(found.case)


def judge(result: Result, *, with_labs: bool = False) -> Judged:
    """Judge a result that claims to be right.

    Names, choices and causes are judged from the course's data. Fixes, and hosts that a name leads to, need a running lab.
    The exam (each learner has other questions) and tickets of the clinic (a game, not one answer) cannot be judged again.

    Args:
        result: as the learner's machine reports it.
        with_labs: start labs where they are needed; takes seconds for the first answer and some tenths for each.

    Returns:
        `NOT` also for a result that does not claim to be right; `WRONG` for one that does, without an answer.
    """
    found = exercises().get(result.what)
    if found is None or not result.right or result.what.startswith(_EXAM):
        return Judged.NOT
    if needs_lab(found) and not with_labs:
        return Judged.NOT
    if not (needs_lab(found) or found.names or found.cause or found.right):
        return Judged.NOT
    if not result.answer:
        return Judged.WRONG
    try:
        answer = json.loads(result.answer)
        return Judged.RIGHT if answer_to(found, answer).right else Judged.WRONG
    except (ValueError, RecursionError, TypeError):
        return Judged.WRONG
    except PkikitError:
        return Judged.NOT
