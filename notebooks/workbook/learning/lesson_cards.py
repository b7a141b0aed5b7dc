"""The first and the last card of a notebook: how far you are, where to go next, a way to start again."""

from __future__ import annotations

from html import escape

from pkikit.errors import InputError
from pkikit.text import counted
from pkikit.values.names import printable
from workbook.course.lessons import Lesson, lesson, lessons, neighbours
from workbook.course.progress import forget, restore, standings, when_answered
from workbook.handin.send import can_hand_in, hand_in
from workbook.learning.cards import HOME, Card, Html, button, heading, row
from workbook.learning.projector import ProjectorSwitch
from workbook.plainly import tell_plainly
from workbook.session import LabSession, close_current

AFTER = "Lessons, at the end"


def lesson_of(number: str) -> Lesson:
    """Return a lesson. Raises InputError with the numbers that there are."""
    found = lesson(number)
    if found is None:
        numbers = ", ".join(known.number for known in lessons())
        raise InputError(f"There is no notebook {printable(number)!r}. There are {numbers}.")
    return found


def done_in(found: Lesson) -> int:
    """Return how many exercises of a lesson are right."""
    states = standings()
    return sum(states[name].right for name in found.exercises if name in states)


def bar(done: int, total: int) -> str:
    """Return a progress bar; its text stands beside it."""
    share = 100 * done // total if total else 0
    return f'<span class="bar" aria-hidden="true"><span style="width:{share}%"></span></span>'


def links(found: Lesson, where: str = "Lessons") -> str:
    """Return links to the lesson before, the home page and the lesson after."""
    before, after = neighbours(found.number)
    parts = [f'<a href="{HOME}">Course home</a>']
    if before is not None:
        parts.insert(0, f'<a href="{escape(before.file)}">← {escape(_title(before))}</a>')
    if after is not None:
        parts.append(f'<a href="{escape(after.file)}">{escape(_title(after))} →</a>')
    return f'<nav aria-label="{where}"><p>{" &nbsp;·&nbsp; ".join(parts)}</p></nav>'


def _title(found: Lesson) -> str:
    return f"{found.number} {found.question}"


class StartCard(Card):
    """`start("06")`: goals of the notebook, time, links, progress, a reset that can be undone."""

    def __init__(self, number: str) -> None:
        self.found = lesson_of(number)
        super().__init__()
        self.links, self.progress = Html(), Html()
        self.show = button("Show my progress", self._toggle)
        self.reset = button("Reset my answers", self.safely(self._reset))
        self.undo = button("Undo", self.safely(self._undo))
        self.undo.layout.display = "none"
        self.projector = ProjectorSwitch()
        self._detailed = self._asked = False
        controls = row(self.show, self.reset, self.undo, self.projector)
        self.children = [heading(_title(self.found)), self.links, self.progress, controls, self.said]
        self.links.show(links(self.found))
        self.redraw()
        when_answered(self.redraw)

    @property
    def plain(self) -> str:
        """The title and what to run."""
        return f"{_title(self.found)}\n▶ Run this cell to show your progress."

    @property
    def static(self) -> str:
        """The title with links to the lessons before and after."""
        return f"{links(self.found)}<p>▶ Run this cell to show your progress.</p>"

    def redraw(self) -> None:
        """Show how far the learner is."""
        names = self.found.exercises
        done = done_in(self.found)
        words = f"{self.found.minutes} minutes. {done} of {counted(len(names), 'exercise')} done."
        html = f"<p>{bar(done, len(names))} {escape(words)}</p>"
        if self._detailed:
            states = standings()
            rows = [(name, states[name].words if name in states else "not answered yet") for name in names]
            html += "<ul>" + "".join(f"<li>Exercise {n}: {escape(state)}</li>" for n, state in rows) + "</ul>"
        self.progress.show(html, words)

    def _toggle(self) -> None:
        self._detailed = not self._detailed
        self.show.description = "Hide my progress" if self._detailed else "Show my progress"
        self.redraw()

    def _reset(self) -> None:
        """Ask at the first press, do it at the second."""
        states = standings()
        number = sum(name in states for name in self.found.exercises)
        if not number:
            self.say("There are no answers to reset.")
            return
        if not self._asked:
            self._asked = True
            self.reset.description = f"Yes, clear {counted(number, 'answer')}"
            self.say("Press the button again to clear your answers in this notebook.")
            return
        forget(self.found.number)
        self._end_question()
        self.undo.layout.display = ""
        self.say("Your answers are cleared. To answer again, run the exercise cells once more.")

    def _end_question(self) -> None:
        self._asked = False
        self.reset.description = "Reset my answers"

    def _undo(self) -> None:
        number = restore()
        self.undo.layout.display = "none"
        self.say(
            f"{counted(number, 'try').replace('trys', 'tries')} restored. Run the exercise cells to see your answers."
        )


def start(number: str) -> StartCard:
    """First cell of a notebook: how far you are, where to go, and a reset that can be undone."""
    tell_plainly()
    return StartCard(number)


class FinishCard(Card):
    """`finish("06")`: what is done, the next lesson; the lab stays open until the button is pressed."""

    def __init__(self, number: str) -> None:
        self.found = lesson_of(number)
        super().__init__()
        self.result = Html()
        self.close = button("Close the lab", self._close)
        self.hand_in = button("Hand in my progress", self.safely(self._hand_in))
        buttons = [self.close, self.hand_in] if can_hand_in() else [self.close]
        self.children = [heading("End of this lesson"), self.result, row(*buttons), self.said]
        self.redraw()
        when_answered(self.redraw)

    @property
    def plain(self) -> str:
        """Where to go next."""
        after = neighbours(self.found.number)[1]
        following = f"Next lesson: {_title(after)}" if after else "This is the last lesson."
        return f"End of lesson {self.found.number}. {following}\n▶ Run this cell to see what you have done."

    @property
    def static(self) -> str:
        """Links to the lessons before and after."""
        return f"{links(self.found, AFTER)}<p>▶ Run this cell to see what you have done.</p>"

    def redraw(self) -> None:
        """Show what is done, what is open, and the next lesson."""
        names, states = self.found.exercises, standings()
        done = done_in(self.found)
        still = [name for name in names if name not in states or not states[name].right]
        words = f"You did {done} of {counted(len(names), 'exercise')}."
        more = f" Still open: {', '.join(still)}." if still else " Well done."
        after = neighbours(self.found.number)[1]
        following = f'<p><b>Next:</b> <a href="{escape(after.file)}">{escape(_title(after))}</a></p>' if after else ""
        self.result.show(
            f"<p>{bar(done, len(names))} {escape(words + more)}</p>{following}{links(self.found, AFTER)}", words
        )

    def _hand_in(self) -> None:
        """On a class server only."""
        self.say(hand_in())

    def _close(self) -> None:
        if LabSession.current is None:
            self.say("No lab is open.")
            return
        close_current()
        self.say("The lab is closed. To open it again, run the cell with open_lab.")


def finish(number: str) -> FinishCard:
    """Last cell of a notebook: what you did, the next lesson, a button that closes the lab."""
    return FinishCard(number)
