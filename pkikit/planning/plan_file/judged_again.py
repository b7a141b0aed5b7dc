"""Every state of an order judged by itself, connection by connection."""

from __future__ import annotations

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
    states = [frozenset(order[:n]) for n in range(len(order) + 1)]
    before = {v.leg.id for v in judge_as_known(change.world(states[0]), change.at) if v.state is State.DOWN}
    return tuple(_prediction(change, done, before) for done in states)


def _prediction(change: Change, done: Done, before: set[str]) -> Prediction:
    world = change.world(done)
    verdicts = judge_as_known(world, change.time(done))
    legs = {verdict.leg.id: verdict.state for verdict in verdicts}
    return Prediction(
        done=done,
        legs=legs,
        services=service_states(services_of(world.deployment, [v.leg for v in verdicts]), legs),
        refused=tuple(_refusal(v) for v in verdicts if v.state is State.DOWN and v.leg.id not in before),
    )


def _refusal(verdict: LegVerdict) -> Refusal:
    by = verdict.leg.client if verdict.rejected_by is Side.CLIENT else verdict.leg.server
    says = verdict.findings[0].message if verdict.findings else ""
    return Refusal(leg=verdict.leg.id, refused_by=by, causes=verdict.causes, says=says)
