"""A change in the hands of a player: play orders, get hints, give up, read the debrief. Pure: the rehearsal is elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pkikit.text import counted
from simulator.clinic.changes.change_ticket import ChangeTicket
from simulator.clinic.changes.step_cards import StepCards
from simulator.clinic.score import HINT_COSTS, Score, keep_score


@dataclass
class ChangeScore(Score):
    """The points of the best order that was played, minus 10 for each hint; 0 for somebody who gave up."""

    best: int = field(default=0)

    @property
    def points(self) -> int:
        """0 to 100."""
        return 0 if self.gave_up else max(0, self.best - HINT_COSTS * self.hints)

    @property
    def told(self) -> str:
        """The points in words."""
        spent = [counted(self.hints, "hint")] if self.hints else []
        spent += [counted(self.misses, "order") + " with refused connections"] if self.misses else []
        spent += ["you gave up"] if self.gave_up else []
        return f"{counted(self.points, 'point')}{': ' if spent else ''}{', '.join(spent)}"


class ChangeDesk:
    """An open change: its cards, and what was played."""

    def __init__(self, ticket: ChangeTicket, at: datetime) -> None:
        self.ticket = ticket
        self.cards = StepCards(ticket.planned(at))
        self.order = self.cards.first
        self.score = ChangeScore(case=ticket.id, ticket=ticket.ticket)
        self.solved = self._kept = False

    @property
    def over(self) -> bool:
        """True if the debrief may be read."""
        return self.solved or self.score.gave_up

    def lines(self) -> Iterator[str]:
        """Yield the ticket as text."""
        ticket = self.ticket
        yield f"{ticket.ticket}  {ticket.title}"
        yield f"{ticket.caller}: “{ticket.mail}”"
        yield f"Deadline: {ticket.deadline}"
        yield "You have:"
        yield from (f"  - {what}" for what in ticket.given)

    def play(self, order: Sequence[str]) -> tuple[str, ...]:
        """Play an order, and return what it does in lines. An order that nobody can do costs nothing."""
        self.order = tuple(order)
        if not self.cards.objections(order):
            played = self.cards.planned.play(order)
            worse = len(played.refused) > len(self.cards.best.refused)
            if not self.over:
                self.score.misses += worse
                self.score.best = max(self.score.best, self.cards.points(played).points)
                self.solved = not worse
                self._keep()
        return self.cards.told(order)

    @property
    def hints_left(self) -> int:
        """How many hints nobody asked for yet."""
        return len(self.ticket.hints) - self.score.hints

    def hint(self) -> str:
        """Return the next hint."""
        if not self.hints_left:
            return "There are no more hints."
        self.score.hints += not self.over
        return self.ticket.hints[self.score.hints - 1]

    def give_up(self) -> None:
        """End without points."""
        if not self.over:
            self.score.gave_up = True
            self._keep()

    def _keep(self) -> None:
        if self.over and not self._kept:
            self._kept = True
            keep_score(self.score)

    def debrief(self) -> tuple[str, ...]:
        """Return the best order, why it is this one, and what an expert thinks, in lines."""
        best, planned = self.cards.best, self.cards.planned
        verdict = "Solved." if self.solved else "You gave up." if self.score.gave_up else "The change is still open."
        lines = [f"{self.ticket.ticket}  {self.ticket.title}", verdict, self.score.told, "", "The best order"]
        lines += [f"  {line}" for line in self.cards.labels(best.order)]
        lines += [f"  In letters: {self.cards.lettered(best.order)}", "", "Why"]
        lines += [f"  {reason.first} comes before {reason.then}: {reason.because}" for reason in planned.reasons]
        lines += ["", "An expert thinks", *(f"  {line}" for line in self.ticket.expert)]
        usual = planned.usual
        lines += ["", f"In the usual order (certificates first): {self.cards.verdict(usual)}"]
        return tuple(lines)

    def to_json(self) -> dict[str, Any]:
        """Return the document of `expressway-sim clinic CHG-… --json`."""
        cards, ticket = self.cards, self.ticket
        best, usual = cards.best, cards.planned.usual
        change = cards.planned.plan.change
        return {
            "accepted": cards.planned.plan.order_exists,
            "kind": "change",
            "ticket": ticket.ticket,
            "title": ticket.title,
            "mail": ticket.mail,
            "given": list(ticket.given),
            "deadline": ticket.deadline,
            "hints": list(ticket.hints),
            "cards": [
                {
                    "letter": cards.letters[key],
                    "step": cards.planned.titles[key],
                    "owner": change.by_key[key].owner.name,
                }
                for key in cards.first
            ],
            "best": [cards.letters[key] for key in best.order],
            "refused_legs": len(best.refused),
            "usual_refused_legs": len(usual.refused),
            "why": [{"first": r.first, "then": r.then, "because": r.because} for r in cards.planned.reasons],
            "expert": list(ticket.expert),
        }
