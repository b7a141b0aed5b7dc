"""How many exercises of a notebook are right, and whether that is enough."""

from __future__ import annotations

from html import escape

from pkikit.errors import InputError
from pkikit.values.names import printable
from workbook.course.lessons import lesson
from workbook.course.progress import tries
from workbook.html import PanelOutput, table
from workbook.panels.base import Panel


def exam_result(number: str, needed: int) -> Panel:
    """Show how many exercises of a notebook were answered correctly, and whether that is enough; with the whole report."""
    found = lesson(number)
    if found is None:
        raise InputError(f"There is no notebook {printable(number)!r}.")

    def show() -> PanelOutput:
        answered = tries()
        rows = []
        for name in found.exercises:
            mine = [t for t in answered if t.exercise == name]
            rows.append((name, "✔ right" if any(t.right for t in mine) else "not answered yet", str(len(mine))))
        right = sum(state == "✔ right" for _, state, _ in rows)
        words = f"{right} of {len(rows)} right, {needed} are needed: {'✔ passed' if right >= needed else 'not yet'}"
        html = f"<p><b>{escape(words)}</b></p>" + table(("question", "", "tries"), rows)
        return PanelOutput(
            html=html, text="\n".join([words, *(f"{n}: {state}, {count} tries" for n, state, count in rows)])
        )

    return Panel("How did you do?", {}, show, buttons={"Count again": lambda: ""})
