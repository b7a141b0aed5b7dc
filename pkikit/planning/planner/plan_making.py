"""Make a plan: search an order, predict every state of it, and say what people have to know."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from pkikit.design.legs import legs_of
from pkikit.judge.legs.known_parts import State
from pkikit.model.certificates.facts import is_self_signed
from pkikit.planning.change import Change
from pkikit.planning.enabling.more_restarts import MORE_RESTARTS
from pkikit.planning.enabling.option import Trial
from pkikit.planning.enabling.trying import try_all
from pkikit.planning.plan import NOTHING_KNOWN, Plan, Prediction, no_connection_known
from pkikit.planning.planner.clash_words import ClashWords
from pkikit.planning.planner.played_order import lost_minutes
from pkikit.planning.planner.preferences import minutes_of, preference_of
from pkikit.planning.predictions import SETTINGS, Oracle, naive_order, replay
from pkikit.planning.predictions.verdicts import Verdicts
from pkikit.planning.search import searching
from pkikit.planning.search.clauses import before
from pkikit.planning.search.problem import Found, Limits, Preference, Problem
from pkikit.text import counted, listed
from pkikit.view.short_names import ShortNames

Progress = Callable[[str, int], None]
_MOST = 3
# Of a trial, it counts whether an order exists, and about how much is lost without one, not which order it is.
_TRIAL = Limits(states=8_000, lost_states=2_000)


def make_plan(
    change: Change, progress: Progress | None = None, verdicts: Verdicts | None = None, *, options: bool = True
) -> Plan:
    """Order the steps of a change so that no connection is refused between any two of them.

    Args:
        change: the steps.
        progress: is called with what the work does, and how many times it did so.
        verdicts: those of the same change, if somebody has judged already or wants to.
        options: if no order is without refusals, also try what would make one possible; that takes many times as long.

    Returns:
        The plan. If no order is without refusals: the one that loses the fewest connection-minutes, why, and what would help.
    """
    heard = progress or (lambda what, number: None)
    verdicts = verdicts or Verdicts(change)
    plan = _ordered(change, heard, verdicts, preference_of(change), Limits())
    if plan.order_exists or plan.is_unknown or not options:
        return plan

    def replan(other: Change) -> Trial:
        return trial_of(other, heard, verdicts.for_change(other))

    tried = try_all(change, _trial(plan), replan, lambda kind: heard(kind, 1))
    if tried and tried[0].trial.works and tried[0].enabling.kind == MORE_RESTARTS.kind:
        return _with_restarts(plan, tried[0].change, heard, verdicts)
    return replace(plan, enabling=tuple(attempt.enabling for attempt in tried))


def _with_restarts(plan: Plan, change: Change, progress: Progress, verdicts: Verdicts) -> Plan:
    """Return the plan of a change with more restarts: they cost no verification, so they are no other design."""
    made = _ordered(change, progress, verdicts.for_change(change), preference_of(change), Limits())
    extra = counted(len(change.steps) - len(plan.change.steps), "more restart")
    note = f"With one restart of each machine, no order is without refusals, so the plan has {extra}."
    return replace(made, notes=(note, *made.notes))


def trial_of(change: Change, progress: Progress | None = None, verdicts: Verdicts | None = None) -> Trial:
    """Order a change only to know how well that is possible: nobody reads who refuses what in its states.

    Args:
        change: the steps.
        progress: is called with what the work does, and how many times it did so.
        verdicts: those of this change, if somebody has judged something alike already.

    Returns:
        Whether an order exists; if none does, about what is lost.
    """
    oracle = Oracle(change, verdicts)
    found = _search(oracle, progress or (lambda what, number: None), Preference(), _TRIAL)
    order, minutes = found.order or naive_order(change), minutes_of(change)
    if found.exists and not oracle.lost and oracle.verdicts.knows_one_up(searching.states(order)):
        return Trial(works=True, proven=found.proven)
    whole = Oracle(change, oracle.verdicts, whole=True)
    refused = [frozenset(whole.refused(state)) - {SETTINGS} for state in searching.states(order)]
    words = ClashWords(change, oracle, _names(change))
    return Trial(
        works=False,
        refused_legs=len({change.id_today(name) for now in refused for name in now}),
        clashes=(*map(words.lost, sorted(oracle.lost)), *map(words.clash, found.reason)),
        lost_minutes=sum(len(now) * minutes[key] for now, key in zip(refused, order, strict=False)),
        proven=found.proven,
    )


def _names(change: Change) -> ShortNames:
    return ShortNames((*legs_of(change.today.deployment), *legs_of(change.tomorrow.deployment)))


def _trial(plan: Plan) -> Trial:
    return Trial(
        works=plan.order_exists,
        refused_legs=plan.refused_legs,
        clashes=plan.clashes,
        lost_minutes=plan.lost_minutes,
        proven=plan.proven,
    )


def _ordered(
    change: Change, progress: Progress, verdicts: Verdicts | None, preference: Preference, limits: Limits
) -> Plan:
    """Return the plan without what would help."""
    oracle = Oracle(change, verdicts)
    found = _search(oracle, progress, preference, limits)
    order = found.order or naive_order(change)
    predictions = replay(change, order, oracle.verdicts)
    possible = found.exists and not oracle.lost
    unknown = possible and bool(order) and no_connection_known(predictions)
    names = _names(change)
    words = ClashWords(change, oracle, names)
    lost = sorted(oracle.lost)
    clashes = () if possible else (*map(words.lost, lost), *map(words.clash, found.reason))
    return Plan(
        change=change,
        order=order,
        predictions=predictions,
        order_exists=possible and not unknown,
        reason=NOTHING_KNOWN if unknown else "" if possible else words.reason(clashes, lost),
        clashes=clashes,
        lost_minutes=0.0 if possible else lost_minutes(change, order, predictions),
        proven=found.proven and not unknown,
        notes=tuple(_notes(oracle, predictions, names)),
    )


def _search(oracle: Oracle, progress: Progress, preference: Preference, limits: Limits) -> Found:
    """Search an order. What tomorrow refuses is refused as late as possible, but the other connections come first."""
    change = oracle.change
    found = searching.search(_problem(oracle, frozenset({SETTINGS}), preference, limits), progress)
    if not oracle.lost:
        return found
    names = {leg.id for world in (change.today, change.tomorrow) for leg in legs_of(world.deployment)}
    never = names - oracle.lost if found.exists else set[str]()
    whole = Oracle(change, oracle.verdicts, whole=True)
    late = searching.search(_problem(whole, frozenset({SETTINGS, *never}), preference, limits), progress)
    if not late.order:
        return replace(found, proven=False)
    return replace(found, order=late.order, proven=late.proven)


def _problem(oracle: Oracle, forbidden: frozenset[str], preference: Preference, limits: Limits) -> Problem:
    change = oracle.change
    ranks = preference_of(change).rank
    keys = sorted((step.key for step in change.steps), key=lambda key: ranks[key])
    return Problem(
        keys=tuple(keys),
        oracle=oracle,
        rules=tuple(before(p.first, p.then, p.why) for p in change.precedences),
        minutes=minutes_of(change),
        preference=preference,
        forbidden=forbidden,
        limits=limits,
    )


def _notes(oracle: Oracle, predictions: tuple[Prediction, ...], names: ShortNames) -> Iterator[str]:
    """Yield what people have to know about the plan, beside its assumptions."""
    today = predictions[0].legs
    if not oracle.change.steps:
        yield "Tomorrow equals today: there is nothing to do."
    down = sorted(name for name, state in today.items() if state is State.DOWN)
    if down:
        shown = listed([names.connection(name) for name in down], at_most=_MOST)
        are = "is" if len(down) == 1 else "are"
        yield f"{counted(len(down), 'connection')} {are} down today already and {are} not counted: {shown}."
    same = oracle.change.id_today  # a connection of a renamed machine counts once
    open_ = {same(name) for p in predictions for name, state in p.legs.items() if state is State.NOT_ASSESSED}
    if open_:
        every = {same(name) for p in predictions for name in p.legs}
        what = f"{len(open_)} of {counted(len(every), 'connection')}"
        yield f"{what} {'is' if len(open_) == 1 else 'are'} not assessed, because files are missing: nothing is promised there."
    expired = _expired(oracle.change)
    if expired:
        yield f"After the last step, {expired} of what machines present {'is' if expired == 1 else 'are'} expired."


def _expired(change: Change) -> int:
    done = frozenset(change.by_key)
    at, world = change.time(done), change.world(done)
    leaves = {c.leaf for party in world.parties.values() for c in party.credentials if not is_self_signed(c.leaf)}
    return sum(leaf.not_valid_after_utc <= at for leaf in leaves)
