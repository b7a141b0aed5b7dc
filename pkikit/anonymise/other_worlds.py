"""A whole world under other names, in memory, and the comparison of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from pkikit.anonymise.disguise import Disguise
from pkikit.anonymise.elements.replaced_subjects import LengthError
from pkikit.anonymise.naming.deployment_names import SETTINGS
from pkikit.anonymise.needles import Needles, objects_of
from pkikit.errors import InputError
from pkikit.issue.lookalike.originals import Originals
from pkikit.issue.lookalike.rekeyed_world import originals_of, rekeyed_world
from pkikit.judge.legs.leg_verdict import LegVerdict, judge_all_legs
from pkikit.model.deployment import Deployment
from pkikit.model.world import World
from pkikit.reading import der

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

    return tuple(texts_of(values(deployment.model_dump(mode="json", exclude_unset=True))))


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


def other_world(world: World, seed: int) -> World:
    """Return a world under other names, with other keys: the same machines, clocks and faults.

    Args:
        world: the original.
        seed: another seed gives other names.

    Returns:
        The counterpart.

    Raises:
        InputError: a name cannot be replaced.
    """
    return choose(world.deployment, originals_of(world), seed, partial(renamed, world))


def renamed(world: World, disguise: Disguise) -> World:
    """Return the counterpart of a world."""
    host, url = disguise.names.host, disguise.url
    clusters = {cluster.name for cluster in world.deployment.clusters}
    rekeyed = rekeyed_world(world, source=disguise.keys, transform=disguise.transform)

    def owner(name: str) -> str:
        return disguise.label(name) if name in clusters else host(name)

    return replace(
        rekeyed,
        deployment=disguise.deployment,
        parties={
            host(n): replace(p, fqdn=host(n), domains={host(d): c for d, c in p.domains.items()})
            for n, p in rekeyed.parties.items()
        },
        published={url(at): data for at, data in rekeyed.published.items()},
        unresolved=frozenset(map(host, world.unresolved)),
        revocation={owner(name): how for name, how in world.revocation.items()},
        eku_checking={owner(name): how for name, how in world.eku_checking.items()},
        server_eku_upload={owner(name): how for name, how in world.server_eku_upload.items()},
        withdrawn=frozenset(_serial(serial, disguise) for serial in world.withdrawn),
        failing={url(at): how for at, how in world.failing.items()},
        points={host(name): tuple(map(host, to)) for name, to in world.points.items()},
        caa={host(name): host(authority) for name, authority in world.caa.items()},
        blocked=frozenset((host(fqdn), port) for fqdn, port in world.blocked),
        cut=frozenset(frozenset(map(host, pair)) for pair in world.cut),
        delays={host(fqdn): late for fqdn, late in world.delays.items()},
        stale=frozenset(map(host, world.stale)),
        full=frozenset(map(host, world.full)),
        reverse={host(fqdn): host(name) if name else "" for fqdn, name in world.reverse.items()},
    )


def _serial(serial: int, disguise: Disguise) -> int:
    content = serial.to_bytes(serial.bit_length() // 8 + 1, "big", signed=True)
    return der.number(der.element(der.INTEGER, disguise.numbers.serial(content)))


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
    old, new = judge_all_legs(before, at), judge_all_legs(after, after_at or at)
    if len(old) != len(new):
        return (f"there are {len(new)} connections under the new names and {len(old)} under the old ones",)
    return tuple(told for one, other in zip(old, new, strict=True) if (told := _difference(one, other)))


def _difference(old: LegVerdict, new: LegVerdict) -> str:
    before, after = _told(old), _told(new)
    return "" if before == after else f"{old.leg.id}: {before} before, {after} under other names"


def _told(verdict: LegVerdict) -> str:
    return f"down ({verdict.causes[0]})" if verdict.causes else "up" if verdict.accepted else "down"
