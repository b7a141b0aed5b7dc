"""The steps of a change as cards with letters: any order of them, what it refuses, and how good it is. Text only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from string import ascii_uppercase

from pkikit.errors import InputError
from pkikit.model.certificates.facts import presented_names
from pkikit.planning.planner.played_order import PlayedOrder, Points, obstacles, points_of
from pkikit.planning.predictions import naive_order
from pkikit.runbook.played_change import PlayedChange
from pkikit.text import counted, listed

_LETTERS = (*ascii_uppercase, *("".join(pair) for pair in product(ascii_uppercase, repeat=2)))


@dataclass(frozen=True, kw_only=True)
class CardState:
    """The state after a card: what it is called, how many connections are refused, by whom and why, and their share."""

    card: str
    connections: str
    why: str
    share: float


class StepCards:
    """The cards of a change. They lie in the usual order at first, and keep their letters."""

    def __init__(self, planned: PlayedChange) -> None:
        self.planned = planned
        self.first = naive_order(planned.plan.change)
        self.letters: Mapping[str, str] = dict(zip(self.first, _LETTERS, strict=False))

    @property
    def best(self) -> PlayedOrder:
        """The order of the plan."""
        return self.planned.best

    def label(self, key: str) -> str:
        """Return a card in a line: its letter, the step, and who does it if that is somebody else."""
        owner = self.planned.plan.change.by_key[key].owner
        who = "" if owner.ours else f" ({self.planned.names.machines_in_text(owner.name)})"
        return f"{self.letters[key]} · {self.planned.titles[key]}{self._which(key)}{who}"

    def _which(self, key: str) -> str:
        """Return what tells a card from another one with the same title."""
        twins = [other for other, title in self.planned.titles.items() if title == self.planned.titles[key]]
        step = self.planned.plan.change.by_key[key]
        if len(twins) == 1:
            return ""
        if step.activates:
            return f" (puts {' '.join(self.letters[load] for load in sorted(step.activates, key=self.first.index))} into use)"
        held = {twin: self._names(twin) for twin in twins}
        every = sorted({name for names in held.values() for name in names})
        apart = [name for name in every if not all(name in names for names in held.values())]
        has = [name for name in apart if name in held[key]]
        lacks = [name for name in apart if name not in held[key]]
        said = [f"has {listed(has)}"] * bool(has) + [f"lacks {listed(lacks)}"] * bool(lacks)
        return f" (it {' and '.join(said)})" if said else ""

    def _names(self, key: str) -> set[str]:
        credential = self.planned.plan.change.by_key[key].credential
        return set(presented_names(credential.leaf).dns) if credential is not None else set()

    def labels(self, order: Sequence[str]) -> tuple[str, ...]:
        """Return the cards of an order, numbered."""
        return tuple(f"{number}. {self.label(key)}" for number, key in enumerate(order, 1))

    def moved(self, order: Sequence[str], key: str, to: int) -> tuple[str, ...]:
        """Return an order with one card at another place; beyond the ends means at the end."""
        rest = [other for other in order if other != key]
        place = max(0, min(to, len(rest)))
        return (*rest[:place], key, *rest[place:])

    def lettered(self, order: Sequence[str]) -> str:
        """Return an order as letters: `C A B`."""
        return " ".join(self.letters[key] for key in order)

    def order_of(self, letters: str) -> tuple[str, ...]:
        """Return the order of letters such as `C A B`.

        Raises:
            InputError: a letter is missing, unknown or there twice.
        """
        keys = {letter: key for key, letter in self.letters.items()}
        given = letters.replace(",", " ").upper().split()
        if sorted(given) != sorted(keys):
            raise InputError(f"give each of the letters {' '.join(sorted(keys, key=_LETTERS.index))} once")
        return tuple(keys[letter] for letter in given)

    def objections(self, order: Sequence[str]) -> tuple[str, ...]:
        """Return why nobody can do it in this order; empty if one can."""
        said = (
            f"{self.letters[p.first]} comes before {self.letters[p.then]}: {self.planned.names.machines_in_text(p.why)}"
            for p in obstacles(self.planned.plan.change, order)
        )
        return tuple(dict.fromkeys(said))

    def points(self, played: PlayedOrder) -> Points:
        """Return how good an order is."""
        return points_of(played, self.best)

    def verdict(self, played: PlayedOrder) -> str:
        """Return the verdict on an order in one sentence, with its points."""
        count, points = len(played.refused), self.points(played).points
        if not count:
            said = "✔ No connection is refused on the way."
        else:
            are = "is" if count == 1 else "are"
            said = f"✘ {count} of {counted(played.connections, 'connection')} {are} refused on the way."
        return f"{said} {points} of 100 points."

    def compared(self, played: PlayedOrder) -> list[tuple[str, str, str]]:
        """Return (what is compared, this order, the best one)."""
        figures = (
            ("refused connections", lambda p: len(p.refused)),
            ("connection-minutes lost", lambda p: round(p.lost_minutes)),
            ("restarts", lambda p: p.restarts),
            ("hand-overs between teams", lambda p: p.hand_overs),
        )
        return [(what, str(figure(played)), str(figure(self.best))) for what, figure in figures]

    def states(self, played: PlayedOrder) -> list[CardState]:
        """Return the state after each card."""
        found = []
        for key, state in zip(played.order, self.planned.states(played), strict=True):
            refused = f"✘ {state.refused} of {state.of} refused" if state.refused else "✔ none refused"
            cut = f" The restart cuts {counted(state.cut, 'connection')} for minutes: announced." if state.cut else ""
            why = (" ".join(state.says) + cut).strip()
            card = f"{state.number}. {self.label(key)}"
            found.append(CardState(card=card, connections=refused, why=why, share=state.refused / max(1, state.of)))
        return found

    @property
    def legend(self) -> str:
        """What the short names mean."""
        return self.planned.names.legend().replace("\u00a0", " ")

    def told(self, order: Sequence[str]) -> tuple[str, ...]:
        """Return what an order does, in lines."""
        objections = self.objections(order)
        if objections:
            return ("✘ This order is not possible, so nothing is played.", *objections)
        played = self.planned.play(order)
        lines = [self.verdict(played), *self.points(played).says]
        lines += [f"{what}: {yours} (best: {best})" for what, yours, best in self.compared(played)]
        lines += [f"{s.card}. {s.connections}{f'. {s.why}' if s.why else ''}" for s in self.states(played)]
        return (*lines, *([self.legend] if self.legend else []))
