"""Order the steps of a change, then play them: which connection fails when, who refuses it, and how good the order is."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import Any

import ipywidgets as widgets

from pkikit.runbook.played_change import PlayedChange
from simulator.clinic.changes.step_cards import StepCards
from workbook.learning.cards import Card, button, heading, row
from workbook.models.order_pages import show_order

_MOST_ROWS = 20
_FAR = 1000
_MOVES = {"↑ Earlier": -1, "↓ Later": 1, "⇈ First": -_FAR, "⇊ Last": _FAR}


class OrderCards(Card):
    """A list of cards, buttons that move the chosen one, and *Play it*. Everything works with the keyboard."""

    def __init__(self, planned: PlayedChange) -> None:
        super().__init__()
        self.cards = StepCards(planned)
        self.order = self.cards.first
        self.list = widgets.Select(
            description="Your order", options=self._options(), value=self.order[0], rows=min(_MOST_ROWS, len(self.order) + 1),
            layout={"width": "100%", "max_width": "60em", "height": "auto"}, style={"description_width": "6em"},
        )  # fmt: skip
        self.chosen = widgets.HTML()
        self.list.observe(self._show_chosen, names="value")
        self.buttons = {name: button(name, partial(self.move, name)) for name in _MOVES}
        self.play_it = button("Play it", self.safely(self.play), main=True)
        self.best = button("Show the best order", self.safely(self.show_best))
        self.again = button("Start again", self.safely(self.start_again))
        self.result = widgets.HTML()
        what = planned.plan.change.goal
        told = [f"Put the steps into an order in which no connection is refused{f': {what}' if what else ''}.",
                "Choose a card, move it, then press *Play it*."]  # fmt: skip
        self.children = [
            heading("Order the cards", *told), self.list, self.chosen, row(*self.buttons.values()),
            row(self.play_it, self.again, self.best), self.said, self.result,
        ]  # fmt: skip
        self._show_chosen()

    def _options(self) -> list[tuple[str, str]]:
        return list(zip(self.cards.labels(self.order), self.order, strict=True))

    @property
    def plain(self) -> str:
        """The cards; the same in every run."""
        return "\n".join(
            ["Order the cards", *(self.cards.label(key) for key in self.cards.first), "▶ Run this cell to order them."]
        )

    @property
    def static(self) -> str:
        """The cards as HTML."""
        listed = "".join(f"<li>{escape(self.cards.label(key))}</li>" for key in self.cards.first)
        return f"<p><b>Order the cards.</b> ▶ Run this cell to order them.</p><ul>{listed}</ul>"

    def _show_chosen(self, _: Any = None) -> None:
        key = self.list.value
        self.chosen.value = f"<p>Chosen: <b>{escape(self.cards.label(key))}</b></p>" if key else ""

    def move(self, name: str) -> None:
        """Move the chosen card as a button says."""
        key = self.list.value
        if key is not None:
            self._set(self.cards.moved(self.order, key, self.order.index(key) + _MOVES[name]), key)

    def _set(self, order: tuple[str, ...], chosen: str) -> None:
        self.order = order
        self.list.options = self._options()
        self.list.value = chosen
        self.result.value = ""
        self.say()

    def play(self) -> None:
        """Show what the order does."""
        shown = show_order(self.cards, self.order)
        self.say(shown.text.partition("\n")[0], good=shown.text.startswith("✔"))
        self.result.value = shown.whole()

    def show_best(self) -> None:
        """Put the cards into the order of the plan, and play it."""
        self._set(self.cards.best.order, self.cards.best.order[0])
        self.play()

    def start_again(self) -> None:
        """Put the cards back."""
        self._set(self.cards.first, self.cards.first[0])


def order_cards(planned: PlayedChange) -> OrderCards:
    """Let the learner order the steps of a change, and play any order.

    planned: from `plan_change`.
    """
    return OrderCards(planned)
