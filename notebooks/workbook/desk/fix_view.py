"""The fix of a ticket as a small form: action, machine, parameters; side effects before and after."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets as widgets

from pkikit.errors import PkikitError
from simulator.world.remedies import Action
from workbook.course.clinic_session import ClinicSession
from workbook.desk.controls import Chooser
from workbook.desk.fix_form import GROUPS, Asked, FixForms, line
from workbook.learning.cards import button

_STYLE = {"description_width": "auto"}


class FixView(widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Choose an action; only valid targets and parameters are offered. `done` is called after a fix."""

    def __init__(self, session: ClinicSession, done: Callable[[], None]) -> None:
        self._session, self._done = session, done
        self._fields: dict[str, widgets.Widget] = {}
        self.actions = Chooser(description="Fixes", search="Search the fixes", groups=_groups(session))
        self.target = widgets.Dropdown(description="Where", style=_STYLE)
        self.form = widgets.VBox()
        self.before, self.said = widgets.HTML(), widgets.HTML()
        self.do = button("Do this fix", self._do, main=True, usable=lambda: bool(self.actions.value))
        self.do.disabled = True
        self.actions.observe(self._choose, names="value")
        self.target.observe(self._ask, names="value")
        super().__init__([self.actions, self.form, self.before, self.do, self.said])
        self.form.add_class("desk-form")

    @property
    def forms(self) -> FixForms:
        """The forms for the world as it is now."""
        live = self._session.live
        return FixForms(live.lab.world, live.fault_context)

    @property
    def line(self) -> str:
        """What one would type."""
        return line(Action(self.actions.value), self.target.value or "", self._values())

    def _values(self) -> dict[str, Any]:
        return {name: field.value for name, field in self._fields.items()}

    def _choose(self, _: object) -> None:
        if not self.actions.value:
            return
        options = self.forms.targets(Action(self.actions.value))
        self.target.unobserve(self._ask, names="value")
        self.target.options = options
        self.target.value = options[0][1] if options else None
        self.target.observe(self._ask, names="value")
        self.do.disabled = False
        self._ask()

    def _ask(self, _: object = None) -> None:
        action, target = Action(self.actions.value), self.target.value or ""
        asked = self.forms.asked(action, target) if target else ()
        self._fields = {one.name: _field(one) for one in asked}
        for field in self._fields.values():
            field.observe(self._foresee, names="value")
        shown = [self.target] if self.target.options else []
        self.form.children = [*shown, *self._fields.values()]
        self._foresee()

    def _foresee(self, _: object = None) -> None:
        action, target = Action(self.actions.value), self.target.value or ""
        effects = self.forms.before(action, target, self._values(), self._session.report)
        typed = f"In a terminal you would type: <code>{escape(self.line)}</code>"
        told = " ".join(escape(effect) for effect in effects)
        self.before.value = f"<p><b>Before you do it:</b> {told}<br><small>{typed}</small></p>"

    def _do(self) -> None:
        self.said.value = '<p role="status">Working in the lab …</p>'
        wanted = self.line
        try:
            done = str(self._session.fix(wanted)).split("\n")
        except PkikitError as error:
            self.said.value = f'<p role="alert"><b>✘</b> {escape(str(error))} Nothing was changed.</p>'
            return
        items = "".join(f"<li>{escape(told)}</li>" for told in done)
        self.said.value = f'<div role="status"><p><b>Done:</b> <code>{escape(wanted)}</code></p><ul>{items}</ul></div>'
        self._choose(None)
        self._done()


def _groups(session: ClinicSession) -> list[dict[str, Any]]:
    told = {action: text for action, text, _ in session.desk.actions()}
    groups = []
    for title, actions in GROUPS:
        options = [{"value": a.value, "label": f"{a.value}: {told[a]}", "words": title} for a in actions if a in told]
        groups += [{"title": title, "options": options}] if options else []
    return groups


def _field(asked: Asked) -> widgets.Widget:
    common = {"description": asked.label, "style": _STYLE}
    if asked.kind == "text":
        return widgets.Text(value=str(asked.value), **common)
    if asked.kind == "many":
        rows = min(len(asked.options), 8)
        return widgets.SelectMultiple(options=asked.options, value=tuple(asked.value), rows=rows, **common)
    values = [value for _, value in asked.options]
    chosen = asked.value if asked.value in values else values[0] if values else None
    return widgets.Dropdown(options=asked.options, value=chosen, **common)
