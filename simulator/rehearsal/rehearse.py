"""Rehearses a plan on real handshakes: today's machines with held connections, step by step, every connection dialled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pkikit.planning.plan import Plan
from pkikit.planning.steps import Action
from simulator.clock import Clock
from simulator.lab.lab import Lab
from simulator.lab.running_lab import RunningLab
from simulator.rehearsal.forecast import Forecasts
from simulator.rehearsal.live import LiveRehearsal
from simulator.rehearsal.performing import is_pending, load
from simulator.rehearsal.rehearsal_words import words_for
from simulator.rehearsal.results import Rehearsal, RehearsedState
from simulator.rehearsal.route import Phase, Stop, route_of, with_dates
from simulator.rehearsal.sabotage import Kind, Sabotage, ignored_advice
from simulator.settings import LabSettings

# Elliptic keys for what the lab makes itself. Nobody watches the pages. Packets to a machine without power are lost at once.
SETTINGS = LabSettings(rsa=False, pages=False, unanswered=0.05)


@dataclass(frozen=True, kw_only=True)
class Listener:
    """Who follows a rehearsal.

    begins: is called with the route, before the lab starts. enters: before something is done for a state.
    found: after its connections were dialled.
    """

    begins: Callable[[Sequence[Stop]], None] = lambda route: None
    enters: Callable[[Stop], None] = lambda stop: None
    found: Callable[[RehearsedState], None] = lambda state: None


async def rehearse(
    plan: Plan,
    sabotage: Sabotage | None = None,
    *,
    dates: Sequence[datetime] = (),
    identity: str = "",
    earlier: Sequence[RehearsedState] = (),
    settings: LabSettings = SETTINGS,
    listener: Listener | None = None,
) -> Rehearsal:
    """Rehearse a plan in a lab.

    Args:
        plan: the plan.
        sabotage: what is done otherwise.
        dates: when each step of the order is complete; by default as soon as the steps allow it.
        identity: the SHA-256 that identifies the plan; it becomes part of the result.
        earlier: the states that an interrupted rehearsal of the same plan dialled; this one continues after them.
        settings: of the lab.
        listener: follows the rehearsal.

    Returns:
        What was found.

    Raises:
        InputError: the sabotage does not fit the plan, or the settings contradict each other after a step.
        LabError: the lab cannot start.
    """
    if sabotage is not None:
        sabotage.check(plan)
    listener, forecasts = listener or Listener(), Forecasts(plan)
    route = with_dates(plan.change, route_of(plan, sabotage), dates)
    forecasts.require_possible(route)
    route = forecasts.with_waits(route)
    listener.begins(route)
    states = list(earlier)[: len(route)]
    if len(states) < len(route):
        async with _lab(plan, route[: max(len(states), 1)], forecasts, settings) as lab:
            await lab.hold()
            await _load_again(lab, plan, forecasts, route[: len(states)])
            live = LiveRehearsal(lab, plan, forecasts, words_for(plan), whole=not states)
            for stop in route[len(states) :]:
                listener.enters(stop)
                states.append(await live.reach(stop, first=not states))
                listener.found(states[-1])
    return Rehearsal(
        deployment=plan.change.today.deployment.name,
        goal=plan.change.goal,
        plan=identity,
        steps=len(plan.order),
        sabotage=sabotage,
        states=tuple(states),
        continued=len(earlier),
        notes=tuple(dict.fromkeys((*plan.notes, *_notes(plan, sabotage, states)))),
        no_way_back=_no_way_back(plan, sabotage, forecasts),
    )


def _lab(plan: Plan, passed: Sequence[Stop], forecasts: Forecasts, settings: LabSettings) -> Lab:
    """Return a lab in the last of the states that were passed, at the latest of their times."""
    world = forecasts.world(passed[-1])
    clock = Clock.set_to(passed[-1].time(plan.change))
    return Lab(world.deployment, settings=settings, clock=clock, prepare=lambda _: world)


async def _load_again(lab: RunningLab, plan: Plan, forecasts: Forecasts, passed: Sequence[Stop]) -> None:
    """Load what earlier states loaded and no restart has put into effect yet."""
    for stop in passed:
        step = plan.change.by_key.get(stop.key)
        now = replace(passed[-1], undo=stop.undo)
        still = stop.key not in now.in_effect if not stop.undo else stop.key in now.in_effect
        if (
            step is not None
            and stop.phase in {Phase.AFTER, Phase.UNDONE}
            and still
            and is_pending(plan.change, stop, step)
        ):
            await load(lab, plan.change, forecasts, now, step)


def _notes(plan: Plan, sabotage: Sabotage | None, states: Sequence[RehearsedState]) -> Iterator[str]:
    if sabotage is None:
        if not plan.order_exists and plan.reason:
            yield plan.reason
        return
    if sabotage.kind is Kind.SWAP:
        yield from ignored_advice(plan.change, sabotage.order(plan))
    elif sabotage.kind is Kind.ROLL_BACK:
        kept = {Action.UPGRADE: "The upgrade", Action.WAIT: "A wait"}
        for action in dict.fromkeys(step.action for step in plan.steps[: sabotage.step] if step.action in kept):
            yield f"{kept[action]} is not undone."
    elif states and states[-1].phase is Phase.BACK:
        yield _what_next(sabotage, states[-1], len(plan.order))


def _what_next(sabotage: Sabotage, back: RehearsedState, steps: int) -> str:
    """Return what to do after a machine lost power, in one sentence."""
    if back.refused:
        return (
            f"Before you go on, undo step {sabotage.step} or do the steps that the refused connections wait for: the machine "
            "uses a certificate that not everybody accepts yet."
        )
    rest = f"continue with step {sabotage.step + 1}" if sabotage.step < steps else "the change is complete"
    return f"Once the machine answers again, {rest}; what was loaded before is in use, and lists are as they were."


def _no_way_back(plan: Plan, sabotage: Sabotage | None, forecasts: Forecasts) -> int:
    """Return the first step after which undoing everything refuses connections; 0 if there is none up to that step."""
    if sabotage is None or sabotage.kind is not Kind.ROLL_BACK:
        return 0
    return forecasts.first_without_way_back(plan.order[: sabotage.step])
