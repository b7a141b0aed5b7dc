"""Every state of an order judged by itself, connection by connection."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache

from pkikit.design.services import services_of
from pkikit.judge.legs.known_parts import State
from pkikit.judge.legs.known_verdict import judge_as_known
from pkikit.judge.legs.leg_verdict import LegVerdict
from pkikit.judge.legs.service_state import service_states
from pkikit.model.trace import Side
from pkikit.planning.change import Change, Done
from pkikit.planning.plan import Prediction, Refusal


def predictions_of(change: Change, order: tuple[str, ...]) -> tuple[Prediction, ...]:
    """Return what each connection and service does before the first step and after each.

    Args:
        change: the steps.
        order: their keys, in their order.

    Returns:
        One prediction more than steps.
    """
    judge = judge_of_change(change)
    states = [frozenset(order[:n]) for n in range(len(order) + 1)]
    return tuple(judge(done, change.time(done)) for done in states)


def judge_of_change(change: Change) -> Callable[[Done, datetime], Prediction]:
    """Return what judges the states of a change at a time."""
    before = {v.leg.id for v in judge_as_known(change.world(frozenset()), change.at) if v.state is State.DOWN}

    @cache
    def judge(done: Done, at: datetime) -> Prediction:
        world = change.world(done)
        verdicts = judge_as_known(world, at)
        legs = {verdict.leg.id: verdict.state for verdict in verdicts}
        return Prediction(
            done=done,
            legs=legs,
            services=service_states(services_of(world.deployment, [v.leg for v in verdicts]), legs),
            refused=tuple(_refusal(v) for v in verdicts if v.state is State.DOWN and v.leg.id not in before),
        )

    return judge


def _refusal(verdict: LegVerdict) -> Refusal:
    by = verdict.leg.client if verdict.rejected_by is Side.CLIENT else verdict.leg.server
    says = verdict.findings[0].message if verdict.findings else ""
    return Refusal(leg=verdict.leg.id, refused_by=by, causes=verdict.causes, says=says)
