"""The change for a goal: the difference between today and tomorrow, or one difference after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from cryptography import x509

from pkikit.model.certificates.facts import issuer_of, subject_of
from pkikit.planning.change import Change
from pkikit.planning.difference import difference_of
from pkikit.planning.difference.name_orders import name_precedences
from pkikit.planning.goals.outcome import GoalResult
from pkikit.planning.steps import Action, Precedence, Step


def change_of(
    result: GoalResult, *, at: datetime, arrives: Mapping[x509.Certificate, datetime] | None = None
) -> Change:
    """Return the steps for a goal.

    Args:
        result: what the goal comes to.
        at: when the change begins.
        arrives: when a certificate is at hand, for those that are not yet.

    Returns:
        The change. If there are machines to reach on the way, a store or page that changes twice has a step for each.

    Raises:
        InputError: tomorrow is an older version, or machines swap their names.
    """
    worlds = (result.today, *result.between, result.tomorrow)
    parts = [
        difference_of(before, after, at=at, goal=result.words, arrives=arrives) for before, after in pairwise(worlds)
    ]
    whole = parts[0]
    for part in parts[1:]:
        whole = _one_after_the_other(whole, part)
    restarts = (step for step in whole.steps if step.action is Action.RESTART)
    more = (*name_precedences(whole.steps, restarts, whole.today), *_trust_first(whole))
    return replace(
        whole,
        precedences=tuple(dict.fromkeys((*whole.precedences, *more))),
        assumptions=tuple(dict.fromkeys((*result.assumptions, *whole.assumptions))),
    )


def _trust_first(change: Change) -> Iterator[Precedence]:
    """Yield that a list which nobody gave gets a new CA before a certificate of that CA is loaded: no verdict says it there."""
    if not change.today.stand_ins.unknown:
        return
    for append in change.steps:
        party = change.today.parties.get(append.machine)
        if append.action is not Action.APPEND_CA or party is None or party.listed:
            continue
        subjects = {subject_of(c) for c in append.certificates}
        for load in change.steps:
            if load.credential is not None and any(issuer_of(c) in subjects for c in load.credential.chain):
                why = f"Nobody gave the list of {append.machine}, so the new CA gets there first."
                yield Precedence(first=append.key, then=load.key, why=why, rule="trust-first")


def _one_after_the_other(first: Change, then: Change) -> Change:
    """Return both changes as one. Steps of the second that concern the same store, list or page wait for those of the first."""
    renamed = {step.key: _free(step.key, first) for step in then.steps if step.action is not Action.WAIT}
    steps, orders = [], [*first.precedences]
    for step in _still_needed(first, then):
        activates = tuple(renamed.get(key, key) for key in step.activates)
        new = replace(step, key=renamed.get(step.key, step.key), activates=activates)
        steps.append(new)
        orders += _waiting(first, new)
        orders += _after_restarts(first, new, then.restart_of.get(step.key), then)
    kept = {step.key for step in (*first.steps, *steps)}
    orders += [
        replace(order, first=renamed.get(order.first, order.first), then=renamed.get(order.then, order.then))
        for order in then.precedences
    ]
    names = {name for step in steps for name in step.names}
    today = replace(
        first.today,
        parties={**then.today.parties, **first.today.parties},
        published={**then.today.published, **first.today.published},
        unresolved=first.today.unresolved | names,
        authorities=tuple(dict.fromkeys((*first.today.authorities, *then.today.authorities))),
    )
    return replace(
        first,
        today=today,
        tomorrow=then.tomorrow,
        steps=(*first.steps, *steps),
        precedences=tuple(order for order in orders if {order.first, order.then} <= kept),
        assumptions=(*first.assumptions, *then.assumptions),
    )


def _free(key: str, change: Change) -> str:
    """Return a key that the change does not have: `load-certificate e1.example.com again`."""
    while key in change.by_key:
        key += " again"
    return key


def _still_needed(first: Change, then: Change) -> Iterator[Step]:
    """Yield the steps of the second change without what the first one did already: waits, and names that resolve."""
    resolved = {name for step in first.steps for name in step.names}
    for step in then.steps:
        if step.action is Action.WAIT and step.key in first.by_key:
            continue
        if step.action is Action.DNS and step.names:
            names = tuple(name for name in step.names if name not in resolved)
            if not names and not step.gone:
                continue
            step = replace(step, names=names)
        yield step


def _waiting(first: Change, step: Step) -> Iterator[Precedence]:
    """Yield what a step waits for, because it changes the same thing as a step before it."""
    for earlier in first.steps:
        why = _in_common(earlier, step)
        if why:
            effective = first.restart_of.get(earlier.key, earlier.key)
            yield Precedence(first=effective, then=step.key, why=why, rule="page")


def _after_restarts(first: Change, step: Step, restart: str | None, then: Change) -> Iterator[Precedence]:
    """Yield that a step which works after a restart comes after the restarts of that machine before: they would activate it."""
    machine = then.by_key[restart].machine if restart is not None else ""
    for earlier in first.steps:
        if machine and earlier.action is Action.RESTART and earlier.machine == machine:
            why = f"The restart of {machine} that comes first is for the certificate before it."
            yield Precedence(first=earlier.key, then=step.key, why=why, rule="page")


def _in_common(earlier: Step, step: Step) -> str:
    """Return why one step has to be in effect before the other; empty if nothing says so."""
    here = (earlier.machine, earlier.place) == (step.machine, step.place)
    if here and earlier.loads and step.action is earlier.action:
        return f"{step.machine} needs a certificate with both names before it gets the last one."
    if here and earlier.changes_list and step.changes_list:
        return f"The same list of {step.machine} changes twice."
    if {change.place for change in earlier.settings} & {change.place for change in step.settings}:
        return "The same setting changes twice."
    return ""
