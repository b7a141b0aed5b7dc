"""The states that a rehearsal passes through, as values: what is done, what is loaded and not in use, who is down."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pkikit.planning.change import Change, Done, renames_of
from pkikit.planning.plan import Plan
from pkikit.planning.steps import Action, Step
from simulator.rehearsal.sabotage import Kind, Sabotage, machine_under_work

NOTHING: Done = frozenset()


class Phase(enum.StrEnum):
    """When a state is dialled."""

    BEFORE = "before"  # before the first step
    DURING = "during"  # a machine restarts and does not answer
    AFTER = "after"  # a step is complete
    LATER = "later"  # the next step is about to begin, and meanwhile something has expired or become valid
    OFF = "off"  # a machine has lost power
    BACK = "back"  # it runs again
    UNDONE = "undone"  # a step is undone


@dataclass(frozen=True, kw_only=True)
class Stop:
    """One state to dial.

    number: of the step in the order that is followed, from 1; 0 before the first one. key: of that step.
    phase: where in the step. undo: the step is undone.
    done: the steps that are complete. in_effect: those of them that count: what is loaded counts after a restart.
    off: the machine that does not answer; empty if all do.
    restarts: the machine that starts again on the way to this state.
    position: the number of steps that are complete, if this is a state of the plan's own order; else -1.
    at: when it is dialled; None for the earliest time that the steps allow.
    """

    number: int
    key: str
    phase: Phase
    done: Done
    in_effect: Done
    undo: bool = False
    off: str = ""
    restarts: str = ""
    position: int = -1
    at: datetime | None = None

    def time(self, change: Change) -> datetime:
        """Return when it is dialled."""
        return self.at or change.time(self.done)


def route_of(plan: Plan, sabotage: Sabotage | None = None) -> tuple[Stop, ...]:
    """Return the states of a rehearsal in their order.

    Args:
        plan: the plan.
        sabotage: what is done otherwise.

    Returns:
        The first is the state before any step. Each restart adds one in which its machine does not answer.
    """
    order = plan.order if sabotage is None else sabotage.order(plan)
    kind = sabotage.kind if sabotage is not None else None
    last = sabotage.step if sabotage is not None and kind in {Kind.KILL, Kind.ROLL_BACK} else len(order)
    as_planned = kind is not Kind.SWAP
    stops = list(_forward(plan.change, order[:last], as_planned=as_planned))
    if kind is Kind.KILL:
        stops += _killed(plan, stops[-1], machine_under_work(plan, last))
    elif kind is Kind.ROLL_BACK:
        stops += back_from(plan.change, order[:last])
    return tuple(stops)


def with_dates(change: Change, route: Sequence[Stop], dates: Sequence[datetime]) -> tuple[Stop, ...]:
    """Return the states with the times at which they are dialled. Time does not run backwards, also when steps are undone.

    Args:
        change: the steps.
        route: the states.
        dates: when each step of the order is complete; empty to do all as soon as the steps allow it.

    Returns:
        The states.
    """
    now, found = change.at, []
    for stop in route:
        date = dates[stop.number - 1] if dates and stop.number and not stop.undo else now
        now = max(now, change.time(stop.done), date)
        found.append(replace(stop, at=now))
    return tuple(found)


def _forward(change: Change, order: tuple[str, ...], *, as_planned: bool) -> Iterator[Stop]:
    before = Stop(number=0, key="", phase=Phase.BEFORE, done=NOTHING, in_effect=NOTHING, position=0)
    yield before
    for number, key in enumerate(order, start=1):
        done, machines = before.done | {key}, _restarted(change, change.by_key[key], before.in_effect)
        for machine in machines:
            yield Stop(
                number=number,
                key=key,
                phase=Phase.DURING,
                done=before.done,
                in_effect=before.in_effect,
                off=machine,
                position=number if as_planned else -1,
            )
        before = Stop(
            number=number,
            key=key,
            phase=Phase.AFTER,
            done=done,
            in_effect=frozenset(step.key for step in change.in_effect(done)),
            restarts=machines[-1] if machines else "",
            position=number if as_planned else -1,
        )
        yield before


def _restarted(change: Change, step: Step, in_effect: Done) -> tuple[str, ...]:
    """Return the machines that a step restarts, one after the other; an upgrade restarts all Expressways."""
    if step.action is Action.RESTART:
        return (name_now(change, step.machine, in_effect),)
    return change.deployment(in_effect).peers if step.action is Action.UPGRADE else ()


def name_now(change: Change, machine: str, in_effect: Done) -> str:
    """Return the name of a machine after some steps; `machine` is its name before the change."""
    return renames_of(change.by_key[key] for key in in_effect).get(machine, machine)


def _killed(plan: Plan, last: Stop, machine: str) -> Iterator[Stop]:
    """Yield the states after a machine lost power: it is off, then it is back and uses everything that was loaded."""
    change = plan.change
    restarts = {key: change.restart_of[key] for key in last.done - last.in_effect if key in change.restart_of}
    used = {key for pair in restarts.items() if change.by_key[pair[1]].machine == machine for key in pair}
    machine = name_now(change, machine, last.in_effect)
    for phase in (Phase.OFF, Phase.BACK):
        back = phase is Phase.BACK
        yield Stop(
            number=last.number,
            key=last.key,
            phase=phase,
            done=last.done,
            in_effect=last.in_effect | used if back else last.in_effect,
            off="" if back else machine,
            restarts=machine if back else "",
        )


def back_from(change: Change, order: tuple[str, ...]) -> Iterator[Stop]:
    """Yield the states in which these steps are undone, the last one first.

    A restart cannot be undone, so it is passed over. The old certificate is loaded in place of the new one when the load is
    undone, and its machine restarts once the last of the certificates that started together is loaded. Waits stay, and so does
    an upgrade (ours: what it takes to return to the old version is no step).
    """
    undone: set[str] = set()
    kept = {key for key in order if change.by_key[key].action in {Action.WAIT, Action.UPGRADE}}
    in_effect = frozenset(step.key for step in change.in_effect(frozenset(order)))
    for number in range(len(order), 0, -1):
        key = order[number - 1]
        if key in kept or change.by_key[key].action is Action.RESTART:
            continue
        undone.add(key)
        restart, gone, machine = change.restart_of.get(key), {key}, ""
        if restart in in_effect:
            together = set(change.by_key[restart].activates) & set(order)
            complete = together <= undone
            gone = {restart, *together} if complete else set()
            machine = name_now(change, change.by_key[restart].machine, in_effect) if complete else ""
        done = frozenset(order) - undone
        if machine:
            yield Stop(
                number=number,
                key=key,
                phase=Phase.DURING,
                undo=True,
                done=done,
                in_effect=in_effect,
                off=machine,
            )
        in_effect -= gone
        yield Stop(
            number=number, key=key, phase=Phase.UNDONE, undo=True, done=done, in_effect=in_effect, restarts=machine
        )
