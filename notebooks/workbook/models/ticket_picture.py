"""The topology of a ticket: where each machine is, and which connections are up. No reasons: those are to be found."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from pkikit.model.deployment import Deployment
from pkikit.model.world import World
from pkikit.view.connections.check_report import CheckReport
from pkikit.view.connections.leg_report import LegReport
from pkikit.view.drawing import Picture
from pkikit.view.topology.differences import Differences
from pkikit.view.topology.picture import draw_topology
from pkikit.view.topology.topology import Refusal, Topology


class _Unexplained(LegReport):
    """A connection that does not say why it is down."""

    @property
    def causes(self) -> tuple[str, ...]:
        return ()


class _Equal(Differences):
    """Machines whose certificates and lists are not told."""

    def of(self, fqdn: str) -> tuple[str, ...]:
        return ()

    @property
    def caption(self) -> tuple[str, ...]:
        return ()


class _TicketTopology(Topology):
    """A topology without certificates, lists and reasons."""

    @cached_property
    def differences(self) -> Differences:
        return _Equal(facts={}, usual={}, kinds={})

    @cached_property
    def refusals(self) -> tuple[Refusal, ...]:
        return ()


def ticket_picture(deployment: Deployment, world: World, report: CheckReport) -> Picture:
    """Draw the machines of a ticket, and which connections are up."""
    legs = tuple(_Unexplained(leg=leg.leg, verdict=leg.verdict, trace=leg.trace) for leg in report.legs)
    topology = _TicketTopology(deployment=deployment, world=world, report=replace(report, legs=legs))
    return draw_topology(topology, tip=lambda fqdn: fqdn)
