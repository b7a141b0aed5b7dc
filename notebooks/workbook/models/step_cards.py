"""The steps of a change as cards: any order of them, and what it does, as a page and as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from html import escape
from itertools import product
from string import ascii_uppercase

from pkikit.errors import InputError
from pkikit.planning.planner.played_order import PlayedOrder, Points, obstacles, points_of
from pkikit.planning.predictions import naive_order
from pkikit.runbook.played_change import PlayedChange
from pkikit.text import counted
from workbook.html import PanelOutput, table

_LETTERS = (*ascii_uppercase, *("".join(pair) for pair in product(ascii_uppercase, repeat=2)))


class StepCards:
    """The cards of a change. They lie in the usual order at first, and keep their letters."""

    def __init__(self, planned: PlayedChange) -> None:
        self.planned = planned
        self.first = naive_order(planned.plan.change)
        self.letters: Mapping[str, str] = dict(zip(self.first, _LETTERS, strict=False))

    def label(self, key: str) -> str:
        """Return a card in a line: its letter, the step, and who does it if that is somebody else."""
        owner = self.planned.plan.change.by_key[key].owner
        who = "" if owner.ours else f" ({self.planned.names.machines_in_text(owner.name)})"
        return f"{self.letters[key]} · {self.planned.titles[key]}{who}"

    def labels(self, order: Sequence[str]) -> tuple[str, ...]:
        """Return the cards of an order, numbered."""
        return tuple(f"{number}. {self.label(key)}" for number, key in enumerate(order, 1))

    def moved(self, order: Sequence[str], key: str, to: int) -> tuple[str, ...]:
        """Return an order with one card at another place; beyond the ends means at the end."""
        rest = [other for other in order if other != key]
        place = max(0, min(to, len(rest)))
        return (*rest[:place], key, *rest[place:])

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

    @cached_property
    def best(self) -> PlayedOrder:
        """The order of the plan."""
        return self.planned.best

    def objections(self, order: Sequence[str]) -> tuple[str, ...]:
        """Return why nobody can do it in this order; empty if one can."""
        said = (
            f"{self.letters[p.first]} comes before {self.letters[p.then]}: {self.planned.names.machines_in_text(p.why)}"
            for p in obstacles(self.planned.plan.change, order)
        )
        return tuple(dict.fromkeys(said))

    def points(self, order: Sequence[str]) -> Points:
        """Return how good an order is."""
        return points_of(self.planned.play(order), self.best)

    def played(self, order: Sequence[str]) -> PanelOutput:
        """Return what an order does, state by state, and how it compares with the best one."""
        objections = self.objections(order)
        if objections:
            says = "This order is not possible, so nothing is played."
            items = "".join(f"<li>{escape(line)}</li>" for line in objections)
            return PanelOutput(
                html=f"<p><b>✘ {says}</b></p><ul>{items}</ul>", text="\n".join([f"✘ {says}", *objections])
            )
        played = self.planned.play(order)
        points = points_of(played, self.best)
        verdict = self.verdict(played, points)
        compared, rows = self._compared(played), self._rows(played)
        legend = self.planned.names.legend().replace("\u00a0", " ")
        html = (
            f"<p><b>{escape(verdict)}</b></p>"
            + "".join(f"<p>{escape(line)}</p>" for line in points.says)
            + table(("", "your order", "best order"), compared)
            + _bars(rows)
            + (f"<p><small>{escape(legend)}</small></p>" if legend else "")
        )
        lines = [verdict, *points.says, *(f"{what}: {yours} (best: {best})" for what, yours, best in compared)]
        lines += [f"{after}. {state}{f' {why}' if why else ''}" for after, state, why, _ in rows]
        return PanelOutput(html=html, text="\n".join([*lines, *([legend] if legend else [])]))

    def verdict(self, played: PlayedOrder, points: Points) -> str:
        """Return the verdict on an order in one sentence, with its points."""
        count = len(played.refused)
        if not count:
            said = "✔ No connection is refused on the way."
        else:
            said = f"✘ {count} of {counted(played.connections, 'connection')} {'is' if count == 1 else 'are'} refused on the way."
        return f"{said} {points.points} of 100 points."

    def _compared(self, played: PlayedOrder) -> list[tuple[str, str, str]]:
        figures = (
            ("refused connections", lambda p: len(p.refused)),
            ("connection-minutes lost", lambda p: round(p.lost_minutes)),
            ("restarts", lambda p: p.restarts),
            ("hand-overs between teams", lambda p: p.hand_overs),
        )
        return [(what, str(figure(played)), str(figure(self.best))) for what, figure in figures]

    def _rows(self, played: PlayedOrder) -> list[tuple[str, str, str, float]]:
        """Return (step, state, who refuses and why, share of refused connections) after each step."""
        rows = []
        for key, state in zip(played.order, self.planned.states(played), strict=True):
            refused = f"✘ {state.refused} of {state.of} refused" if state.refused else "✔ none refused"
            cut = f" The restart cuts {counted(state.cut, 'connection')} for minutes: announced." if state.cut else ""
            why = " ".join(state.says) + cut
            rows.append((f"{state.number}. {self.label(key)}", refused, why.strip(), state.refused / max(1, state.of)))
        return rows


def _bars(rows: Sequence[tuple[str, str, str, float]]) -> str:
    """Return the states as a table, with a bar for the share of refused connections."""
    body = "".join(
        f"<tr><td>{escape(after)}</td><td>{escape(state)}<br>"
        f'<span class="bar" aria-hidden="true"><span style="width:{round(100 * share)}%"></span></span></td>'
        f"<td>{escape(why)}</td></tr>"
        for after, state, why, share in rows
    )
    heads = "".join(
        f'<th scope="col">{head}</th>' for head in ("after this step", "connections", "who refuses, and why")
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
