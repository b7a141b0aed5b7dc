"""Make a plan: search an order, predict every state of it, and say what people have to know."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from pkikit.design.legs import legs_of
from pkikit.judge.legs.known_parts import State
from pkikit.model.certificates.facts import is_self_signed
from pkikit.planning.change import Change
from pkikit.planning.plan import Plan, Prediction
from pkikit.planning.planner.clash_words import ClashWords
from pkikit.planning.planner.preferences import minutes_of, preference_of
from pkikit.planning.predictions import SETTINGS, Oracle, naive_order, replay
from pkikit.planning.predictions.verdicts import Verdicts
from pkikit.planning.search import searching
from pkikit.planning.search.clauses import before
from pkikit.planning.search.problem import Found, Problem
from pkikit.text import counted, listed
from pkikit.view.short_names import ShortNames

Progress = Callable[[str, int], None]
_MOST = 3


def make_plan(change: Change, progress: Progress | None = None, verdicts: Verdicts | None = None) -> Plan:
    """Order the steps of a change so that no connection is refused between any two of them.

    Args:
        change: the steps.
        progress: is called with what the work does, and how many times it did so.
        verdicts: those of the same change, if somebody has judged already or wants to.

    Returns:
        The plan. If no order is without refusals: the one that loses the fewest connection-minutes, and why.
    """
    oracle = Oracle(change, verdicts)
    found = _search(change, oracle, progress or (lambda what, number: None))
    order = found.order or naive_order(change)
    predictions = replay(change, order, oracle.verdicts)
    exists = found.exists and not oracle.lost
    names = ShortNames((*legs_of(change.today.deployment), *legs_of(change.tomorrow.deployment)))
    words = ClashWords(change, oracle, names)
    lost = sorted(oracle.lost)
    clashes = () if exists else (*map(words.lost, lost), *map(words.clash, found.reason))
    return Plan(
        change=change,
        order=order,
        predictions=predictions,
        order_exists=exists,
        reason="" if exists else words.reason(clashes, lost),
        clashes=clashes,
        lost_minutes=0.0 if exists else _lost_minutes(change, order, predictions),
        proven=found.proven,
        notes=tuple(_notes(oracle, predictions, names)),
    )


def _search(change: Change, oracle: Oracle, progress: Progress) -> Found:
    """Search an order. What tomorrow refuses is refused as late as possible, but the other connections come first."""
    found = searching.search(_problem(change, oracle, frozenset({SETTINGS})), progress)
    if not oracle.lost:
        return found
    names = {leg.id for world in (change.today, change.tomorrow) for leg in legs_of(world.deployment)}
    never = names - oracle.lost if found.exists else set[str]()
    whole = Oracle(change, oracle.verdicts, whole=True)
    late = searching.search(_problem(change, whole, frozenset({SETTINGS, *never})), progress)
    if not late.order:
        return replace(found, proven=False)
    return replace(found, order=late.order, proven=late.proven)


def _problem(change: Change, oracle: Oracle, forbidden: frozenset[str]) -> Problem:
    preference = preference_of(change)
    keys = sorted((step.key for step in change.steps), key=lambda key: preference.rank[key])
    return Problem(
        keys=tuple(keys),
        oracle=oracle,
        rules=tuple(before(p.first, p.then, p.why) for p in change.precedences),
        minutes=minutes_of(change),
        preference=preference,
        forbidden=forbidden,
    )


def _lost_minutes(change: Change, order: tuple[str, ...], predictions: tuple[Prediction, ...]) -> float:
    """Return the connection-minutes that refusals cost: each state lasts as long as the step after it."""
    minutes = minutes_of(change)
    return sum(len(p.refused) * minutes[key] for p, key in zip(predictions, order, strict=False))


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
    open_ = {name for p in predictions for name, state in p.legs.items() if state is State.NOT_ASSESSED}
    if open_:
        every = {name for p in predictions for name in p.legs}
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
