"""Connections between two boxes of the topology, as one line with a count."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from pkikit.model.leg import Leg
from pkikit.model.parties import LegKind
from pkikit.text import counted
from pkikit.view.connections.leg_report import LegReport
from pkikit.view.drawing import Mark
from pkikit.view.topology.systems import System

# Connections between an Expressway-C and an Expressway-E: a line for each purpose.
_PURPOSES = {LegKind.TUNNEL: "SSH tunnels", LegKind.XCP: "XCP"}


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """All connections between two boxes that the picture shows as one line.

    left is nearer to the inside. purpose: what tells two lines between the same boxes apart; empty if there is one.
    reports: of the last check; none if there was none. open: how many connections a check could not assess.
    """

    left: System
    right: System
    purpose: str
    legs: tuple[Leg, ...] = field(repr=False)
    reports: tuple[LegReport, ...] = field(default=(), repr=False)
    open: int = 0

    @cached_property
    def down(self) -> tuple[LegReport, ...]:
        """Those that are down."""
        return tuple(report for report in self.reports if report.down)

    @property
    def mark(self) -> Mark:
        """How it is drawn."""
        if not self.reports or (self.open and not self.down):
            return "idle"
        return "up" if not self.down else "down" if len(self.down) == len(self.legs) else "mixed"

    @property
    def count(self) -> str:
        """As `6 of 8 up`, and how many a check could not assess; as `8 connections` before the first check."""
        if self.open and self.open == len(self.legs):
            return f"{self.open} not assessed"
        if not self.reports:
            return counted(len(self.legs), "connection")
        up = f"{len(self.reports) - len(self.down)} of {len(self.legs)} up"
        return f"{up}, {self.open} not assessed" if self.open else up

    @property
    def between(self) -> str:
        """The boxes in words."""
        if self.left is self.right:
            return f"{self.left.label}, {self.inside}"
        return f"{self.left.label} – {self.right.label}"

    @property
    def named(self) -> str:
        """The boxes and what the connections are for."""
        return f"{self.between}, {self.purpose}" if self.purpose else self.between

    @property
    def inside(self) -> str:
        """What is written beside connections within one box."""
        return "between its peers" if self.left.peers else "between them"


def bundles_of(
    systems: Sequence[System],
    legs: Sequence[Leg],
    reports: Mapping[str, LegReport],
    carries: Callable[[Leg], str],
    unassessed: Container[str] = (),
) -> tuple[Bundle, ...]:
    """Return the lines of the picture, in the order of the connections.

    reports: by the id of the connection. carries: says what a connection is for. unassessed: ids of connections that a check
    could not assess.
    """
    where: Mapping[str, System] = {name: system for system in systems for name in system.members}
    rank = {id(system): number for number, system in enumerate(systems)}
    found: dict[tuple[int, int, str], list[Leg]] = {}
    ends: dict[tuple[int, int, str], tuple[System, System]] = {}
    for leg in legs:
        if leg.client not in where or leg.server not in where:
            continue
        left, right = sorted((where[leg.client], where[leg.server]), key=lambda system: rank[id(system)])
        purpose = _purpose(leg, carries) if left.peers and right.peers and left is not right else ""
        key = (rank[id(left)], rank[id(right)], purpose)
        ends[key] = (left, right)
        found.setdefault(key, []).append(leg)
    return tuple(
        Bundle(
            left=ends[key][0],
            right=ends[key][1],
            purpose=key[2],
            legs=tuple(listed),
            reports=tuple(reports[leg.id] for leg in listed if leg.id in reports),
            open=sum(leg.id in unassessed for leg in listed),
        )
        for key, listed in found.items()
    )


def _purpose(leg: Leg, carries: Callable[[Leg], str]) -> str:
    if leg.kind in _PURPOSES:
        return _PURPOSES[leg.kind]
    if leg.kind is LegKind.MRA_REGISTRATION:
        return "MRA registration"
    return carries(leg)
