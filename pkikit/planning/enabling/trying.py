"""Tries what would make an order possible, one thing at a time, and says what each achieves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

from pkikit.design.legs import legs_of
from pkikit.errors import InputError
from pkikit.planning.change import Change
from pkikit.planning.enabling.both_names import BOTH_NAMES
from pkikit.planning.enabling.cross_sign import CROSS_SIGN
from pkikit.planning.enabling.kept_root import KEEP_OLD_ROOT
from pkikit.planning.enabling.more_restarts import MORE_RESTARTS, with_more_restarts
from pkikit.planning.enabling.option import Clashes, Option, Replan, Trial
from pkikit.planning.enabling.other_root_name import OTHER_ROOT_NAME
from pkikit.planning.enabling.verification_off import OPTIONS as OFF
from pkikit.planning.plan import Enabling
from pkikit.text import counted

# The cheapest first: what costs no verification, then what costs little work, then what costs verification.
EVERY = (MORE_RESTARTS, KEEP_OLD_ROOT, BOTH_NAMES, CROSS_SIGN, OTHER_ROOT_NAME, *OFF)
MOST_ROUNDS, MOST_PAIRS = 5, 6
# Connections times steps of all changes that are ordered for one answer: clustered-full with everything tried takes an eighth.
MOST_WORK = 400_000


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One thing that was tried.

    Attributes:
        enabling: what it is and what it achieves.
        change: the change with it.
        trial: how well that can be ordered.
    """

    enabling: Enabling
    change: Change
    trial: Trial


def try_all(
    change: Change, trial: Trial, replan: Replan, progress: Callable[[str], None] = lambda kind: None
) -> tuple[Attempt, ...]:
    """Try everything that applies to a change without an order.

    Args:
        change: the change.
        trial: what was found for it, with its clashes.
        replan: orders a change.
        progress: hears what is tried.

    Returns:
        What works first, the cheapest first; then the rest, by lost minutes; then what was not tried, because the change is too
        large. Pairs only if nothing works by itself. If more restarts are enough, nothing else: they cost nothing that anybody
        would weigh.
    """
    budget = _Budget(replan, len(legs_of(change.tomorrow.deployment)))
    replan = budget.replan
    singles: list[tuple[Option, Change, Trial]] = []
    untried: list[Option] = []
    for option in EVERY:
        if budget.is_spent:
            untried.append(option)
            continue
        progress(option.kind)
        made = _grown(option, change, trial, replan)
        if made is not None:
            singles.append((option, *made))
        if made is not None and option is MORE_RESTARTS and made[1].works:
            break
    found = [_attempt((option,), trial, made, result, change) for option, made, result in singles]
    if not (budget.is_spent or any(attempt.trial.works for attempt in found)):
        found += _pairs(singles, trial, replan, change, progress)
    places = {option.kind: number for number, option in enumerate(EVERY)}

    def price(attempt: Attempt) -> tuple[bool, float, int]:
        kinds = attempt.enabling.kind.split(" + ")
        return (not attempt.trial.works, attempt.trial.lost_minutes, sum(places[kind] + 1 for kind in kinds))

    return (*sorted(found, key=price), *(_not_tried(option, change, trial) for option in untried))


class _Budget:
    """Orders changes, and knows when that was enough for one answer. It counts work and not time, so answers repeat."""

    def __init__(self, replan: Replan, connections: int) -> None:
        self._replan, self._connections, self._work = replan, connections, 0

    def replan(self, change: Change) -> Trial:
        """Order a change."""
        self._work += self._connections * len(change.steps)
        return self._replan(change)

    @property
    def is_spent(self) -> bool:
        """True if nothing more is tried."""
        return self._work > MOST_WORK


def _not_tried(option: Option, change: Change, trial: Trial) -> Attempt:
    enabling = Enabling(
        kind=option.kind,
        says=option.says,
        achieves="Not tried: this change is too large to try everything.",
        works=False,
        refused_legs=trial.refused_legs,
        steps=len(change.steps),
        price=option.price,
    )
    return Attempt(enabling=enabling, change=change, trial=trial)


def _pairs(
    singles: list[tuple[Option, Change, Trial]],
    trial: Trial,
    replan: Replan,
    change: Change,
    progress: Callable[[str], None],
) -> list[Attempt]:
    """Try two at once, the pairs of those that lose least first; stop at the first that works."""
    pairs = sorted(combinations(singles, 2), key=lambda pair: pair[0][2].lost_minutes + pair[1][2].lost_minutes)
    for (one, made, result), (other, _, _) in pairs[:MOST_PAIRS]:
        progress(f"{one.kind} + {other.kind}")
        both = _grown(other, made, result, replan)
        if both is not None and both[1].works:
            return [_attempt((one, other), trial, *both, change)]
    return []


def _grown(option: Option, change: Change, trial: Trial, replan: Replan) -> tuple[Change, Trial] | None:
    """Return the change with an option; again with more of it as long as what is left to clash needs more of it."""
    try:
        if option is MORE_RESTARTS:
            return with_more_restarts(change, trial, replan)
        clashes: Clashes = trial.clashes
        made: Change | None = option.build(change, clashes)
        best: tuple[Change, Trial] | None = None
        for _ in range(MOST_ROUNDS):
            if made is None:
                break
            result, last = replan(made), best[1] if best is not None else trial
            best = made, result
            helps = result.refused_legs < last.refused_legs or result.lost_minutes < last.lost_minutes
            if result.works or not helps:
                break
            clashes = tuple(dict.fromkeys((*clashes, *result.clashes)))
            more = option.build(change, clashes)
            if more is None or _shape(more) == _shape(made):
                break
            made = more
        return best
    except InputError:
        return None  # it cannot be entered, or made: it is no option


def _shape(change: Change) -> tuple[object, ...]:
    """Return what differs between two sizes of one option; each build makes new certificates, so their names count."""
    credentials = tuple(s.credential.leaf.extensions for s in change.steps if s.credential is not None)
    return (tuple(step.key for step in change.steps), tuple(map(str, credentials)))


def _attempt(options: tuple[Option, ...], before: Trial, made: Change, trial: Trial, change: Change) -> Attempt:
    enabling = Enabling(
        kind=" + ".join(option.kind for option in options),
        says=" ".join(option.says for option in options),
        achieves=_achieves(before, trial),
        works=trial.works,
        refused_legs=trial.refused_legs,
        steps=len(made.steps),
        price=" ".join(filter(None, (*(option.price for option in options), _more(made, change)))),
    )
    return Attempt(enabling=enabling, change=made, trial=trial)


def _more(made: Change, change: Change) -> str:
    extra = len(made.steps) - len(change.steps)
    return f"The change has {counted(extra, 'more step', 'more steps')}." if extra > 0 else ""


def _achieves(before: Trial, after: Trial) -> str:
    if after.works:
        return "With it, an order exists in which no connection is refused."
    minutes = f"{after.lost_minutes:,g} connection-minute{'' if after.lost_minutes == 1 else 's'}"
    refused = f"{counted(after.refused_legs, 'connection')} refused for {minutes}"
    if after.lost_minutes < before.lost_minutes:
        best = "the best loses less" if after.proven else "one loses less"
        none = "No order is without refusals even so" if after.clashes else "No order without refusals was found"
        limit = "" if after.proven else " It is not proven that none loses even less."
        return f"{none}, but {best}: {refused} instead of {before.lost_minutes:,g}.{limit}"
    if after.proven:
        return f"It does not help: {refused}."
    return f"No order that loses less was found: {refused}. It is not proven that there is none."
