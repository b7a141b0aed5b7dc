"""The course as its notebooks describe it: number, question, time, what it teaches, what a trainer should know."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


def course_folder() -> Path:
    """The folder with the notebooks: inside this package in a wheel, the parent of this package in a checkout."""
    packaged = Path(__file__).parents[1] / "notebooks"
    return packaged if packaged.is_dir() else Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """One notebook. minutes: for a learner who does the exercises. notes: for the trainer, one per line."""

    file: str
    question: str
    minutes: int
    before: str
    able: tuple[str, ...]
    notes: tuple[str, ...]
    plans: tuple[str, ...]
    exercises: tuple[str, ...]

    @property
    def number(self) -> str:
        """The two digits of its file name."""
        return self.file[:2]


@cache
def lessons() -> tuple[Lesson, ...]:
    """Return all notebooks, in order."""
    return tuple(_lesson(path) for path in sorted(course_folder().glob("[0-9][0-9]-*.ipynb")))


def _lesson(path: Path) -> Lesson:
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    told: Mapping[str, Any] = notebook["metadata"].get("course", {})
    text = "\n".join("".join(c["source"]) for c in notebook["cells"] if "exercise" in c["metadata"].get("tags", []))
    return Lesson(
        file=path.name,
        question=str(told.get("question", "")),
        minutes=int(told.get("minutes", 0)),
        before=str(told.get("before", "")),
        able=tuple(told.get("able", ())),
        notes=tuple(told.get("notes", ())),
        plans=tuple(told.get("plans", ())),
        exercises=tuple(dict.fromkeys(re.findall(r'"(\d\d-[A-Z])"', text))),
    )


def lesson(number: str) -> Lesson | None:
    """Return one lesson by its two digits; None if its file is missing."""
    return next((found for found in lessons() if found.number == number), None)
