"""An order of the steps that somebody chose: what it refuses on the way, and how it compares with the best one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pkikit.errors import InputError
from pkikit.planning.change import Change
from pkikit.planning.plan import Prediction
from pkikit.planning.planner.preferences import minutes_of
from pkikit.planning.predictions import replay
from pkikit.planning.predictions.verdicts import Verdicts
from pkikit.planning.steps import Action, Precedence
from pkikit.text import counted

FULL, REFUSED_COSTS, SHARE_COSTS, HAND_OVER_COSTS = 100, 40, 40, 5
_BY_CHOICE = "trust-first"  # nobody is kept from doing these in another order


@dataclass(frozen=True, kw_only=True)
class PlayedOrder:
    """An order and what it does.

    Attributes:
        order: the keys of all steps.
        predictions: the state before the first step, and after each.
        lost_minutes: connection-minutes that refusals cost.
        restarts: how many steps restart a machine.
        hand_overs: how many times the work goes from one owner to another.
    """

    order: tuple[str, ...]
    predictions: tuple[Prediction, ...]
    lost_minutes: float
    restarts: int
    hand_overs: int

    @property
    def refused(self) -> tuple[str, ...]:
        """The ids of the connections that are refused in some state."""
        return tuple(dict.fromkeys(refusal.leg for state in self.predictions for refusal in state.refused))

    @property
    def connections(self) -> int:
        """How many connections the states have, at most."""
        return max(len(state.legs) for state in self.predictions)


@dataclass(frozen=True, kw_only=True)
class Points:
    """How good an order is: 0 to 100, and why in words.

    Attributes:
        points: the number.
        says: `40 points off: 3 of 28 connections are refused`; one sentence for each reason, none for the best order.
    """

    points: int
    says: tuple[str, ...]


def obstacles(change: Change, order: Sequence[str]) -> tuple[Precedence, ...]:
    """Return what makes an order impossible, whatever the certificates are.

    Args:
        change: the steps.
        order: the keys of all steps.

    Returns:
        The precedences that it breaks: those of pages, restarts and dates.

    Raises:
        InputError: the order does not have each step once.
    """
    if sorted(order) != sorted(change.by_key):
        raise InputError("an order has each step of the change once")
    place = {key: number for number, key in enumerate(order)}
    return tuple(p for p in change.precedences if p.rule != _BY_CHOICE and place[p.first] > place[p.then])


def play(change: Change, order: Sequence[str], verdicts: Verdicts | None = None) -> PlayedOrder:
    """Return what an order does.

    Args:
        change: the steps.
        order: the keys of all steps.
        verdicts: those of the same change, if somebody has judged already.

    Returns:
        The order with the state after each step.

    Raises:
        InputError: the order does not have each step once, or nobody can do it: `obstacles` says why.
    """
    broken = obstacles(change, order)
    if broken:
        raise InputError(f"nobody can do it in this order. {broken[0].why}")
    predictions = replay(change, order, verdicts)
    steps = [change.by_key[key] for key in order]
    owners = [step.owner.name for step in steps if step.action is not Action.WAIT]
    return PlayedOrder(
        order=tuple(order),
        predictions=predictions,
        lost_minutes=lost_minutes(change, order, predictions),
        restarts=sum(step.restarts for step in steps),
        hand_overs=sum(one != other for one, other in pairwise(owners)),
    )


def points_of(played: PlayedOrder, best: PlayedOrder) -> Points:
    """Return how good an order is, compared with the best one.

    Args:
        played: the order.
        best: that of the plan.

    Returns:
        100, minus 40 if it refuses more connections than the best order, minus up to 40 for their share of all connections,
        minus 5 for each hand-over more.
    """
    refused = len(played.refused) - len(best.refused)
    over = played.hand_overs - best.hand_overs
    says, lost = [], 0
    if refused > 0:
        share = round(SHARE_COSTS * refused / max(1, played.connections))
        lost += REFUSED_COSTS + share
        more = "" if not best.refused else f", {refused} more than necessary"
        are = "is" if len(played.refused) == 1 else "are"
        all_ = counted(played.connections, "connection")
        says.append(
            f"{REFUSED_COSTS + share} points off: {len(played.refused)} of {all_} {are} refused on the way{more}."
        )
    if over > 0:
        lost += HAND_OVER_COSTS * over
        says.append(
            f"{HAND_OVER_COSTS * over} points off: {counted(over, 'hand-over')} more than necessary from one team to another."
        )
    return Points(points=max(0, FULL - lost), says=tuple(says))


def lost_minutes(change: Change, order: Sequence[str], predictions: Sequence[Prediction]) -> float:
    """Return the connection-minutes that refusals cost.

    Args:
        change: the steps.
        order: the keys of all steps.
        predictions: the state before the first step, and after each.

    Returns:
        The sum over all states: each lasts as long as the step after it.
    """
    minutes = minutes_of(change)
    return sum(len(state.refused) * minutes[key] for state, key in zip(predictions, order, strict=False))
