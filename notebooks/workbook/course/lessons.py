"""The course as its notebooks tell it: number, question, time, what it teaches, what a trainer should know."""

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
    """One notebook. minutes: for a learner who does the exercises. notes: for the trainer, one a line."""

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
        """Its two digits."""
        return self.file[:2]


@cache
def lessons() -> tuple[Lesson, ...]:
    """All notebooks in their order."""
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
    """One by its two digits, None when the file is not here."""
    return next((found for found in lessons() if found.number == number), None)
