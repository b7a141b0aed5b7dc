"""A whole world under other names, in memory."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from pkikit.anonymise.disguise import Disguise
from pkikit.anonymise.other_worlds import choose
from pkikit.issue.lookalike.rekeyed_world import originals_of, rekeyed_world
from pkikit.model.world import World
from pkikit.reading import der


def other_world(world: World, seed: int) -> World:
    """The world under other names, with other keys: the same machines, clocks and faults."""
    return choose(world.deployment, originals_of(world), seed, partial(renamed, world))


def renamed(world: World, disguise: Disguise) -> World:
    """The counterpart of a world."""
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
