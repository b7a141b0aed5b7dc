"""Judge every connection of a world that has only what somebody gave."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from pkikit.design.legs import legs_of
from pkikit.judge.legs.known_verdict import Assessment
from pkikit.model.world import World
from pkikit.view.connections.leg_report import LegReport


def assess(world: World, at: datetime, judged: Callable[[int], None] = lambda number: None) -> tuple[LegReport, ...]:
    """Judge every connection of a world that has only what somebody gave.

    Args:
        world: as `world_of_files` makes it.
        at: the time.
        judged: is called with the number of connections that were just judged.

    Returns:
        One report for each connection of the deployment: up, down, or not assessed with what is missing.
    """
    work, found = Assessment(world, at), []
    for leg in legs_of(world.deployment):
        found.append(LegReport(leg=leg, verdict=work.of(leg), trace=None))
        judged(1)
    return tuple(found)
