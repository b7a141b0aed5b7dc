"""A planned change: what an order does, why it is this one, what helps if there is none, the rehearsal, the runbook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape

import pandas as pd

from pkikit.judge.legs.known_parts import State
from pkikit.planning.planner.played_order import PlayedOrder
from pkikit.runbook.played_change import PlayedChange
from simulator.rehearsal.blocking import rehearse
from simulator.rehearsal.results import Rehearsal, RehearsedState
from simulator.rehearsal.route import Phase
from simulator.rehearsal.sabotage import Kind, Sabotage
from workbook.models.report_page import page_frame


def order_states(planned: PlayedChange, which: str = "plan") -> pd.DataFrame:
    """Return what each step of an order does. which: `plan`, or `usual` for certificates first."""
    played: PlayedOrder = planned.usual if which == "usual" else planned.best
    rows = [
        {
            "after this step": f"{state.number}. {state.step}",
            "connections": f"✘ {state.refused} of {state.of} refused" if state.refused else "✔ none refused",
            "cut by the restart": str(state.cut) if state.cut else "",
            "who refuses, and why": " ".join(state.says),
        }
        for state in planned.states(played)
    ]
    return pd.DataFrame(rows)


def why_this_order(planned: PlayedChange) -> pd.DataFrame:
    """Return why one step of the plan comes before another."""
    rows = [{"first": r.first, "then": r.then, "because otherwise": r.because} for r in planned.reasons]
    return pd.DataFrame(rows, columns=["first", "then", "because otherwise"])


def what_would_help(planned: PlayedChange) -> pd.DataFrame:
    """Return what was tried to make an order possible, if there is none."""
    say = planned.finished.runbook.contents.say
    rows = [
        {
            "option": say(tried.says),
            "result": "✔ works" if tried.works else "✘ does not help",
            "what it achieves": say(tried.achieves),
            "price": say(tried.price),
        }
        for tried in planned.plan.enabling
    ]
    return pd.DataFrame(rows, columns=["option", "result", "what it achieves", "price"])


class Rehearsed:
    """A rehearsal: each state with its prediction and what the handshakes did. `values` has all of it."""

    def __init__(self, values: Rehearsal, planned: PlayedChange) -> None:
        self.values, self._planned = values, planned

    @property
    def accepted(self) -> bool:
        """True if nothing was refused and every handshake was as predicted."""
        return self.values.accepted

    def table(self) -> pd.DataFrame:
        """Return one row for each state."""
        return pd.DataFrame([self._row(state) for state in self.values.states])

    def _row(self, state: RehearsedState) -> dict[str, str]:
        titles = self._planned.titles
        done = titles.get(state.key, state.says)
        what = "before the change" if not state.key else f"{state.number}. {done}"
        up, of = state.held
        names = self._planned.names
        refused = [state.by_id[leg] for leg in state.refused]
        why = f"{names.machines_in_text(refused[0].says)}" if refused and state.phase is Phase.AFTER else ""
        predicted = sum(found.predicted is State.UP for found in state.connections)
        return {
            "state": f"{what}, during the restart" if state.phase is Phase.DURING else what,
            "predicted up": f"{predicted} of {len(state.connections)}",
            "handshakes up": f"{state.count(State.UP)} of {len(state.connections)}",
            "kept up": f"{up} of {of}",
            "prediction": "✔ right" if not state.differences else f"✘ {len(state.differences)} differ",
            "why": why,
        }

    def __repr__(self) -> str:
        found = self.values
        refused = f"{len(found.refused)} refused" if found.refused else "none refused"
        right = (
            "every prediction was right"
            if not found.differences
            else f"{len(found.differences)} predictions were wrong"
        )
        mark = "✔" if found.accepted else "✘"
        return f"{mark} {found.handshakes} handshakes in {len(found.states)} states: {refused}, and {right}."

    def _repr_html_(self) -> str:
        return f"<p><b>{escape(repr(self))}</b></p>"


def rehearse_plan(planned: PlayedChange, *, swap: tuple[int, int] | None = None) -> Rehearsed:
    """Rehearse the plan on real handshakes in a lab of its own. swap: the numbers of two steps to exchange."""
    sabotage = Sabotage(kind=Kind.SWAP, step=swap[0], other=swap[1]) if swap else None
    return Rehearsed(rehearse(planned.plan, sabotage), planned)


def rehearse_order(planned: PlayedChange, order: Sequence[str]) -> Rehearsed:
    """Rehearse another order of the same steps on real handshakes. order: the keys of all steps."""
    played = planned.play(order)
    return Rehearsed(rehearse(replace(planned.plan, order=played.order, predictions=played.predictions)), planned)


class RunbookPage:
    """The runbook in a frame."""

    def __init__(self, planned: PlayedChange) -> None:
        self._made = planned.finished.runbook

    def __repr__(self) -> str:
        return self._made.text

    def _repr_html_(self) -> str:
        return page_frame(self._made.html, f"Runbook: {self._made.contents.title}")


def runbook_page(planned: PlayedChange) -> RunbookPage:
    """Show the runbook of the plan as its page."""
    return RunbookPage(planned)
