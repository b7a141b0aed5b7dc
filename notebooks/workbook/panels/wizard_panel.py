"""The design wizard: five plain questions at the left, the recommended design at the right; one above the other on a phone."""

from __future__ import annotations

from datetime import datetime
from functools import partial

import ipywidgets as widgets

from pkikit.explore.advice.plain_answers import FIELDS, QUESTIONS, Answers
from simulator.clock import Clock
from workbook.models.advice_card import advise
from workbook.panels.base import Panel

_FULL = {"width": "100%"}
_STYLE = """<style>
.wizard-panel { max-width: 100%; }
.wizard-panel .wizard-both { gap: 8px 28px; }
.wizard-panel .wizard-questions { flex: 1 1 20em; max-width: 30em; min-width: 0; }
.wizard-panel .wizard-advice { flex: 3 1 22em; min-width: 0; padding-left: 5px; }
.wizard-panel .widget-inline-hbox { flex-wrap: wrap; height: auto; margin: 2px 0 8px; width: 100%; }
.wizard-panel .widget-inline-hbox > .widget-label { flex: 0 0 100%; width: 100% !important; max-width: 100%; height: auto;
  text-align: left; white-space: normal; line-height: 1.4; font-weight: 600; }
.wizard-panel .widget-inline-hbox > .widget-label[style*="none"] { display: none; }
.wizard-panel .widget-inline-hbox > select, .wizard-panel .widget-inline-hbox > input { flex: 1 1 100%; min-width: 0;
  margin-left: 0; width: 100%; min-height: 32px; }
.wizard-panel .widget-checkbox .widget-label-basic { white-space: normal; font-weight: normal; }
.wizard-panel p.wizard-question { font-weight: 600; margin: 8px 0 0; }
.wizard-panel .advice-card { border: 2px solid currentColor; border-radius: 6px; padding: 6px 14px; margin: 4px 0 12px; }
.wizard-panel .advice-name { font-size: 1.25em; font-weight: 600; }
.wizard-panel .advice-copy { font: inherit; color: inherit; background: transparent; border: 1px solid currentColor;
  border-radius: 4px; padding: 3px 10px; margin: 4px 6px 4px 0; cursor: pointer; display: inline-block; }
.wizard-panel .advice-copy:focus-visible { outline: 3px solid currentColor; outline-offset: 2px; }
.wizard-panel th[scope=row] { font-weight: 600; min-width: 9em; }
.wizard-panel th small { font-weight: normal; }
.workbook-panel.wizard-panel td { min-width: 3em; overflow-wrap: normal; }
@media (max-width: 600px) {
  .workbook-panel.wizard-panel th, .workbook-panel.wizard-panel td { padding: 3px 3px; min-width: 2em; font-size: .85em; }
  .workbook-panel.wizard-panel th[scope=row] { min-width: 6em; }
  .wizard-panel th small { display: none; }
  .wizard-panel ul { padding-left: 1.2em; }
}
.wizard-panel .advice-scroll { overflow-x: auto; }
.wizard-panel pre { overflow-x: auto; margin: 2px 0 8px; }
</style>"""


class Wizard(Panel):
    """A panel whose questions and answer stand side by side where there is room."""

    def __init__(self, title: str, inputs: dict[str, widgets.Widget], at: datetime) -> None:
        """at: when the certificates are issued."""
        super().__init__(title, inputs, lambda **values: advise(values, at))
        heading: widgets.Widget = self.children[0]  # type: ignore[has-type]  # ipywidgets has no types
        questions = widgets.VBox(_with_headings(self.inputs))
        advice = widgets.VBox([self.said, self.result])
        questions.add_class("wizard-questions")
        advice.add_class("wizard-advice")
        both = widgets.HBox([questions, advice], layout={"flex_flow": "row wrap", "align_items": "flex-start"})
        both.add_class("wizard-both")
        self.children = [widgets.HTML(_STYLE), heading, both]
        self.add_class("wizard-panel")


def design_wizard(answers: Answers | None = None, at: datetime | None = None) -> Wizard:
    """The wizard: five questions, one recommended design, alternatives, names, CSR values and a deployment file.

    Args:
        answers: the answers to begin with.
        at: when the certificates are issued; today by default.

    Returns:
        The panel.
    """
    first = answers or Answers()
    today = at or Clock().now().replace(hour=0, minute=0, second=0, microsecond=0)
    return Wizard("Which certificate design should we choose?", _inputs(first), today)


_NUMBERS = {"trust": 2, "version": 3, "domain": 4, "restarts": 5}


def _inputs(first: Answers) -> dict[str, widgets.Widget]:
    made: dict[str, widgets.Widget] = {
        kind: widgets.Checkbox(description=label, value=kind in first.outside, indent=False, layout=_FULL)
        for kind, label in QUESTIONS["outside"].options
    }
    for key in ("trust", "version", "upgrade", "domain", "restarts", "acme"):
        question = QUESTIONS[key]
        options = [(label, value) for value, label in question.options]
        if first.value(key) not in dict(question.options):
            options.append((first.value(key), first.value(key)))
        text = f"{_NUMBERS[key]}. {question.text}" if key in _NUMBERS else question.text
        made[key] = widgets.Dropdown(description=text, options=options, value=first.value(key), layout=_FULL)
    for key, label in FIELDS.items():
        held = getattr(first, key)
        kind = widgets.IntText if isinstance(held, int) else partial(widgets.Text, continuous_update=False)
        made[key] = kind(description=label, value=held if isinstance(held, int) else first.value(key), layout=_FULL)
    return made


def _with_headings(inputs: dict[str, widgets.Widget]) -> list[widgets.Widget]:
    rows: list[widgets.Widget] = [widgets.HTML(f'<p class="wizard-question">1. {QUESTIONS["outside"].text}</p>')]
    for key, control in inputs.items():
        if key == "core_fqdn":
            rows.append(widgets.HTML('<p class="wizard-question">Your machines</p>'))
        rows.append(control)
    return rows
