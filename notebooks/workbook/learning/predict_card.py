"""Predict, then run: the learner commits to an answer before the lab gives its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pkikit.view.connections.check_report import CheckReport
from pkikit.view.connections.leg_report import LegReport
from pkikit.view.short_names import ShortNames
from workbook.html import inline, plain
from workbook.learning.answer_fields import Boxes, Field, OneOf
from workbook.learning.cards import Card, button, heading, row

Result = str | Sequence[str] | CheckReport | Iterable[LegReport]


class PredictCard(Card):
    """A question, options, and *Run it*. answer: what is right, or a function that finds out; it runs after the prediction."""

    def __init__(
        self, question: str, labels: Mapping[str, str], answer: Any, *, because: str, one: bool, note: str = ""
    ) -> None:
        super().__init__()
        self.question, self.labels, self._answer, self._because, self._note = question, labels, answer, because, note
        self._one = one
        self.field: Field = OneOf(labels) if one else Boxes(labels)
        self.run = button("Run it and compare", self.safely(self._run), main=True)
        told = [question, "Choose first, then run it."] + ([f"({note})"] if note else [])
        self.children = [heading("Predict", *told), self.field.box, row(self.run), self.said]

    @property
    def plain(self) -> str:
        """The question and its options; the same in every run."""
        options = [f"  {'○' if self._one else '☐'} {label}" for label in self.labels.values()]
        noted = [f"  ({self._note})"] if self._note else []
        return "\n".join([f"Predict: {plain(self.question)}", *options, *noted])

    @property
    def static(self) -> str:
        """The question and its options as HTML."""
        listed = "".join(f"<li>{inline(label)}</li>" for label in self.labels.values())
        noted = f"<p>{inline(self._note)}</p>" if self._note else ""
        return f"<p><b>Predict.</b> {inline(self.question)}</p><ul>{listed}</ul>{noted}"

    def _run(self) -> None:
        chosen = set(self.field.get())
        if not chosen:
            self.say("Choose first: what do you expect?")
            return
        self.say("Running …")
        right = _ids(self._answer() if callable(self._answer) else self._answer)
        said = [f"✔ {self.labels[key]}: as you expected." for key in self.labels if key in chosen & right]
        said += [
            f"✘ {self.labels[key]}: you expected this, but it does not happen."
            for key in self.labels
            if key in chosen - right
        ]
        said += [
            f"✘ {self.labels[key]}: this happens, and you did not expect it."
            for key in self.labels
            if key in right - chosen
        ]
        correct = chosen == right & self.labels.keys()
        verdict = "✔ Your prediction is right." if correct else "✘ Not quite."
        self.say(verdict, *said, *([self._because] if self._because else []), good=correct)


def _ids(result: Any) -> set[str]:
    """Return the right options: given as texts, or as the connections of a report that are down."""
    if isinstance(result, str):
        return {result}
    if isinstance(result, CheckReport):
        return {leg.leg.id for leg in result.down}
    items = list(result)
    return {i.leg.id for i in items if isinstance(i, LegReport) and not i.up} | {i for i in items if isinstance(i, str)}


def predict(
    question: str,
    options: Sequence[str] | Mapping[str, str],
    answer: str | Sequence[str] | Callable[[], Any],
    *,
    because: str = "",
    several: bool = False,
) -> PredictCard:
    """Ask for a prediction before a cell runs.

    options: texts, or texts by id. answer: the right option or options, or a function that returns them.
    several: more than one may be right, also when a function gives the answer.
    """
    labels = dict(options) if isinstance(options, Mapping) else {option: option for option in options}
    many = several or not (isinstance(answer, str) or callable(answer))
    return PredictCard(question, labels, answer, because=because, one=not many)


def predict_down(
    question: str, before: CheckReport | Iterable[LegReport], answer: Any, *, because: str = ""
) -> PredictCard:
    """Ask which connections will go down: boxes with short names.

    before: the connections to choose from. answer: a report, connections or their ids, or a function that returns one.
    """
    legs = [leg.leg for leg in (before.legs if isinstance(before, CheckReport) else before)]
    names = ShortNames(legs)
    options = {leg.id: names.connection(leg) for leg in legs}
    return PredictCard(question, options, answer, because=because, one=False, note=names.legend())
