"""A planned change with its steps in words: any order of them, state by state, and why one step comes before others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from pkikit.errors import InputError
from pkikit.planning.plan import Plan, Prediction, Refusal
from pkikit.planning.planner.played_order import PlayedOrder, play
from pkikit.planning.predictions import SETTINGS, Oracle, naive_order
from pkikit.planning.predictions.replayed_order import Refusals
from pkikit.runbook.finished_plan import FinishedPlan
from pkikit.runbook.plan_sentences import answer_of, mark_of
from pkikit.text import counted

_MOST_REASONS = 3
_RULES = frozenset({"primary-first", "page", "wait", "upgrade-first"})


@dataclass(frozen=True, kw_only=True)
class PlayedState:
    """The state after one step of an order, for people.

    Attributes:
        number: of the step, from 1.
        step: what was done.
        refused: how many connections are refused.
        of: how many connections there are.
        cut: how many connections the restart cut for its minutes.
        says: who begins to refuse what, and why.
    """

    number: int
    step: str
    refused: int
    of: int
    cut: int
    says: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why one step comes before another.

    Attributes:
        first: the earlier step.
        then: the later one.
        because: what is refused otherwise, or how the page works.
    """

    first: str
    then: str
    because: str


class PlayedChange:
    """A change with its plan, and its steps in words."""

    def __init__(self, finished: FinishedPlan) -> None:
        """Keep a plan.

        Args:
            finished: the plan with its runbook.
        """
        self.finished = finished
        self.names = finished.runbook.contents.names
        self.titles = {made.words.key: made.words.title for made in finished.runbook.contents.steps}

    @property
    def plan(self) -> Plan:
        """The plan."""
        return self.finished.plan

    @cached_property
    def best(self) -> PlayedOrder:
        """The order of the plan."""
        return self.play(self.plan.order)

    @cached_property
    def usual(self) -> PlayedOrder:
        """The usual order: certificates first."""
        return self.play(naive_order(self.plan.change))

    def play(self, order: Sequence[str]) -> PlayedOrder:
        """Return what an order does.

        Args:
            order: the keys of all steps.

        Returns:
            The order with the state after each step.

        Raises:
            InputError: nobody can do the steps in this order.
        """
        return play(self.plan.change, order, self.finished.verdicts)

    def states(self, played: PlayedOrder) -> tuple[PlayedState, ...]:
        """Return the states of an order for people: what begins to be refused is explained, what still is, is counted.

        Args:
            played: the order.

        Returns:
            One for each step.
        """
        found, before = [], frozenset[str]()
        for number, (key, state) in enumerate(zip(played.order, played.predictions[1:], strict=True), 1):
            new = [refusal for refusal in state.refused if refusal.leg not in before]
            found.append(
                PlayedState(
                    number=number,
                    step=self.titles[key],
                    refused=len(state.refused),
                    of=len(state.legs),
                    cut=len(state.down_during),
                    says=self._explained(new, state),
                )
            )
            before = frozenset(refusal.leg for refusal in state.refused)
        return tuple(found)

    def _explained(self, new: Sequence[Refusal], state: Prediction) -> tuple[str, ...]:
        """Say who begins to refuse, with one connection of each machine."""
        by_machine: dict[str, list[Refusal]] = {}
        for refusal in new:
            by_machine.setdefault(refusal.refused_by, []).append(refusal)
        said = [self.refusal(found[0], more=len(found) - 1) for found in by_machine.values()]
        hidden = len(said) - _MOST_REASONS
        shown = said[:_MOST_REASONS] + ([f"{counted(hidden, 'more machine')} refuse, too."] if hidden > 0 else [])
        if not new and state.refused:
            shown = ["The same as before is refused."]
        return tuple(shown)

    def refusal(self, refusal: Refusal, more: int = 0) -> str:
        """Return a refusal as a sentence.

        Args:
            refusal: one connection.
            more: how many others the same machine refuses.

        Returns:
            `e1 refuses c1 → e1 (traversal zone) and 1 more: …`.
        """
        who = self.names.short.get(refusal.refused_by, refusal.refused_by)
        also = f" and {more} more" if more else ""
        says = self.names.machines_in_text(refusal.says).strip()
        return f"{who} refuses {self.names.connection(refusal.leg)}{also}: {says}"

    @cached_property
    def reasons(self) -> tuple[Reason, ...]:
        """Why a step of the plan comes before another: what is refused if it is still missing, or a rule of the product."""
        return (*self._seen_reasons(), *self._rules())

    def _seen_reasons(self) -> Iterator[Reason]:
        """Yield, for each step, the first later one that would begin to refuse something without it."""
        change, order = self.plan.change, self.plan.order
        oracle = Oracle(change, self.finished.verdicts)
        steps = [key for key in order if key not in change.restart_of]  # a load works from its restart on
        for place, first in enumerate(steps):
            loads = {key for key, restart in change.restart_of.items() if restart == first}
            for then in steps[place + 1 :]:
                done = frozenset(order[: order.index(then) + 1])
                says = self._refused_without(oracle, done, frozenset({first, *loads}))
                if says:
                    yield Reason(first=self.titles[first], then=self.titles[then], because=says)
                    break

    def _rules(self) -> Iterator[Reason]:
        change = self.plan.change
        for rule in change.precedences:
            if rule.rule in _RULES and change.restart_of.get(rule.first) != rule.then:
                why = self.names.machines_in_text(rule.why)
                yield Reason(first=self.titles[rule.first], then=self.titles[rule.then], because=why)

    def _refused_without(self, oracle: Oracle, done: frozenset[str], missing: frozenset[str]) -> str:
        """Return what a state refuses without some steps, as a sentence; empty if that is nothing new."""
        try:
            refused = sorted(set(oracle.refused(done - missing)) - set(oracle.refused(done)))
        except InputError:
            return ""
        if not refused or refused == [SETTINGS]:
            return ""
        return self.refusal(
            Refusals(self.plan.change, oracle.verdicts).of(refused[0], done - missing), len(refused) - 1
        )

    def __repr__(self) -> str:
        contents = self.finished.runbook.contents
        return f"{mark_of(contents)} {answer_of(contents)}"
