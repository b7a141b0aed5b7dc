"""From goals and today's machines to tomorrow's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from cryptography import x509

from pkikit.errors import InputError
from pkikit.issue.authority import Authority
from pkikit.model.world import World
from pkikit.planning.goals.draft import Draft
from pkikit.planning.goals.goal import Goal, GoalKind
from pkikit.planning.goals.ground import prepare
from pkikit.planning.goals.kinds import new_root, renewed_peer
from pkikit.planning.goals.outcome import GoalResult


def apply_goal(goal: Goal, today: World, *, at: datetime, issuers: Sequence[Authority] = ()) -> GoalResult:
    """Return what one goal comes to; see `apply_goals`."""
    return apply_goals((goal,), today, at=at, issuers=issuers)


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
    ground = prepare(
        today,
        at=at,
        issuers=issuers,
        files=[goal.ca for goal in goals if goal.ca is not None],
        renewed=_renewed(goals, today),
    )
    draft = Draft(ground=ground, today=ground.today, tomorrow=ground.today, notes=ground.notes)
    for goal in goals:
        draft = _applied(draft, goal)
    return GoalResult(
        today=draft.today,
        tomorrow=draft.tomorrow,
        words=", ".join(map(_words, goals)),
        assumptions=draft.assumptions,
        notes=draft.notes,
        originals=ground.originals,
        stand_ins=draft.stand_ins,
        between=draft.between,
        authorities=ground.authorities,
    )


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


def _renewed(goals: Sequence[Goal], today: World) -> tuple[x509.Certificate, ...]:
    """Return the certificates that their own CA issues again."""
    found: list[x509.Certificate] = []
    for goal in goals:
        if goal.kind is GoalKind.RENEW:
            found += renewed_peer.leaves_of(today, renewed_peer.peers_of(today, goal.argument))
    return tuple(dict.fromkeys(found))


def _applied(draft: Draft, goal: Goal) -> Draft:
    match goal.kind:
        case GoalKind.NEW_ROOT:
            return new_root.with_new_root(draft, goal)
        case GoalKind.RENEW:
            return renewed_peer.renewed(draft, goal.argument)
        case _:
            raise InputError(f"the goal {goal.kind} cannot be planned yet")


def _words(goal: Goal) -> str:
    match goal.kind:
        case GoalKind.NEW_ROOT:
            return new_root.words(goal)
        case GoalKind.RENEW:
            return f"renew {goal.argument}"
        case _:
            return str(goal)
