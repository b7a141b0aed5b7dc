"""One exercise as a card: the question, inputs, feedback, and help that grows with every try."""

from __future__ import annotations

from html import escape
from typing import Any

from simulator.clinic.case import case_of
from workbook.course.bank import Exercise, exercise_of
from workbook.course.exercises import SOLUTION_AFTER, break_for, check, down_lines, hints_of, solution_of
from workbook.course.lessons import sections
from workbook.course.progress import Standing, remember, standing
from workbook.html import inline, plain
from workbook.learning.answer_fields import Boxes, Field, Fixes, Names, OneOf
from workbook.learning.cards import Card, Html, button, heading, row
from workbook.plainly import tell_plainly
from workbook.session import lab_for, load
from workbook.tables.render import diagnosis

_SECTION_AFTER = 2


def field_of(found: Exercise) -> Field:
    """Return the inputs that fit an exercise."""
    if found.options:
        return OneOf(found.labels) if found.one else Boxes(found.labels)
    if found.work is not None:
        return Fixes(load(found.work.deployment, found.work.change), in_clinic=False)
    if found.case:
        return Fixes(case_of(found.case).base(), in_clinic=True)
    return Names()


class ExerciseCard(Card):
    """`exercise("06-A")`. It needs no lab of its own: where one is needed, it opens when a button is pressed."""

    def __init__(self, number: str) -> None:
        self.number, self.found = number, exercise_of(number)
        super().__init__()
        self.field = field_of(self.found)
        self.help = Html()
        self.check = button("Check my answer", self.safely(self._check), main=True)
        self.solve = button("Show solution", self.safely(self._solve))
        buttons = [self.check, self.solve]
        if self.found.work is not None:
            self.look = button("Break the lab and look", self.safely(self._look))
            self.diagnose = button("Show the diagnosis", self.safely(self._diagnose))
            self.diagnose.layout.display = "none"
            buttons = [self.look, self.diagnose, *buttons]
        self.children = [
            heading(f"Exercise {number}", self.found.ask), self.field.box, row(*buttons), self.said, self.help,
        ]  # fmt: skip
        now = standing(number)
        if now.answer is not None:
            self.field.put(now.answer)
        if now.right or now.shown or now.wrong:
            self.say(f"Your last answer: {now.words}.", good=now.right)
        self._show_help(now)

    @property
    def plain(self) -> str:
        """The question and its options; the same in every run."""
        options = [f"  {'○' if self.found.one else '☐'} {label}" for label in self.found.labels.values()]
        return "\n".join([f"Exercise {self.number}: {plain(self.found.ask)}", *options, "▶ Run this cell to answer."])

    @property
    def static(self) -> str:
        """The question and its options as HTML."""
        options = "".join(f"<li>{escape(label)}</li>" for label in self.found.labels.values())
        listed = f"<ul>{options}</ul>" if options else ""
        return (
            f"<p><b>Exercise {self.number}.</b> {inline(self.found.ask)}</p>{listed}<p>▶ Run this cell to answer.</p>"
        )

    def _look(self) -> None:
        work = self.found.work
        assert work is not None
        lab = lab_for(work.deployment, work.change)
        break_for(self.number, lab)
        down = lab.check().down
        self.diagnose.layout.display = ""
        self.say(*down_lines(down, most=12), "Find the reason, then choose your fixes.")

    def _diagnose(self) -> None:
        work = self.found.work
        assert work is not None
        report = lab_for(work.deployment, work.change).check()
        self.say()
        self.said.value = f'<div role="status">{diagnosis(report)._repr_html_()}</div>'

    def _check(self) -> None:
        if self.found.work is not None or self.found.case or self.found.hosts is not None:
            self.say("Checking in the lab …")
        answer: Any = self.field.get()
        result = check(self.number, answer)
        if result.empty:
            self.say(self._how())
            return
        self.say(*result.lines, good=result.right)
        self._show_help(standing(self.number))

    def _how(self) -> str:
        if self.found.options:
            return "No answer yet: choose one option." if self.found.one else "No answer yet: tick one or more boxes."
        if self.found.work is not None or self.found.case:
            return "No answer yet: choose a fix and where to apply it."
        return "No answer yet: write one name per line."

    def _show_help(self, now: Standing) -> None:
        """Show a hint after the first wrong answer, two and a link after the second, the solution after the third."""
        self.solve.layout.display = "" if now.wrong >= SOLUTION_AFTER and not now.right else "none"
        hints = [f"<p><b>Hint {n}:</b> {inline(hint)}</p>" for n, hint in enumerate(hints_of(self.number), 1)]
        section = sections(self.number[:2]).get(self.found.section)
        if section is not None and hints and now.wrong >= _SECTION_AFTER:
            link = f'<a href="{escape(section.href)}">section {self.found.section}, {escape(section.title)}</a>'
            hints.append(f"<p>Read again: {link}.</p>")
        self.help.show("".join(hints))

    def _solve(self) -> None:
        solution = solution_of(self.number)
        self.field.put(solution)
        if not standing(self.number).shown:
            remember(self.number, right=False, answer=solution, shown=True)
        self.say("Solution shown. It is filled in above.", self.found.because)
        self._show_help(standing(self.number))


def exercise(number: str) -> ExerciseCard:
    """Show one exercise by its number, as `exercise("06-A")`."""
    tell_plainly()
    return ExerciseCard(number)
