"""What the parts of a running lab share, and the interface of followers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from pkikit.design.legs import legs_of
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Leg
from pkikit.model.world import World
from pkikit.worlds.issued_world import IssuedWorld
from simulator.background import Background
from simulator.clock import Clock
from simulator.connections.addresses import AddressPlan
from simulator.events import EventLog
from simulator.settings import LabSettings
from simulator.wire.capture import End, Tap


class Follower:
    """A part that follows a running lab: pages, ACME, a capture, a timeline. By default, a hook does nothing.

    name: how the event log names it when one of its hooks fails.
    """

    name: ClassVar[str] = "a follower"

    def changed(self, before: World, after: World) -> None:
        """Called after the lab put another world in place; the parties already use it."""

    async def restarted(self, fqdn: str) -> None:
        """Called in the background when a party restarts and its connections went down."""

    async def reloaded(self, fqdn: str) -> None:
        """Called when a peer's processes read a deployed certificate; its connections stay as they are."""

    async def tick(self) -> None:
        """Do what is due by the lab's clock. `RunningLab.tick` waits for it."""

    def dates(self) -> Iterable[datetime]:
        """Return the instants, on the lab's clock, at which `tick` will have something to do."""
        return ()

    def tap(self, client: End, server: End) -> Tap | None:
        """Called when a connection opens. Return a function that receives its bytes, or None."""
        return None


@dataclass(kw_only=True)
class LabContext:
    """World, time, events and settings of one lab. A change replaces `world` as a whole, with its deployment.

    issued: the lab's CAs, and the world that they issued at the start. plan: the addresses. background: owns every task
    that no caller waits for. followers: in the order in which they were attached.
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
        self._known_legs: tuple[Deployment, tuple[Leg, ...]] = (self.deployment, legs_of(self.deployment))

    @property
    def deployment(self) -> Deployment:
        """The deployment as it is configured now."""
        return self.world.deployment

    @property
    def legs(self) -> tuple[Leg, ...]:
        """Every TLS connection of the deployment as it is configured now."""
        known, legs = self._known_legs
        if known is not self.deployment:
            legs = legs_of(self.deployment)
            self._known_legs = (self.deployment, legs)
        return legs

    @property
    def by_name(self) -> Mapping[str, str]:
        """The address of each machine."""
        return self.plan.by_name

    def now(self) -> datetime:
        """Return the lab's time."""
        return self.clock.now()

    def now_of(self, fqdn: str) -> datetime:
        """Return the time by a party's own clock."""
        return self.world.clock_of(fqdn, self.clock.now())

    def log(self, event: str, detail: str) -> None:
        """Write a line about the lab itself to the event log."""
        self.events.add(self.deployment.name, event, Detail=detail)

    def taps(self, client: End, server: End) -> Tap | None:
        """Return a function that gives the bytes of a new connection to every follower that wants them; None if none does."""
        taps = [tap for follower in self.followers if (tap := follower.tap(client, server)) is not None]
        if not taps:
            return None

        def record(from_client: bool, data: bytes) -> None:
            for tap in taps:
                tap(from_client, data)

        return record
