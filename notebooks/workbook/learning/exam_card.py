"""The exam as a card: a form, questions with their tries, the verdict, the certificate."""

from __future__ import annotations

from html import escape

from pkikit.errors import InputError
from pkikit.text import counted
from workbook.course import exam as engine
from workbook.course.bank import Exercise
from workbook.course.exercises import break_work, down_lines
from workbook.html import inline
from workbook.learning.cards import Card, Html, button, heading, row
from workbook.learning.exercise_card import field_of
from workbook.panels.base import text
from workbook.plainly import tell_plainly


class QuestionCard(Card):
    """One question with its tries; it tells whether an answer is right, and no more."""

    def __init__(self, letter: str, found: Exercise, exam: ExamCard) -> None:
        self.letter, self.found, self._exam = letter, found, exam
        super().__init__()
        self.field = field_of(found)
        self.send = button("Submit", self.safely(self._submit), main=True, usable=self._usable)
        controls = [self.send]
        if found.work is not None:
            self.look = button("Break the lab and look", self.safely(self._look))
            controls.insert(0, self.look)
        self.children = [heading(f"Question {letter}", found.ask), self.field.box, row(*controls), self.said]
        self.redraw()

    def redraw(self) -> None:
        """Show how many tries are left."""
        now = self._exam.now
        assert now is not None
        left = engine.TRIES - now.tries.get(self.letter, 0)
        self.send.description = f"Submit {self.letter} ({counted(left, 'try').replace('trys', 'tries')} left)"
        self.send.disabled = not self._usable()
        if self.letter in now.right:
            self.say("✔ Right.", good=True)
        elif left < engine.TRIES:
            self.say(f"✘ Not right. {counted(left, 'try').replace('trys', 'tries').capitalize()} left.")

    def _usable(self) -> bool:
        now = self._exam.now
        open_still = now is not None and not now.ended and self.letter not in now.right
        return now is not None and open_still and now.tries.get(self.letter, 0) < engine.TRIES

    def _look(self) -> None:
        assert self.found.work is not None
        lab = break_work(self.found.work)
        self.say(*down_lines(lab.check().down, most=12), "Find the reason, then choose your fixes.")

    def _submit(self) -> None:
        now = self._exam.now
        assert now is not None
        self._exam.now, result = engine.submit(now, self.letter, self.field.get())
        if result.empty:
            self.say("No answer yet. This does not count as a try.")
            return
        self.redraw()
        self._exam.count()


class ExamCard(Card):
    """`exam()`: the form, then the questions, then the verdict."""

    def __init__(self) -> None:
        super().__init__()
        self.now = engine.sitting()
        self.name, self.seed = text("Your name"), text("Seed (optional)")
        self.start = button("Start the exam", self.safely(self._start), main=True)
        self.finish = button("Finish the exam", self.safely(self._finish))
        self.again = button("New exam", self.safely(self._new))
        self.verdict = Html()
        self._asked = False
        self.questions: dict[str, QuestionCard] = {}
        self._show()

    @property
    def plain(self) -> str:
        """What the exam is."""
        return (
            f"Exam: 18 questions, {engine.TRIES} tries each, {engine.NEEDED} right answers to pass. "
            "The questions depend on your name, or on a seed.\n▶ Run this cell to start."
        )

    def _show(self) -> None:
        if self.now is None:
            told = ("You have two tries for each question. Reasons come at the end.",
                    "Questions differ from learner to learner. With the same seed, everybody gets the same exam.")  # fmt: skip
            self.children = [heading("Exam", *told), self.name, self.seed, row(self.start), self.said]
            return
        self.questions = {x: QuestionCard(x, found, self) for x, found in engine.draw(self.now.seed).items()}
        title = heading(f"Exam of {self.now.name}", f"Seed: {self.now.seed}")
        self.children = [title, *self.questions.values(), row(self.finish, self.again), self.said, self.verdict]
        self.count()
        if self.now.ended:
            self._tell()

    def count(self) -> None:
        """Show how many questions are right."""
        if self.now is not None and not self.now.ended:
            self.say(f"{len(self.now.right)} of {len(self.questions)} right so far. {engine.NEEDED} are needed.")

    def _start(self) -> None:
        self.now = engine.begin(str(self.name.value), str(self.seed.value))
        self.say()
        self._show()

    def _twice(self, sentence: str) -> bool:
        """Return True at the second press."""
        self._asked, before = not self._asked, self._asked
        if not before:
            self.say(sentence)
        return before

    def _finish(self) -> None:
        if self.now is None or not self._twice("Press again to finish. After that no answer counts."):
            return
        self.now = engine.end(self.now)
        for question in self.questions.values():
            question.redraw()
        self._tell()

    def _new(self) -> None:
        if self._twice("Press again to start over. Your answers in this exam are lost."):
            self.now = None
            self.say()
            self.verdict.show("")
            self._show()

    def _tell(self) -> None:
        """Show the verdict, the reasons, and where the certificate is."""
        now = self.now
        assert now is not None
        total, right = len(self.questions), len(now.right)
        good = engine.passed(now)
        verdict = f"{'✔ Passed' if good else '✘ Not passed'}: {right} of {total} right, {engine.NEEDED} are needed."
        saved = _save(now) if good else ""
        self.say(verdict, *([saved] if saved else []), good=good)
        rows = "".join(_reason(x, q.found, right=x in now.right) for x, q in self.questions.items())
        self.verdict.show(f"<h4>Reasons</h4><ul>{rows}</ul>", verdict)


def _save(now: engine.Sitting) -> str:
    try:
        return f"Your certificate is saved at {engine.save_certificate(now)}. Open it in a browser to print it."
    except InputError as error:
        return f"✘ {error}"


def _reason(letter: str, found: Exercise, *, right: bool) -> str:
    reasons = found.because or f"See section {found.section} of the notebook, and lesson 02."
    solution = "; ".join(found.labels[key] for key in found.right)
    shown = f" Right: {escape(solution)}." if solution and not right else ""
    return f"<li>{'✔' if right else '✘'} <b>{letter}</b>: {inline(reasons)}{shown}</li>"


def exam() -> ExamCard:
    """Show the exam: questions from your name or a seed, two tries each, reasons and a certificate at the end."""
    tell_plainly()
    return ExamCard()
