"""A plan with dates: in the order of its dates, and judged at them.

Certificates end while people wait, so each state is judged when it begins and just before the next one. What ends on the way is
a refusal like any other: the plan then says that no order without refusals is known for these dates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cryptography import x509

from pkikit.model.world import World
from pkikit.planning.change import Change, Done
from pkikit.planning.plan import Plan, Prediction, Refusal
from pkikit.planning.schedule.scheduled_step import ScheduledStep
from pkikit.planning.schedule.step_dates import Calendar, Terms
from pkikit.text import counted

Judge = Callable[[Done, datetime], Prediction]
_SECOND = timedelta(seconds=1)
_MOST_ORDERS = 2_000


@dataclass(frozen=True, kw_only=True)
class DatedPlan:
    """A plan and its dates.

    Attributes:
        plan: its order is that of the dates. Its predictions and its answer are those at the dates.
        steps: the dates, in that order.
        notes: what ends or is not valid yet on the way, in sentences. The plan has them in its notes too.
    """

    plan: Plan
    steps: tuple[ScheduledStep, ...]
    notes: tuple[str, ...] = ()


def dated_plan(plan: Plan, judge: Judge, terms: Terms) -> DatedPlan:
    """Return a plan with the dates of its steps.

    While others take their time, later steps of ours are done first where no state on the way refuses a connection. The order
    that results is checked state by state, at the dates.

    Args:
        plan: the plan, whose order is valid.
        judge: returns what is predicted after these steps at a time; it remembers what it judged.
        terms: when work is possible.

    Returns:
        The plan with dates.

    Raises:
        InputError: a window is too short for a step.
    """
    calendar = _calendar(plan, judge, terms)
    order = tuple(step.key for step in calendar.steps)
    plan = plan if order == plan.order else replace(plan, order=order, predictions=_predictions(plan, judge, order))
    return _judged(plan, calendar.steps, judge)


def _predictions(plan: Plan, judge: Judge, order: Sequence[str]) -> tuple[Prediction, ...]:
    states = (frozenset(order[:n]) for n in range(len(order) + 1))
    return tuple(judge(done, plan.change.time(done)) for done in states)


def _calendar(plan: Plan, judge: Judge, terms: Terms) -> Calendar:
    """Return the dates: in the plan's order, except that steps which are possible earlier come first."""
    left = list(plan.order)
    calendar = Calendar(change=plan.change, terms=terms)
    fine = _Fine(plan.change, judge) if plan.order_exists else None
    while left:
        first = calendar.dated(left[0])
        earlier = (key for key in left[1:] if fine is not None and calendar.dated(key).ends < first.ends)
        done = frozenset(s.key for s in calendar.steps)
        sooner = next((key for key in earlier if fine is not None and fine.first(key, done, left)), left[0])
        calendar = calendar.with_step(sooner)
        left.remove(sooner)
    return calendar


class _Fine:
    """Knows whether a step may be done before those that come before it in the plan."""

    def __init__(self, change: Change, judge: Judge) -> None:
        self._change, self._judge = change, judge
        self._known: dict[Done, bool] = {}

    def first(self, key: str, done: Done, left: Sequence[str]) -> bool:
        """Return True if no state refuses a connection when this step comes next, and then the others in their order."""
        after = {p.first for p in self._change.precedences if p.then == key}
        if not after <= done or not set(self._change.by_key[key].activates) <= done:
            return False
        order = [key, *(other for other in left if other != key)]
        states = [done | frozenset(order[:n]) for n in range(1, left.index(key) + 1)]
        return all(map(self._is_fine, states))

    def _is_fine(self, done: Done) -> bool:
        if done not in self._known:
            if len(self._known) >= _MOST_ORDERS:
                return False
            self._known[done] = not self._judge(done, self._change.time(done)).refused
        return self._known[done]


def _judged(plan: Plan, steps: tuple[ScheduledStep, ...], judge: Judge) -> DatedPlan:
    """Return the plan with the predictions at its dates."""
    ends = [s.ends for s in steps]
    predictions, notes, lost = [], [], plan.lost_minutes
    for number, before in enumerate(plan.predictions):
        begins = ends[number - 1] if number else plan.change.at
        until = max(begins, ends[number] - _SECOND) if number < len(ends) else begins
        known = {r.leg for r in before.refused}
        late: dict[str, Refusal] = {}
        for at in dict.fromkeys((begins, until)):
            late |= {r.leg: r for r in judge(before.done, at).refused if r.leg not in known | late.keys()}
        predictions.append(replace(before, refused=(*before.refused, *late.values())))
        if late:
            world = plan.change.world(before.done)
            notes += list(_notes(late, world, begins, until, steps[number] if number < len(steps) else None, number))
            lost += len(late) * _minutes_lost(world, begins, until)
    notes = list(dict.fromkeys(notes))
    if not notes:
        return DatedPlan(plan=replace(plan, predictions=tuple(predictions)), steps=steps)
    plan = replace(
        plan,
        predictions=tuple(predictions),
        order_exists=False,
        proven=False,
        reason=plan.reason or f"{notes[0]} Begin earlier, or shorten what the plan waits for.",
        lost_minutes=lost,
        notes=(*plan.notes, *notes),
    )
    return DatedPlan(plan=plan, steps=steps, notes=tuple(notes))


def _notes(
    late: dict[str, Refusal], world: World, begins: datetime, until: datetime, waits: ScheduledStep | None, number: int
) -> Iterator[str]:
    """Yield a sentence for each certificate that ends, or is not valid yet, while this state lasts."""
    cut = f"{counted(len(late), 'connection')} {'is' if len(late) == 1 else 'are'} then refused"
    when = f"before step {number + 1} on {_day(waits.ends)}" if waits is not None else f"after the last step on {_day(begins)}"
    found = False
    for owner, certificate in _presented(world):
        if certificate.not_valid_after_utc < until and certificate.not_valid_after_utc >= begins - _SECOND:
            found = True
            yield f"{owner} expires on {_day(certificate.not_valid_after_utc)}, {when}: {cut}."
        elif certificate.not_valid_before_utc > begins:
            found = True
            yield f"{owner} is not valid before {_day(certificate.not_valid_before_utc)}, and is in use {when}: {cut}."
    if not found:
        first = next(iter(late.values()))
        yield f"{first.leg} is refused at the dates of this plan, {when}: {first.says}"


def _presented(world: World) -> Iterator[tuple[str, x509.Certificate]]:
    for fqdn, party in world.parties.items():
        for certificate in dict.fromkeys(c for own in party.credentials for c in own.chain):
            leaf = any(own.leaf == certificate for own in party.credentials)
            yield f"{'The certificate' if leaf else 'A CA certificate in the chain'} of {fqdn}", certificate
        for certificate in party.listed:
            yield f"A CA in the trusted CA list of {fqdn}", certificate


def _minutes_lost(world: World, begins: datetime, until: datetime) -> float:
    """Return the minutes from the first end of a certificate until the next step."""
    ends = [c.not_valid_after_utc for _, c in _presented(world) if begins <= c.not_valid_after_utc < until]
    return max((until - min(ends, default=begins)).total_seconds() / 60, 0)


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"
