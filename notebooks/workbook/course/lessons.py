"""The course as its notebooks describe it: number, question, time, what it teaches, what a trainer should know."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote


def course_folder() -> Path:
    """The folder with the notebooks: inside this package in a wheel, the parent of this package in a checkout."""
    packaged = Path(__file__).parents[1] / "notebooks"
    return packaged if packaged.is_dir() else Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """One notebook.

    minutes: for a learner who does the exercises. notes: for the trainer, one per line. section_minutes: number of a section
    to its share of the minutes. asked: questions of a class, with their answers.
    """

    file: str
    question: str
    minutes: int
    before: str
    able: tuple[str, ...]
    notes: tuple[str, ...]
    plans: tuple[str, ...]
    exercises: tuple[str, ...]
    section_minutes: Mapping[int, int]
    asked: tuple[str, ...]

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
        section_minutes={int(number): int(took) for number, took in told.get("sections", {}).items()},
        asked=tuple(told.get("if_they_ask", ())),
        exercises=tuple(dict.fromkeys(re.findall(r'"(\d\d-[A-Z])"', text))),
    )


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section of a notebook: its title, and a link that JupyterLab and the exported pages follow."""

    title: str
    href: str


@cache
def sections(number: str) -> Mapping[int, Section]:
    """Return the numbered sections of a lesson: headings that begin with `## 3.`"""
    found = lesson(number)
    if found is None:
        return {}
    notebook: dict[str, Any] = json.loads((course_folder() / found.file).read_text(encoding="utf-8"))
    text = "\n".join("".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "markdown")
    titles = {
        int(n): title.replace("`", "").replace("*", "") for n, title in re.findall(r"^## (\d+)\. (.+)$", text, re.M)
    }
    return {
        n: Section(title=title, href=f"{found.file}#{quote(f'{n}. {title}'.replace(' ', '-'))}")
        for n, title in titles.items()
    }


def neighbours(number: str) -> tuple[Lesson | None, Lesson | None]:
    """Return the lessons before and after one."""
    every = lessons()
    place = next(n for n, found in enumerate(every) if found.number == number)
    return (every[place - 1] if place else None), (every[place + 1] if place + 1 < len(every) else None)


def lesson(number: str) -> Lesson | None:
    """Return one lesson by its two digits; None if its file is missing."""
    return next((found for found in lessons() if found.number == number), None)
