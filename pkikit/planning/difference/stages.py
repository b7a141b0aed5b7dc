"""A change over machines that have to be reached on the way: the differences one after the other, as one set of steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from pkikit.model.world import World
from pkikit.planning.change import Change
from pkikit.planning.difference.between import difference_of
from pkikit.planning.steps import Action, Precedence, Step

_LOADS = frozenset({Action.LOAD, Action.LOAD_CLIENT})


def staged_difference(
    worlds: Sequence[World], *, at: datetime, goal: str = "", assumptions: Iterable[str] = ()
) -> Change:
    """Return what has to be done to get from the first world to the last by way of the others.

    Args:
        worlds: today, the machines to reach on the way, tomorrow.
        at: when the change begins.
        goal: what it is for, in a few words.
        assumptions: what had to be assumed, in sentences.

    Returns:
        The steps of all differences. What one of them changes again comes after what the earlier one did there.

    Raises:
        InputError: a world is an older version than the one before it, or machines swap their names.
    """
    whole = difference_of(worlds[0], worlds[1], at=at, goal=goal, assumptions=assumptions)
    for number, (before, after) in enumerate(pairwise(worlds[1:]), start=2):
        whole = _joined(whole, difference_of(before, after, at=at), number)
    return whole


def _joined(first: Change, then: Change, number: int) -> Change:
    """Return two changes as one; the steps of the later one get other keys where the earlier one has the same."""
    names = {step.key: step.key if step.key not in first.by_key else f"{step.key} ({number})" for step in then.steps}
    before = {new: old for step in first.steps for old, new in step.renames}
    steps = tuple(
        replace(
            step,
            key=names[step.key],
            machine=before.get(step.machine, step.machine),
            activates=tuple(names[key] for key in step.activates),
        )
        for step in then.steps
    )
    kept = (replace(p, first=names[p.first], then=names[p.then]) for p in then.precedences)
    new = {name for step in steps for name in step.names}
    added = {fqdn: p for fqdn, p in then.today.parties.items() if fqdn not in first.tomorrow.parties}
    return replace(
        first,
        today=replace(
            first.today,
            parties={**first.today.parties, **added},
            unresolved=first.today.unresolved | new,
            published={**then.today.published, **first.today.published},
        ),
        tomorrow=then.tomorrow,
        steps=(*first.steps, *steps),
        precedences=(*first.precedences, *kept, *_again(first.steps, steps)),
        assumptions=tuple(dict.fromkeys((*first.assumptions, *then.assumptions))),
    )


def _again(first: Sequence[Step], then: Sequence[Step]) -> Iterator[Precedence]:
    """Yield the orders between steps of two differences that change one thing."""
    restarts = {key: step.key for step in first for key in step.activates}
    for early in first:
        for late in then:
            if _same_thing(early, late):
                why = "The later step changes again what the earlier one changed."
                yield Precedence(first=restarts.get(early.key, early.key), then=late.key, why=why, rule="page")


def _same_thing(early: Step, late: Step) -> bool:
    if early.settings and late.settings:
        places = [(a.place, b.place) for a in early.settings for b in late.settings]
        return any(a == b or a.startswith(f"{b}.") or b.startswith(f"{a}.") for a, b in places)
    if early.machine != late.machine or not early.machine:
        return False
    if (early.action in _LOADS and late.action in _LOADS) or (early.certificates and late.certificates):
        return early.place == late.place and (early.action is late.action or bool(early.certificates))
    return early.action is Action.RESTART is late.action
