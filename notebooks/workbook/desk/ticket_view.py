"""One open ticket, in reading order: the ticket, the topology and the tools, the cause, the fix, help, the debrief."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets as widgets

from pkikit.rules.plain_causes import PLAIN_CAUSES
from simulator.clinic.desk import NO_MORE_HINTS, SEVERITIES, Ticket
from simulator.clinic.score import HINT_COSTS, MISS_COSTS
from workbook.course.clinic_session import ClinicSession
from workbook.desk.controls import Chooser, Clock
from workbook.desk.debrief_view import DebriefView
from workbook.desk.fix_view import FixView
from workbook.desk.look_view import LookView
from workbook.html import PanelOutput
from workbook.learning.cards import button, row


class TicketView(widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """An open ticket. leave: is called when the player goes back to the queue."""

    def __init__(self, session: ClinicSession, leave: Callable[[], None]) -> None:
        self.session = session
        ticket = session.desk.ticket
        self.clock = Clock(elapsed=ticket.elapsed, target=ticket.minutes)
        self.picture, self.state, self.said = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.looks = LookView(session)
        self.causes = Chooser(description="Causes", search="Search the causes", groups=cause_groups())
        self.named = widgets.HTML()
        self.name = button("Name this cause", self._name, main=True)
        self.fixes = FixView(session, self._changed)
        self.check = button("Check all connections", self._check)
        self.hint = button(_hint_label(session), self._hint, usable=lambda: session.desk.hints_left > 0)
        self.hint.disabled = not session.desk.hints_left
        self.give_up = button("Give up", self._give_up, usable=lambda: not self._over)
        self.back = button("Back to the queue", leave)
        self.debrief = widgets.VBox()
        self._sure, self._over = False, False
        left = widgets.VBox([self.picture, self.state, self.check])
        right = widgets.VBox([_title("Look"), self.looks])
        left.add_class("desk-wide")
        both = widgets.HBox([left, right])
        causes = widgets.VBox([_title("Name the cause"), widgets.HTML(_CAUSE), self.causes, self.name, self.named])
        fixes = widgets.VBox([_title("Fix it"), widgets.HTML(_FIX), self.fixes])
        work = widgets.HBox([causes, fixes])
        for pair in (both, work):
            pair.add_class("desk-two")
        both.add_class("desk-seen")
        head = widgets.HTML(ticket_html(ticket))
        buttons = row(self.hint, self.give_up, self.back)
        super().__init__([head, self.clock, both, work, buttons, self.said, self.debrief])
        self._draw()

    def _draw(self) -> None:
        drawn = self.session.picture()
        region = f'<div class="desk-picture" role="region" aria-label="Topology" tabindex="0">{drawn.svg}</div>'
        self.picture.value = PanelOutput(html=region, text=drawn.text).whole()
        desk = self.session.desk
        told = f"{desk.state} {desk.score.told}{' so far' if not self._over else ''}."
        self.state.value = f'<p role="status">{escape(told)}</p>'

    def _changed(self) -> None:
        """Show everything again after a fix, a check or a named cause; with the debrief, if the ticket is solved."""
        self._draw()
        self.looks.refresh()
        if self.session.desk.done and not self._over:
            self.end()

    def _name(self) -> None:
        if not self.causes.value:
            self._tell(self.named, "Choose a cause first.")
            return
        told = str(self.session.name(self.causes.value))
        self._changed()
        self._tell(self.named, f"{told} The debrief is at the end of this page." if self._over else told)

    def _check(self) -> None:
        self._tell(self.said, "Dialing every connection …")
        self.session.check()
        self._tell(self.said, "")
        self._changed()

    def _hint(self) -> None:
        number = self.session.score.hints + 1
        self._tell(self.said, f"Hint {number}: {self.session.hint()}")
        self.hint.description = _hint_label(self.session)
        self._draw()

    def _give_up(self) -> None:
        if not self._sure:
            self._sure = True
            self.give_up.description = "Give up: press again to confirm"
            self._tell(self.said, "You get no points, and the debrief tells the cause.")
            return
        self._tell(self.said, "")
        self.session.give_up()
        self.end()

    def end(self) -> None:
        """Show the debrief."""
        self._over = True
        self.clock.elapsed, self.clock.running = self.session.desk.ticket.elapsed, False
        for one in (self.name, self.give_up, self.hint):
            one.disabled = True
        self.debrief.children = [DebriefView(self.session)]
        self._draw()

    def _tell(self, place: widgets.HTML, told: str) -> None:
        place.value = f'<p role="status"><b>{escape(told)}</b></p>' if told else ""


_CAUSE = (
    f"<p>A wrong cause costs {MISS_COSTS} points. Searching is free. The causes are grouped by the seven gates of "
    "notebook 17.</p>"
)
_FIX = "<p>Each fix is real work in the running lab, and does only what it says. Fixes cost no points.</p>"


def _title(text: str) -> widgets.HTML:
    return widgets.HTML(f"<h4>{escape(text)}</h4>")


def _hint_label(session: ClinicSession) -> str:
    left = session.desk.hints_left
    return f"Hint ({left} left, {HINT_COSTS} points each)" if left else NO_MORE_HINTS.rstrip(".")


def cause_groups() -> list[dict[str, Any]]:
    """Return every cause in plain words, grouped by its gate."""
    gates: dict[str, list[dict[str, str]]] = {}
    for cause in PLAIN_CAUSES:
        words = f"{cause.rule.replace('.', ' ').replace('-', ' ')} {cause.words}"
        gates.setdefault(cause.gate.value, []).append({"value": cause.rule, "label": cause.sentence, "words": words})
    return [{"title": gate, "options": options} for gate, options in gates.items()]


def ticket_html(ticket: Ticket) -> str:
    """Return the ticket: number, symptom, caller, words, severity, since when."""
    severity = f"Severity {ticket.severity} ({SEVERITIES[ticket.severity]})"
    facts = " · ".join(part for part in (severity, f"since {ticket.since}" if ticket.since else "") if part)
    caller = f"<p><b>{escape(ticket.caller)}</b>:</p>" if ticket.caller else ""
    return (
        f'<div class="desk-ticket"><h4>{escape(ticket.number)}: {escape(ticket.title)}</h4><p>{escape(facts)}</p>'
        f"{caller}<blockquote>{escape(ticket.symptom)}</blockquote></div>"
    )
