"""What a rehearsal does otherwise than the plan: two steps exchanged, a machine that dies, all steps undone."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from pkikit.errors import InputError
from pkikit.planning.change import Change
from pkikit.planning.plan import Plan
from pkikit.planning.steps import Action


class Kind(enum.StrEnum):
    """The kinds of sabotage."""

    SWAP = "swap"
    KILL = "kill-after"
    ROLL_BACK = "roll-back"


@dataclass(frozen=True, kw_only=True)
class Sabotage:
    """One deviation from a plan.

    kind: what is done otherwise. step: the number of a step in the plan's order, from 1. other: the second step of a swap.
    """

    kind: Kind
    step: int
    other: int = 0

    def check(self, plan: Plan) -> None:
        """Return if this can be done with a plan.

        Raises:
            InputError: the plan does not have these steps, or a page does not allow their order.
        """
        numbers = [self.step, self.other] if self.kind is Kind.SWAP else [self.step]
        for number in numbers:
            if not 1 <= number <= len(plan.order):
                has = f"steps 1 to {len(plan.order)}" if plan.order else "no steps"
                raise InputError(f"{self.kind} {number}: the plan has {has}")
        if self.kind is Kind.SWAP:
            if self.step == self.other:
                raise InputError(f"swap {self.step},{self.other}: give the numbers of two different steps")
            require_possible(plan.change, self.order(plan))
        elif self.kind is Kind.KILL and not machine_under_work(plan, self.step):
            raise InputError(f"{self.kind} {self.step}: nobody works on a machine in steps 1 to {self.step}")

    def order(self, plan: Plan) -> tuple[str, ...]:
        """Return the keys of the plan's steps in the order in which they are done."""
        order = list(plan.order)
        if self.kind is Kind.SWAP:
            one, other = self.step - 1, self.other - 1
            order[one], order[other] = order[other], order[one]
        return tuple(order)

    def __str__(self) -> str:
        """In words: `steps 3 and 7 exchanged`."""
        match self.kind:
            case Kind.SWAP:
                return f"steps {self.step} and {self.other} exchanged"
            case Kind.KILL:
                return f"a machine loses power after step {self.step}"
            case Kind.ROLL_BACK:
                return f"rolled back after step {self.step}"


# Orders that no machine can follow. The rest is advice, and a rehearsal shows what happens without it.
_IMPOSSIBLE = frozenset({"page", "upgrade-first"})


def require_possible(change: Change, order: tuple[str, ...]) -> None:
    """Return if the pages of the machines allow an order.

    Raises:
        InputError: a step comes before another one that has to be complete before it.
    """
    place = {key: number for number, key in enumerate(order, start=1)}
    for rule in change.precedences:
        if rule.rule in _IMPOSSIBLE and place[rule.first] > place[rule.then]:
            raise InputError(
                f"step {place[rule.then]} ({rule.then}) cannot be done before step {place[rule.first]} ({rule.first}): "
                f"{rule.why}"
            )
    for key, restart in change.restart_of.items():
        if place[key] > place[restart]:
            raise InputError(
                f"step {place[restart]} ({restart}) cannot be done before step {place[key]} ({key}): the restart puts into "
                "effect what is loaded before it"
            )


def ignored_advice(change: Change, order: tuple[str, ...]) -> tuple[str, ...]:
    """Return the reasons of the orders that hold for this change and that an order of its steps does not follow."""
    place = {key: number for number, key in enumerate(order)}
    return tuple(dict.fromkeys(rule.why for rule in change.precedences if place[rule.first] > place[rule.then]))


def machine_under_work(plan: Plan, number: int) -> str:
    """Return the machine that step `number` is done on, or the step before it; of a cluster, its primary.

    An upgrade is done on all Expressways; it is the first one of them.

    Returns:
        The FQDN before the change; empty if none of these steps is done on a machine.
    """
    deployment = plan.change.today.deployment
    primaries = {cluster.name: cluster.peers[0] for cluster in deployment.clusters}
    for step in reversed(plan.steps[:number]):
        if step.machine in primaries:
            return primaries[step.machine]
        if step.machine in plan.change.today.parties:
            return step.machine
        if step.action is Action.UPGRADE and deployment.peers:
            return deployment.peers[0]
    return ""
