"""The bar at the head of a notebook: how long it takes, what is done, a way to start again; and the whole course."""

from __future__ import annotations

from html import escape

from pkikit.errors import InputError
from pkikit.values.names import printable
from workbook.course.clinic_session import close_case
from workbook.course.lessons import lesson, lessons
from workbook.course.progress import forget, tries
from workbook.html import PanelOutput, table
from workbook.panels.base import Panel
from workbook.plainly import tell_plainly
from workbook.session import LabSession, close_current


def start(number: str) -> Panel:
    """First cell of a notebook: how far you are, and a button that starts again."""
    tell_plainly()
    found = lesson(number)
    if found is None:
        numbers = ", ".join(known.number for known in lessons())
        raise InputError(f"there is no notebook {printable(number)!r}; there are {numbers}")

    def show() -> PanelOutput:
        done = {t.exercise for t in tries() if t.right}
        rows = [(name, "✔ right" if name in done else "open") for name in found.exercises]
        right = sum(state != "open" for _, state in rows)
        words = f"{found.minutes} minutes; {right} of {len(rows)} exercises right"
        html = f"<p>{escape(words)}</p>" + (table(("exercise", ""), list(rows)) if rows else "")
        return PanelOutput(html=html, text="\n".join([words, *(f"{name}: {state}" for name, state in rows)]))

    def reset() -> str:
        forget(number)
        close_case()
        if LabSession.current is not None:
            LabSession.current.reset()
            return "The answers of this notebook are forgotten, and the lab is as at its beginning: every certificate is new."
        close_current()
        return "The answers of this notebook are forgotten. Run the cell with open_lab for a new lab."

    return Panel(
        f"{number} · {found.question}",
        {},
        show,
        buttons={"Begin this notebook anew": lambda: reset(), "How far am I?": lambda: ""},
    )


def exam_result(number: str, needed: int) -> Panel:
    """Show how many exercises of a notebook were answered correctly, and whether that is enough; with the whole report."""
    found = lesson(number)
    if found is None:
        raise InputError(f"there is no notebook {printable(number)!r}")

    def show() -> PanelOutput:
        answered = tries()
        rows = []
        for name in found.exercises:
            mine = [t for t in answered if t.exercise == name]
            rows.append((name, "✔ right" if any(t.right for t in mine) else "open", str(len(mine))))
        right = sum(state != "open" for _, state, _ in rows)
        words = f"{right} of {len(rows)} right, {needed} are needed: {'✔ passed' if right >= needed else 'not yet'}"
        html = f"<p><b>{escape(words)}</b></p>" + table(("question", "", "tries"), rows)
        return PanelOutput(
            html=html, text="\n".join([words, *(f"{n}: {state}, {count} tries" for n, state, count in rows)])
        )

    return Panel("How did you do?", {}, show, buttons={"Count again": lambda: ""})
