"""A rehearsal for notebooks and scripts: in an event loop and a thread of its own, and the caller waits for the result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from anyio.from_thread import start_blocking_portal

from pkikit.planning.plan import Plan
from simulator.rehearsal import rehearse as asynchronous
from simulator.rehearsal.rehearse import SETTINGS, Listener
from simulator.rehearsal.results import Rehearsal, RehearsedState
from simulator.rehearsal.sabotage import Sabotage
from simulator.settings import LabSettings


def rehearse(
    plan: Plan,
    sabotage: Sabotage | None = None,
    *,
    dates: Sequence[datetime] = (),
    settings: LabSettings = SETTINGS,
    found: Callable[[RehearsedState], None] = lambda state: None,
) -> Rehearsal:
    """Rehearse a plan in a lab, and return when it is done.

    Args:
        plan: the plan.
        sabotage: what is done otherwise.
        dates: when each step of the order is complete; by default as soon as the steps allow it.
        settings: of the lab.
        found: is called in the lab's thread with each state, once its connections were dialled.

    Returns:
        What was found.

    Raises:
        InputError: the sabotage does not fit the plan, or the settings contradict each other after a step.
        LabError: the lab cannot start.
    """
    run = partial(asynchronous.rehearse, plan, sabotage, dates=dates, settings=settings, listener=Listener(found=found))
    with start_blocking_portal() as portal:
        return portal.call(run)
