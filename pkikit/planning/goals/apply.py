"""From goals and today's machines to tomorrow's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from cryptography import x509

from pkikit.errors import InputError
from pkikit.issue.authority import Authority
from pkikit.model.world import World
from pkikit.planning.goals.certificates.private_ca import STAND_IN_NAME, new_private_ca, usual_leaf
from pkikit.planning.goals.draft import Draft
from pkikit.planning.goals.goal import GivenCa, Goal, GoalKind
from pkikit.planning.goals.ground import prepare
from pkikit.planning.goals.kinds import (
    added_domain,
    leave_public_ca,
    new_root,
    renamed_peer,
    renewed_peer,
    two_stores,
)
from pkikit.planning.goals.on_the_way import change_of
from pkikit.planning.goals.outcome import GoalResult
from pkikit.text import listed


def apply_goals(goals: Sequence[Goal], today: World, *, at: datetime, issuers: Sequence[Authority] = ()) -> GoalResult:
    """Return today's machines and those that have reached all goals.

    Args:
        goals: at least one, as `read_goal` read them.
        today: the machines.
        at: when the change begins.
        issuers: CAs whose keys are at hand: those of the lab that issued the certificates of `today`.

    Returns:
        The result. Its `today` is a look-alike if a CA has to sign whose key nobody gave.

    Raises:
        InputError: the goals exclude each other, or one of them cannot be reached; one sentence.
    """
    _require_compatible(goals)
    assumed: tuple[str, ...] = ()
    if any(goal.kind is GoalKind.LEAVE_PUBLIC_CA for goal in goals) and not leave_public_ca.public_peers(today):
        today, assumed = leave_public_ca.assumed_public(today, issuers, at)
    given = next((goal.ca for goal in goals if goal.ca is not None), None)
    goals = tuple(_with_private_ca(goal, given, today, at) for goal in goals)
    ground = prepare(
        today,
        at=at,
        issuers=issuers,
        files=tuple({goal.ca.where: goal.ca for goal in goals if goal.ca is not None}.values()),
        renewed=_renewed(goals, today, at),
    )
    draft = Draft(ground=ground, today=ground.today, tomorrow=ground.today, notes=ground.notes)
    if assumed:
        draft = draft.assuming(
            f"A public CA issued the certificates of {listed(assumed)}, with both purposes, and machines outside only trust that "
            "CA: a deployment file has no certificates."
        )
    for goal in sorted(goals, key=lambda goal: _ORDER.index(goal.kind)):
        draft = _applied(draft, goal)
    result = GoalResult(
        today=draft.today,
        tomorrow=draft.tomorrow,
        words=", ".join(_words(goal, today) for goal in goals),
        assumptions=draft.assumptions,
        notes=draft.notes,
        originals=ground.originals,
        stand_ins=draft.stand_ins,
        between=draft.between,
        authorities=ground.authorities,
    )
    return replace(result, change=change_of(result, at=at)) if result.between else result


def _require_compatible(goals: Sequence[Goal]) -> None:
    twice = [
        kind for kind, count in Counter(goal.kind for goal in goals).items() if count > 1 and kind is not GoalKind.RENEW
    ]
    if twice:
        raise InputError(f"the goal {twice[0]} is given twice; a plan reaches it once")
    kinds = {goal.kind for goal in goals}
    for one, other in _EXCLUDE:
        if {one, other} <= kinds:
            raise InputError(f"the goals {one} and {other} both replace the same certificates; plan one of them")


_EXCLUDE = (
    (GoalKind.NEW_ROOT, GoalKind.RENEW),
    (GoalKind.NEW_ROOT, GoalKind.LEAVE_PUBLIC_CA),
    (GoalKind.RENEW, GoalKind.LEAVE_PUBLIC_CA),
)
# A CA is new before it issues for two stores; a name changes last, because other goals know the peer by its old one.
_ORDER = (
    GoalKind.RENEW,
    GoalKind.NEW_ROOT,
    GoalKind.LEAVE_PUBLIC_CA,
    GoalKind.TWO_STORES,
    GoalKind.ADD_DOMAIN,
    GoalKind.RENAME_PEER,
)
_FROM_PRIVATE_CA = frozenset({GoalKind.TWO_STORES, GoalKind.LEAVE_PUBLIC_CA})


def _with_private_ca(goal: Goal, given: GivenCa | None, today: World, at: datetime) -> Goal:
    """Return the goal with the CA of another goal, or a stand-in for one, if it needs a private CA and no machine has one."""
    if goal.kind not in _FROM_PRIVATE_CA or goal.ca is not None:
        return goal
    if given is not None:
        return replace(goal, ca=given)
    return goal if usual_leaf(today, at) is not None else replace(goal, ca=new_private_ca(at))


def _renewed(goals: Sequence[Goal], today: World, at: datetime) -> tuple[x509.Certificate, ...]:
    """Return certificates whose own CA has to sign again: the same ones, or others."""
    found: list[x509.Certificate] = []
    for goal in goals:
        match goal.kind:
            case GoalKind.RENEW:
                found += renewed_peer.leaves_of(today, renewed_peer.peers_of(today, goal.argument))
            case GoalKind.ADD_DOMAIN:
                found += added_domain.leaves_of(today, goal.argument)
            case GoalKind.RENAME_PEER:
                found += renamed_peer.leaves_of(today, goal.argument)
            case GoalKind.TWO_STORES | GoalKind.LEAVE_PUBLIC_CA if goal.ca is None:
                leaf = usual_leaf(today, at)
                found += [leaf] if leaf is not None else []
            case _:
                pass
    return tuple(dict.fromkeys(found))


def _applied(draft: Draft, goal: Goal) -> Draft:
    match goal.kind:
        case GoalKind.NEW_ROOT:
            return new_root.with_new_root(draft, goal)
        case GoalKind.RENEW:
            return renewed_peer.renewed(draft, goal.argument)
        case GoalKind.TWO_STORES:
            return two_stores.with_two_stores(*_private(draft, goal))
        case GoalKind.LEAVE_PUBLIC_CA:
            return leave_public_ca.without_public_ca(*_private(draft, goal))
        case GoalKind.ADD_DOMAIN:
            return added_domain.with_domain(draft, goal.argument)
        case GoalKind.RENAME_PEER:
            return renamed_peer.renamed(draft, goal.argument)
        case _:
            assert_never(goal.kind)


def _private(draft: Draft, goal: Goal) -> tuple[Draft, Authority]:
    """Return the private CA that issues certificates for a goal, and the draft that says if it does not exist yet."""
    ground = draft.ground
    if goal.ca is None:
        leaf = usual_leaf(ground.today, ground.at)
        authority = ground.issuer_of(leaf) if leaf is not None else None
        assert authority is not None  # `prepare` was asked for it
        return draft, authority
    if goal.ca.is_stand_in:
        draft = draft.assuming(
            f"You set up a private CA; {STAND_IN_NAME} takes its place in this plan, because no machine has a certificate of "
            f"one. To plan with yours, write {goal.kind}:FILE."
        )
    return draft, ground.files[goal.ca.where]


def _words(goal: Goal, today: World) -> str:
    match goal.kind:
        case GoalKind.NEW_ROOT:
            return new_root.words(goal)
        case GoalKind.RENEW:
            return f"renew {', '.join(renewed_peer.peers_of(today, goal.argument))}"
        case GoalKind.TWO_STORES:
            return "two certificate stores"
        case GoalKind.LEAVE_PUBLIC_CA:
            return "leave the public CA"
        case GoalKind.ADD_DOMAIN:
            return f"add the domain {added_domain.domain_of(goal.argument, today.deployment)}"
        case GoalKind.RENAME_PEER:
            return "rename {} to {}".format(*renamed_peer.names_of(goal.argument, today))
        case _:
            assert_never(goal.kind)
