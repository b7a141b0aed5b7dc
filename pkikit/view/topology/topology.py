"""The topology of a lab as values: boxes, bundles of connections, and what differs. Pictures and pages show it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from pkikit.design.legs import legs_of
from pkikit.judge.legs.known_parts import State
from pkikit.judge.legs.stand_ins import known_part
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Leg
from pkikit.model.parties import Side
from pkikit.model.world import World
from pkikit.rules.plain_causes import said_plainly
from pkikit.text import counted
from pkikit.view.connections.check_report import CheckReport
from pkikit.view.connections.leg_report import LegReport
from pkikit.view.short_names import ShortNames
from pkikit.view.topology.bundles import Bundle, bundles_of
from pkikit.view.topology.differences import PEBBLE, Differences, differences_of, issuer_text
from pkikit.view.topology.systems import System, systems_of


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Connections that are down for one reason. machine: who refuses; empty if nobody answers."""

    cause: str
    machine: str
    entries: tuple[tuple[Bundle, LegReport], ...]


@dataclass(frozen=True, kw_only=True)
class Topology:
    """A deployment, what its machines have, and which connections are up (if they were checked).

    Attributes:
        deployment: the machines.
        world: their certificates and lists.
        report: the last check; None before the first one.
        unassessed: connections that the check could not assess.
        partial: the world has only what somebody gave: a machine without a certificate may have one that nobody gave.
    """

    deployment: Deployment
    world: World
    report: CheckReport | None
    unassessed: tuple[Leg, ...] = ()
    partial: bool = False

    @classmethod
    def of(
        cls, deployment: Deployment, world: World, report: CheckReport | None = None, *, partial: bool = False
    ) -> Topology:
        """Return the topology; what a check could not assess is neither up nor down in it.

        Args:
            deployment: the machines.
            world: their certificates and lists.
            report: the last check; None before the first one.
            partial: the world has only what somebody gave. It is so too if what the lab made counts as unknown.

        Returns:
            The topology.
        """
        if world.stand_ins.unknown:
            world, partial = known_part(world), True
        if report is None:
            return cls(deployment=deployment, world=world, report=None, partial=partial)
        unknown = tuple(leg.leg for leg in report.legs if leg.state is State.NOT_ASSESSED)
        assessed = tuple(leg for leg in report.legs if leg.state is not State.NOT_ASSESSED)
        return cls(
            deployment=deployment,
            world=world,
            report=replace(report, legs=assessed),
            unassessed=unknown,
            partial=partial,
        )

    @cached_property
    def systems(self) -> tuple[System, ...]:
        """The boxes, from inside to outside; last a public CA, if it issued certificates that are in use."""
        return (*systems_of(self.deployment), *self._public_ca)

    @property
    def _public_ca(self) -> tuple[System, ...]:
        signed = [name for name in self.world.parties if issuer_text(self.world, name) == PEBBLE]
        if not signed:
            return ()
        names = ", ".join(self.names.short.get(name, name) for name in signed)
        return (
            System(
                title="Public CA", label="Public CA", name=PEBBLE, side=Side.OUTSIDE, members=(), note=f"issued {names}"
            ),
        )

    @cached_property
    def names(self) -> ShortNames:
        """Short names of the machines, and connections in words."""
        return ShortNames(self.legs)

    @cached_property
    def bundles(self) -> tuple[Bundle, ...]:
        """The lines: of what was checked, or of every connection before the first check."""
        reports = {report.leg.id: report for report in self.report.legs} if self.report else {}
        seen = (*(report.leg for report in reports.values()), *self.unassessed)
        unassessed = {leg.id for leg in self.unassessed}
        return bundles_of(self.systems, seen or self.legs, reports, self.names.carries, unassessed)

    @cached_property
    def legs(self) -> tuple[Leg, ...]:
        """Every connection of the deployment."""
        return tuple(legs_of(self.deployment))

    @cached_property
    def differences(self) -> Differences:
        """What each machine has alone."""
        machines = [name for system in self.systems for name in system.members]
        return differences_of(self.world, machines, partial=self.partial)

    @cached_property
    def down_by_machine(self) -> Mapping[str, str]:
        """For each machine with connections that are down, how many: `9 of 20 down`."""
        every = Counter(name for shown in self.bundles for r in shown.reports for name in (r.leg.client, r.leg.server))
        down = Counter(name for shown in self.bundles for r in shown.down for name in (r.leg.client, r.leg.server))
        return {name: f"{count} of {every[name]} down" for name, count in down.items()}

    @cached_property
    def refusals(self) -> tuple[Refusal, ...]:
        """Why connections are down: by first cause and by who refuses, those of most connections first."""
        found: dict[tuple[str, str], list[tuple[Bundle, LegReport]]] = {}
        for shown in self.bundles:
            for report in shown.down:
                cause = report.causes[0] if report.causes else report.outcome.value
                found.setdefault((cause, report.refused_by), []).append((shown, report))
        made = (Refusal(cause=cause, machine=who, entries=tuple(listed)) for (cause, who), listed in found.items())
        return tuple(sorted(made, key=lambda refusal: -len(refusal.entries)))

    def refusal_text(self, refusal: Refusal) -> str:
        """Return it in words: who refuses how many connections, why, and where."""
        some = counted(len(refusal.entries), "connection")
        who = self.names.short.get(refusal.machine, refusal.machine)
        counts = Counter(shown.between for shown, _ in refusal.entries)
        where = "; ".join(f"{between} ({count})" for between, count in counts.items())
        return f"{f'{who} refuses {some}' if who else f'{some} down'}: {said_plainly(refusal.cause)}. {where}"

    @property
    def count(self) -> str:
        """As `92 of 92 connections up`; as `92 connections` before the first check."""
        if self.report is None:
            return counted(len(self.legs), "connection")
        every = len(self.report.legs) + len(self.unassessed)
        up = f"{len(self.report.legs) - len(self.report.down)} of {counted(every, 'connection')} up"
        return f"{up}, {len(self.unassessed)} not assessed" if self.unassessed else up

    @property
    def title(self) -> str:
        """The deployment with its version."""
        return f"{self.deployment.name} ({self.deployment.version})"

    def connection(self, leg: Leg) -> str:
        """Return a connection in words: `c1 → e1 (UC traversal)`."""
        return self.names.connection(leg)
