"""What the parts of a running lab share, and what may follow along with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from pkikit.design.legs import legs_of
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Leg
from pkikit.model.world import World
from simulator.background import Background
from simulator.clock import Clock
from simulator.events import EventLog
from simulator.settings import LabSettings
from simulator.wire.capture import End, Tap
from simulator.world.addresses import AddressPlan
from simulator.world.issued_world import IssuedWorld


class Follower:
    """Something that goes along with a running lab: pages, ACME, a capture, a timeline. A hook does nothing by default.

    name: how the event log names it when one of its hooks fails.
    """

    name: ClassVar[str] = "a follower"

    def changed(self, before: World, after: World) -> None:
        """Another world is in place; the parties already use it."""

    async def restarted(self, fqdn: str) -> None:
        """A party restarts: its connections went down. Runs in the background."""

    async def tick(self) -> None:
        """Do what is due by the lab's clock. `RunningLab.tick` waits for it."""

    def dates(self) -> Iterable[datetime]:
        """The instants, on the lab's clock, at which `tick` will have something to do."""
        return ()

    def tap(self, client: End, server: End) -> Tap | None:
        """A connection was opened; a function to give its bytes to, or None."""
        return None


@dataclass(kw_only=True)
class LabContext:
    """One lab's world, time, events and settings. `world` is replaced as a whole; everything else stays.

    issued: the lab's CAs, and the world that they issued at the start. plan: the addresses. background: owns every task
    that nobody waits for. followers: in the order in which they were attached.
    """

    settings: LabSettings
    clock: Clock
    events: EventLog
    plan: AddressPlan
    issued: IssuedWorld
    world: World
    background: Background
    followers: list[Follower] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.deployment: Deployment = self.world.deployment
        self.legs: tuple[Leg, ...] = legs_of(self.deployment)

    def now(self) -> datetime:
        """The lab's time."""
        return self.clock.now()

    def now_of(self, fqdn: str) -> datetime:
        """The time by a party's own clock."""
        return self.world.clock_of(fqdn, self.clock.now())

    def log(self, event: str, detail: str) -> None:
        """Write a line about the lab itself to the event log."""
        self.events.add(self.deployment.name, event, Detail=detail)

    def taps(self, client: End, server: End) -> Tap | None:
        """A function that gives the bytes of a new connection to every follower that wants them."""
        taps = [tap for follower in self.followers if (tap := follower.tap(client, server)) is not None]
        if not taps:
            return None

        def record(from_client: bool, data: bytes) -> None:
            for tap in taps:
                tap(from_client, data)

        return record
