"""The open questions as fields: allowed values as options, and below each question how to find out."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import ipywidgets as widgets

from pkikit.intake.assembly import Fact, Question
from pkikit.text import printable
from workbook.tables.brought_tables import value_in_words

_FULL = {"width": "100%"}
_CHOOSE = "choose …"
_MOST = 60


class OpenQuestions(widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """One field for each question. `answers`: what a person wrote, by key."""

    def __init__(self, questions: Sequence[Question]) -> None:
        super().__init__()
        self.fields: dict[str, widgets.Widget] = {}
        rows: list[widgets.Widget] = []
        for question in questions[:_MOST]:
            field = self.fields[question.key] = _field(question)
            how = f"Allowed: {question.allowed}. To find out: {question.how}."
            rows += [field, widgets.HTML(f'<p class="intake-how"><small>{escape(printable(how, 600))}</small></p>')]
        self.children = rows

    @property
    def answers(self) -> dict[str, str]:
        """The fields that are filled."""
        return {key: field.value.strip() for key, field in self.fields.items() if field.value.strip()}


def _field(question: Question) -> widgets.Widget:
    label = printable(question.text, 300)
    if question.choices:
        options = [(_CHOOSE, ""), *((choice, choice) for choice in question.choices)]
        return widgets.Dropdown(description=label, options=options, value="", layout=_FULL)
    return widgets.Text(description=label, layout=_FULL)


class Assumptions(widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Choose an assumption, and write another value. `change`: (key, value)."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        options = [(printable(f"{fact.key}: {value_in_words(fact.value)}", 120), fact.key) for fact in facts]
        self.which = widgets.Dropdown(description="Assumption", options=options, layout=_FULL)
        self.value = widgets.Text(description="Another value (empty: as before)", layout=_FULL)
        super().__init__([self.which, self.value])

    @property
    def change(self) -> dict[str, str]:
        """The answer in place of the assumption."""
        return {self.which.value: self.value.value.strip()} if self.which.value else {}
