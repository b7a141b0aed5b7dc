"""A ticket that is a change, in a notebook: the mail, hints, the cards to order, a rehearsal, and the debrief."""

from __future__ import annotations

from html import escape

import ipywidgets as widgets
import pandas as pd

from simulator.clinic.changes.change_desk import ChangeDesk
from simulator.clinic.changes.change_ticket import ChangeTicket, change_ticket_of, change_tickets
from workbook.learning.cards import button, row
from workbook.learning.order_cards import OrderCards
from workbook.models.order_pages import show_order
from workbook.models.planned_change import AT
from workbook.tables.plan_tables import rehearse_order
from workbook.tables.sentences import Lines

_LEVELS = {1: "easy", 2: "normal", 3: "hard"}


class ChangeCard(OrderCards):
    """The cards of a ticket, with its points. `desk` has everything that the ticket in a terminal has, too."""

    def __init__(self, ticket: ChangeTicket) -> None:
        self.desk = ChangeDesk(ticket, AT)
        super().__init__(self.desk.cards.planned)
        given = "".join(f"<li>{escape(what)}</li>" for what in ticket.given)
        told = widgets.HTML(
            f"<h3>{escape(f'{ticket.ticket} · {ticket.title}')}</h3><p>{escape(ticket.caller)}: “{escape(ticket.mail)}”</p>"
            f"<p>Deadline: {escape(ticket.deadline)}. You have:</p><ul>{given}</ul>"
        )
        self.ask = button("Hint (10 points)", self.safely(lambda: self.say(self.desk.hint())))
        self.dial = button("Rehearse it", self.safely(self.rehearse))
        self.give_up = button("Give up", self.safely(self._give_up))
        self.tell = button("Debrief", self.safely(self._debrief))
        first, *last = self.children
        self.children = [told, first, *last[:-2], row(self.dial, self.ask, self.tell, self.give_up), *last[-2:]]
        self.best.layout.display = "none"  # the debrief has it

    @property
    def plain(self) -> str:
        """The ticket and its cards; the same in every run."""
        return "\n".join([*self.desk.lines(), super().plain])

    @property
    def static(self) -> str:
        """The ticket and its cards as HTML."""
        return "".join(f"<p>{escape(line)}</p>" for line in self.desk.lines()) + super().static

    def play(self) -> None:
        """Show what the order does, and count it."""
        told = self.desk.play(self.order)
        end = "Solved. Press Debrief to read why." if self.desk.solved else ""
        self.say(told[0], *([end, self.desk.score.told] if end else []), good=told[0].startswith("✔"))
        self.result.value = show_order(self.cards, self.order).whole()

    def rehearse(self) -> None:
        """Do the order on real handshakes."""
        objections = self.cards.objections(self.order)
        if objections:
            self.say("✘ This order is not possible.", *objections)
            return
        self.say("Dialling every connection in every state …")
        found = rehearse_order(self.cards.planned, self.order)
        self.say(repr(found), good=found.accepted)

    def _give_up(self) -> None:
        self.desk.give_up()
        self._debrief()

    def _debrief(self) -> None:
        if not self.desk.over:
            self.say("First find an order that refuses nothing, or give up.")
            return
        self.say(self.desk.score.told)
        self.result.value = "".join(
            f"<h4>{escape(line)}</h4>" if line and not line.startswith(" ") else f"<p>{escape(line.strip())}</p>"
            for line in self.desk.debrief()
        )

    def debrief(self) -> Lines:
        """Show the debrief as text, once the ticket is solved or given up."""
        return Lines(
            self.desk.debrief() if self.desk.over else ["First find an order that refuses nothing, or give up."]
        )


def open_change(which: str) -> ChangeCard:
    """Open a ticket that is a change: `open_change("CHG-0104")`.

    Raises:
        InputError: there is no such ticket.
    """
    return ChangeCard(change_ticket_of(which))


def change_list() -> pd.DataFrame:
    """Show the tickets that are changes: nothing is broken yet."""
    rows = [(t.title, _LEVELS[t.difficulty], f"{t.minutes} min") for t in change_tickets().values()]
    return pd.DataFrame(
        rows, columns=["what is wanted", "level", "time"], index=pd.Index(change_tickets(), name="change")
    )
