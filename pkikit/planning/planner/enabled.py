"""A plan without an order, with what would make one possible."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pkikit.planning.change import Change
from pkikit.planning.enabling.more_restarts import with_more_restarts
from pkikit.planning.enabling.option import Trial
from pkikit.planning.enabling.trying import try_all
from pkikit.planning.plan import Plan
from pkikit.planning.planner.making import make_plan
from pkikit.text import counted


def trial_of(change: Change) -> Trial:
    """Order a change.

    Args:
        change: the steps.

    Returns:
        How well it can be ordered.
    """
    return _trial(make_plan(change))


def _trial(plan: Plan) -> Trial:
    return Trial(
        works=plan.order_exists,
        refused_legs=plan.refused_legs,
        clashes=plan.clashes,
        lost_minutes=plan.lost_minutes,
        proven=plan.proven,
    )


def with_enabling(plan: Plan, progress: Callable[[str], None] = lambda kind: None) -> Plan:
    """Return a plan with what would make an order possible.

    Args:
        plan: as `make_plan` made it.
        progress: hears what is tried.

    Returns:
        The same plan if it has an order. If more restarts are enough, the plan with them: they cost no verification. Otherwise
        the plan with all that was tried, what works first.
    """
    if plan.order_exists:
        return plan
    trial = _trial(plan)
    progress("more-restarts")
    split = with_more_restarts(plan.change, trial, trial_of)
    if split is not None and split[1].works:
        made = make_plan(split[0])
        extra = len(split[0].steps) - len(plan.change.steps)
        note = f"With one restart of each machine no order exists, so the plan has {counted(extra, 'more restart')}."
        return replace(made, notes=(*made.notes, note))
    attempts = try_all(plan.change, trial, trial_of, progress)
    return replace(plan, enabling=tuple(attempt.enabling for attempt in attempts))
