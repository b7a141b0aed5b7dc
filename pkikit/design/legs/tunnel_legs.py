"""SSH tunnels: beside a Unified Communications traversal zone, each Expressway-C dials port 2222 of each Expressway-E.

Sources: IP port guide X15.0, "Mobile and Remote Access" (TCP 2222, from Expressway-C to Expressway-E); Cisco TAC 225693
(the tunnel is a connection of its own, and wants clientAuth).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pkikit.design.legs.making import LegSource
from pkikit.design.legs.zone_legs import traversal_legs
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Leg, Protocol
from pkikit.model.parties import LegKind
from pkikit.model.revocation import Consumer
from pkikit.model.tables import ports
from pkikit.model.zones import TraversalZone


def _tunnel_legs(deployment: Deployment) -> Iterator[Leg]:
    """One tunnel for each pair of peers. No document says that a tunnel compares names, so it has no name checks (ours)."""
    for zone in deployment.zones:
        if not (isinstance(zone, TraversalZone) and zone.is_uc):
            continue
        paired: set[tuple[str, str]] = set()
        for leg in traversal_legs(deployment, zone):
            if (leg.client, leg.server) in paired:
                continue  # a second address of the same peer
            paired.add((leg.client, leg.server))
            yield replace(
                leg,
                kind=LegKind.TUNNEL,
                protocol=Protocol.SSH,
                port=ports.SSH_TUNNEL,
                consumer=Consumer.SSH,
                server_name_checks=(),
                client_name_checks=(),
                id="",
            )


TUNNEL_LEGS: tuple[LegSource, ...] = (_tunnel_legs,)
