"""Ask both judges about every leg of a world: pkikit beforehand, OpenSSL by a handshake in memory. They have to agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pkikit.design.legs import legs_of
from pkikit.judge.legs.leg_verdict import LegVerdict, judge_leg
from pkikit.model.leg import Leg
from pkikit.model.trace import HandshakeTrace, Outcome
from pkikit.model.world import World
from simulator.wire.memory import MemoryDialler
from tests.support.worlds import AT


@dataclass(frozen=True)
class Asked:
    """One leg and what both judges say."""

    leg: Leg
    verdict: LegVerdict
    trace: HandshakeTrace

    @property
    def up(self) -> bool:
        return self.verdict.accepted


def ask_both(world: World, at: datetime = AT, *, only: Callable[[Leg], bool] = lambda _: True) -> list[Asked]:
    """Return every leg with both answers; AssertionError where they differ."""
    dialler = MemoryDialler(world, at)
    asked = [Asked(leg, judge_leg(leg, world, at), dialler.dial(leg)) for leg in legs_of(world.deployment) if only(leg)]
    for one in asked:
        assert one.up == (one.trace.outcome is Outcome.ACCEPTED), (one.leg.id, one.verdict.causes)
    return asked


def down(asked: list[Asked]) -> dict[str, tuple[str, ...]]:
    """Return the causes of the legs that are down, by id."""
    return {one.leg.id: one.verdict.causes for one in asked if not one.up}
