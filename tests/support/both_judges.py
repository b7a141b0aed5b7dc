"""The legs of a world that fail, by both judges."""

from __future__ import annotations

from pkikit.design.legs import legs_of
from pkikit.judge.legs.leg_verdict import judge_leg
from pkikit.model.leg import Leg
from pkikit.model.trace import Outcome
from pkikit.model.world import World
from simulator.wire.memory import MemoryDialler
from tests.support.worlds import AT


def refused(world: World) -> set[Leg]:
    """Return the legs that fail; both judges, pkikit and a real handshake, must agree on each."""
    dialler, found = MemoryDialler(world, AT), set()
    for leg in legs_of(world.deployment):
        verdict, trace = judge_leg(leg, world, AT), dialler.dial(leg)
        assert (trace.outcome is Outcome.ACCEPTED) == verdict.accepted, (leg.id, verdict.causes)
        if not verdict.accepted:
            found.add(leg)
    return found
