"""A plan with dates: in the order of its dates, and judged at them.

Certificates end while people wait, so each state is judged when it begins and just before the next one. What ends on the way is
a refusal like any other: the plan then says that no order without refusals is known for these dates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pkikit.design.services import services_of
from pkikit.errors import InputError
from pkikit.judge.legs.known_parts import State
from pkikit.judge.legs.service_state import service_states
from pkikit.planning.change import Done
from pkikit.planning.plan import Plan, Prediction, Refusal
from pkikit.planning.predictions import replay
from pkikit.planning.predictions.verdicts import Verdicts
from pkikit.planning.schedule.dated_verdicts import DatedVerdicts
from pkikit.planning.schedule.ending_certificates import Ending, ending_certificates
from pkikit.planning.schedule.scheduled_step import ScheduledStep
from pkikit.planning.schedule.step_dates import Calendar, Terms
from pkikit.text import counted

_SECOND = timedelta(seconds=1)
_MOST_STATES = 2_000


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


def dated_plan(plan: Plan, terms: Terms, verdicts: Verdicts | None = None) -> DatedPlan:
    """Return a plan with the dates of its steps.

    While others take their time, later steps of ours are done first where no state on the way refuses a connection. The order
    that results is checked state by state, at the dates.

    Args:
        plan: the plan, whose order is valid.
        terms: when work is possible.
        verdicts: those of the plan's change, if somebody has judged already.

    Returns:
        The plan with dates.

    Raises:
        InputError: a window is too short for a step, the plan would begin before the time that it was made for, or it has no end.
    """
    if terms.start < plan.change.at:
        begins, made_for = (f"{time:%Y-%m-%d %H:%M} UTC" for time in (terms.start, plan.change.at))
        raise InputError(
            f"the steps begin at {begins}, and the certificates are judged from {made_for} on; begin later"
        )
    verdicts = verdicts or Verdicts(plan.change)
    dated = DatedVerdicts(plan.change, verdicts)
    try:
        calendar = _calendar(plan, dated, terms)
    except OverflowError:
        raise InputError(
            "the last steps would be done after the year 9999; begin earlier, or watch for less time"
        ) from None
    order = tuple(step.key for step in calendar.steps)
    if order != plan.order:
        plan = replace(plan, order=order, predictions=replay(plan.change, order, verdicts))
    return judged_at_dates(plan, calendar.steps, dated)


def _calendar(plan: Plan, dated: DatedVerdicts, terms: Terms) -> Calendar:
    """Return the dates: in the plan's order, except that while a step has to wait, later ones are done."""
    left = list(plan.order)
    calendar = Calendar(change=plan.change, terms=terms)
    fine = _Fine(dated)
    while left:
        sooner = _sooner(calendar, left, fine) if plan.order_exists and calendar.waits_for(left[0]) else ()
        for key in sooner or (left[0],):
            calendar = calendar.with_step(key)
            left.remove(key)
    return calendar


def _sooner(calendar: Calendar, left: Sequence[str], fine: _Fine) -> tuple[str, ...]:
    """Return the steps to do before the next one of the plan, because they are complete before it; none if there are none."""
    ends = calendar.dated(left[0]).ends
    done = frozenset(step.key for step in calendar.steps)
    found: list[tuple[datetime, int, tuple[str, ...]]] = []
    for number, key in enumerate(left[1:]):
        block = fine.block(key, done, left)
        with_block = calendar
        for part in block:
            with_block = with_block.with_step(part)
        if block and with_block.now < ends:
            found.append((with_block.now, number, block))
    return next((block for _, _, block in sorted(found) if fine.may_come_first(block, done, left)), ())


class _Fine:
    """Knows whether steps may be done before those that come before them in the plan."""

    def __init__(self, dated: DatedVerdicts) -> None:
        self._dated = dated
        self._known: dict[Done, bool] = {}
        self._before: dict[str, set[str]] = {}
        for precedence in dated.change.precedences:
            self._before.setdefault(precedence.then, set()).add(precedence.first)
        for restarted, restart in dated.change.restart_of.items():
            self._before.setdefault(restart, set()).add(restarted)

    def block(self, key: str, done: Done, left: Sequence[str]) -> tuple[str, ...]:
        """Return a step with the loads that it puts into effect: a loaded certificate does not wait for its restart for days.

        Args:
            key: of the step.
            done: keys of completed steps.
            left: the other steps, in their order.

        Returns:
            The keys in their order; none if something else has to be done first, or if the step waits for its restart.
        """
        restart_of = self._dated.change.restart_of
        if key in restart_of:
            return ()
        needed = {other for other in self._before.get(key, ()) if restart_of.get(other) == key} - done
        block = (*(other for other in left if other in needed), key)
        known = done | frozenset(block)
        return block if all(self._before.get(part, set()) <= known for part in block) else ()

    def may_come_first(self, block: tuple[str, ...], done: Done, left: Sequence[str]) -> bool:
        """Return True if no state refuses a connection when these steps come next, and then the others in their order."""
        before = [key for key in left[: left.index(block[-1])] if key not in block]
        states = [done | frozenset(block[:n]) for n in range(1, len(block))]
        states += [done | frozenset((*block, *before[:n])) for n in range(len(before) + 1)]
        return all(map(self._is_fine, states))

    def _is_fine(self, done: Done) -> bool:
        if done not in self._known:
            if len(self._known) >= _MOST_STATES:
                return False
            self._known[done] = self._dated.is_fine(done, self._dated.change.time(done))
        return self._known[done]


def judged_at_dates(plan: Plan, steps: Sequence[ScheduledStep], dated: DatedVerdicts | None = None) -> DatedPlan:
    """Return a plan with the predictions at its dates.

    Args:
        plan: the plan, with predictions as if all steps were done at once.
        steps: the dates, in the order of the plan.
        dated: verdicts of the plan's change.

    Returns:
        The plan. What a certificate that ends on the way breaks is refused in it, and the notes say so.
    """
    dated = dated or DatedVerdicts(plan.change)
    predictions, notes, lost = [], [], plan.lost_minutes
    for number, prediction in enumerate(plan.predictions):
        begins = steps[number - 1].ends if number else plan.change.at
        following = steps[number] if number < len(steps) else None
        until = max(begins, following.ends - _SECOND) if following is not None else begins
        late = _late(prediction, dated, begins, until)
        predictions.append(_with(prediction, late, dated))
        if late:
            ending = ending_certificates(dated, prediction.done, late, begins, until)
            notes += list(_notes(late, ending, begins, following, number))
            lost += len(late) * _minutes_lost(ending, begins, until)
    plan = replace(plan, predictions=tuple(predictions))
    if not notes:
        return DatedPlan(plan=plan, steps=tuple(steps))
    notes = list(dict.fromkeys(notes))
    plan = replace(
        plan,
        order_exists=False,
        proven=False,
        reason=plan.reason or f"{notes[0]} Begin earlier, or shorten what the plan waits for.",
        lost_minutes=lost,
        notes=tuple(dict.fromkeys((*plan.notes, *notes))),
    )
    return DatedPlan(plan=plan, steps=tuple(steps), notes=tuple(notes))


def _late(prediction: Prediction, dated: DatedVerdicts, begins: datetime, until: datetime) -> Mapping[str, Refusal]:
    """Return what the dates refuse while a state lasts, and what is not refused at once."""
    known = {refusal.leg for refusal in prediction.refused}
    late: dict[str, Refusal] = {}
    for at in dict.fromkeys((begins, until)):
        for name, state in dated.states(prediction.done, at).items():
            if name not in known and name not in late and dated.is_refused(name, state, prediction.done):
                late[name] = dated.refusal(name, prediction.done, at)
    return late


def _with(prediction: Prediction, late: Mapping[str, Refusal], dated: DatedVerdicts) -> Prediction:
    """Return the prediction with what is down at a time while the state lasts."""
    if not late:
        return prediction
    legs = {**prediction.legs, **dict.fromkeys(late, State.DOWN)}
    services = service_states(services_of(dated.change.deployment(prediction.done)), legs)
    return replace(prediction, legs=legs, services=services, refused=(*prediction.refused, *late.values()))


def _notes(
    late: Mapping[str, Refusal],
    ending: Sequence[Ending],
    begins: datetime,
    following: ScheduledStep | None,
    number: int,
) -> Iterator[str]:
    """Yield a sentence for each certificate that ends, or is not valid yet, while a state lasts."""
    cut = f"{counted(len(late), 'connection')} {'is' if len(late) == 1 else 'are'} then refused"
    when = (
        f"before step {number + 1} on {_day(following.ends)}" if following else f"after the last step on {_day(begins)}"
    )
    for end in ending:
        if end.begins:
            yield f"{end.owner} is not valid before {_day(end.at)}, and is in use {when}: {cut}."
        else:
            yield f"{end.owner} expires on {_day(end.at)}, {when}: {cut}."
    if not ending:
        first = next(iter(late.values()))
        yield f"{first.leg} is refused at the dates of this plan, {when}: {first.says}"


def _minutes_lost(ending: Sequence[Ending], begins: datetime, until: datetime) -> float:
    """Return the minutes from the first end of a certificate until the next step."""
    ends = [end.at for end in ending if not end.begins]
    return max((until - min(ends, default=begins)).total_seconds() / 60, 0)


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"
