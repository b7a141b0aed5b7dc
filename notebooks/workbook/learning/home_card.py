"""The home page: the course as a map, how far you are, the next lesson, and the rooms beside the lessons."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from pkikit.text import counted
from workbook.course.lessons import Lesson, course_folder, lessons
from workbook.course.progress import when_answered
from workbook.handin.send import ABOUT_HANDING_IN, can_hand_in, hand_in
from workbook.learning.cards import Card, Html, button, heading, row
from workbook.learning.lesson_cards import bar, done_in
from workbook.plainly import tell_plainly

# Titles with the numbers of the first and the last lesson.
PARTS: Sequence[tuple[str, str, str]] = (
    ("Start here", "00", "02"),
    ("Request, sign, load", "03", "07"),
    ("Who checks what", "08", "12"),
    ("Renewal and the future", "13", "15"),
    ("Tools, design, operation", "16", "22"),
    ("Practice", "90", "99"),
)
ROOMS: Sequence[tuple[str, str, str]] = (
    ("90-the-clinic.ipynb", "The clinic", "tickets to solve, from easy to hard"),
    ("dashboards/design.ipynb", "The designer", "five questions, one recommended design"),
    ("99-the-exam.ipynb", "The exam", "prove what you can do, and get a certificate"),
    ("../docs/glossary.md", "Glossary", "what the words mean"),
)
_RADIUS = 40
_AROUND = 251.3  # 2 π r


def ring(done: int, total: int) -> str:
    """Return the progress ring; the number in it is text."""
    share = done / total if total else 0
    circle = f'<circle cx="50" cy="50" r="{_RADIUS}" fill="none" stroke-width="12" '
    return (
        f'<svg role="img" aria-label="{done} of {total} exercises done" width="110" height="110" viewBox="0 0 100 100">'
        f'{circle}stroke="currentColor" opacity="0.25"/>'
        f'{circle}stroke="#1976d2" stroke-dasharray="{share * _AROUND:.1f} {_AROUND}" transform="rotate(-90 50 50)"/>'
        f'<text x="50" y="56" text-anchor="middle" font-size="20" fill="currentColor">{round(100 * share)}%</text></svg>'
    )


def next_lesson() -> Lesson | None:
    """Return the first lesson with an exercise that is not right yet."""
    return next((found for found in lessons() if done_in(found) < len(found.exercises)), None)


class HomeCard(Card):
    """`home()`: everything on one page, redrawn after every answer."""

    def __init__(self) -> None:
        super().__init__()
        self.map = Html()
        self.again = button("Update", self.redraw)
        self.hand_in = button("Hand in my progress", self.safely(self._hand_in))
        self.class_server = can_hand_in()
        buttons = [self.again, self.hand_in] if self.class_server else [self.again]
        self.children = [heading("Expressway Certificate Lab"), self.map, row(*buttons), self.said]
        self.redraw()
        when_answered(self.redraw)

    def _hand_in(self) -> None:
        """On a class server only."""
        self.say(hand_in())

    @property
    def plain(self) -> str:
        """The course map as text, without progress."""
        lines = []
        for title, first, last in PARTS:
            lines.append(title)
            lines += [f"  {f.number} {f.question} ({f.minutes} min)" for f in lessons() if first <= f.number <= last]
        return "\n".join(["Expressway Certificate Lab: course map", *lines, "▶ Run this cell to show your progress."])

    @property
    def static(self) -> str:
        """The course map with links, without progress."""
        return f"{_map(with_progress=False)}<p>▶ Run this cell to show your progress.</p>"

    def redraw(self) -> None:
        """Show the map with what is done."""
        total, done = sum(len(f.exercises) for f in lessons()), sum(map(done_in, lessons()))
        words = f"{done} of {counted(total, 'exercise')} done."
        kept = f"<p>{escape(ABOUT_HANDING_IN)}</p>" if self.class_server else ""
        following = next_lesson()
        go = "You have finished the course. Well done." if following is None else _go(following, started=done > 0)
        head = (
            f'<div style="display:flex;flex-wrap:wrap;gap:1.5em;align-items:center">{ring(done, total)}'
            f"<div><p>{words}</p><p>{go}</p>{kept}</div></div>"
        )
        self.map.show(head + _map(with_progress=True), words)


def _go(found: Lesson, *, started: bool) -> str:
    word = "Continue with" if started else "Start with"
    link = f'<a href="{escape(found.file)}"><b>{found.number} {escape(found.question)}</b></a>'
    return f"{word} {link} ({found.minutes} minutes)"


def _map(*, with_progress: bool) -> str:
    parts = "".join(_part(*part, with_progress=with_progress) for part in PARTS)
    rooms = "".join(
        f'<li><a href="{escape(file)}">{escape(title)}</a>: {escape(text)}</li>'
        for file, title, text in ROOMS
        if (course_folder() / file).exists()
    )
    return f"{parts}<h4>More rooms</h4><ul>{rooms}</ul>"


def _part(title: str, first: str, last: str, *, with_progress: bool) -> str:
    rows = "".join(_row(f, with_progress=with_progress) for f in lessons() if first <= f.number <= last)
    return f"<h4>{escape(title)}</h4><ul style='list-style:none;padding-left:0'>{rows}</ul>"


def _row(found: Lesson, *, with_progress: bool) -> str:
    link = f'<a href="{escape(found.file)}">{found.number} {escape(found.question)}</a>'
    state = ""
    if with_progress:
        done, total = done_in(found), len(found.exercises)
        mark = "✔ " if done == total else ""
        state = f" {bar(done, total)} {mark}{done} of {total}"
    return f"<li>{link} <small>{found.minutes} min</small>{state}</li>"


def home() -> HomeCard:
    """Show the home page of the course."""
    tell_plainly()
    return HomeCard()
