"""Names for a whole world that keep the limits of the originals, and the comparison of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TypeVar

from pkikit.anonymise.disguise import Disguise
from pkikit.anonymise.elements.replaced_subjects import LengthError
from pkikit.anonymise.naming.deployment_names import SETTINGS
from pkikit.anonymise.needles import Needles, objects_of
from pkikit.errors import InputError
from pkikit.issue.lookalike.originals import Originals
from pkikit.judge.legs.known_verdict import judge_as_known
from pkikit.judge.legs.leg_verdict import LegVerdict
from pkikit.model.deployment import Deployment
from pkikit.model.world import World

_SHORTER = (0, 1, 2, 4, 7, -1, -3)  # by how many letters new words are shorter than the old ones
T = TypeVar("T")


def texts_of(value: object) -> Iterator[str]:
    """Yield every text in the values of a document; keys count if they are names of machines."""
    match value:
        case dict():
            for key, one in value.items():
                yield from texts_of(one)
                if isinstance(key, str) and "." in key:
                    yield key
        case list() | tuple():
            for one in value:
                yield from texts_of(one)
        case str():
            yield value
        case _:
            return


def needles_of(deployment: Deployment, originals: Originals) -> Needles:
    """Return what must not occur in the counterpart of a deployment and of what its machines have."""
    return Needles.of(names_in(deployment), objects_of(originals))


def names_in(deployment: Deployment) -> tuple[str, ...]:
    """Return the names and labels of a deployment, without the words of its settings."""

    def values(value: object) -> object:
        if isinstance(value, dict):
            return {k: values(v) for k, v in value.items() if k not in SETTINGS}
        return [values(one) for one in value] if isinstance(value, list) else value

    # What `expect` names is named elsewhere too; the rest of it are words and days.
    dumped = deployment.model_dump(mode="json", exclude_unset=True, exclude={"expect"})
    return tuple(texts_of(values(dumped)))


def choose(
    deployment: Deployment, originals: Originals, seed: int, use: Callable[[Disguise], T], *, attempt: int = 0
) -> T:
    """Choose names that keep the limits of the originals.

    Args:
        deployment: the original.
        originals: everything that its machines have.
        seed: another seed gives other names.
        use: makes something with the names; it is called again with shorter or longer ones until the lengths fit.
        attempt: counts repetitions, if a choice contained something of the original.

    Returns:
        What `use` made.

    Raises:
        InputError: the original has a name for which no other one fits.
    """
    needles = needles_of(deployment, originals)
    for shorter in _SHORTER:
        try:
            return use(Disguise(deployment, originals, needles, seed=seed, attempt=attempt, shorter=shorter))
        except LengthError:
            continue
    raise InputError("a name in these certificates is so long that no other one keeps its length")


def differences(before: World, after: World, at: datetime, after_at: datetime | None = None) -> tuple[str, ...]:
    """Compare the verdicts on every connection.

    Args:
        before: the original.
        after: its counterpart, with the connections in the same order.
        at: the time of the original.
        after_at: the time of the counterpart; None for the same.

    Returns:
        One sentence for each connection with another verdict or another first cause.
    """
    old, new = judge_as_known(before, at), judge_as_known(after, after_at or at)
    if len(old) != len(new):
        return (f"there are {len(new)} connections under the new names and {len(old)} under the old ones",)
    return tuple(told for one, other in zip(old, new, strict=True) if (told := _difference(one, other)))


def _difference(old: LegVerdict, new: LegVerdict) -> str:
    before, after = _told(old), _told(new)
    return "" if before == after else f"{old.leg.id}: {before} before, {after} under other names"


def _told(verdict: LegVerdict) -> str:
    return f"down ({verdict.causes[0]})" if verdict.causes else "up" if verdict.accepted else "down"
