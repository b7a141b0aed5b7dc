"""Beside a Unified Communications traversal zone, each C dials each E for an SSH tunnel (2222) and for XMPP (XCP, 7400).

Sources: IP port guide X15.0, "Mobile and Remote Access" (TCP 2222, from Expressway-C to Expressway-E); Cisco TAC 225693
(the tunnel is a connection of its own, and wants clientAuth).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pkikit.design.legs.making import LegSource
from pkikit.design.legs.zone_legs import traversal_legs
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Consumer, Leg, Protocol
from pkikit.model.parties import LegKind
from pkikit.model.tables import ports
from pkikit.model.zones import TraversalZone


def _tunnel_legs(deployment: Deployment) -> Iterator[Leg]:
    """One tunnel for each pair of peers. No document says that a tunnel compares names, so it has no name checks (ours)."""
    for leg in _pairs(deployment):
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


def _xcp_legs(deployment: Deployment) -> Iterator[Leg]:
    """The XCP router of C dials that of E, for chat over MRA (IP port guide X15.0: TCP 7400).

    The guide does not say what is inside: TLS, and that C alone verifies, are ours. What C verifies follows the defaults of
    `XCP TLS Certificate CVS`: chain, and the name in its own configuration (the peer address); no revocation.
    """
    for leg in _pairs(deployment) if deployment.mra and deployment.im_presence else ():
        yield replace(
            leg,
            kind=LegKind.XCP,
            protocol=Protocol.XMPP,
            port=ports.XCP,
            consumer=Consumer.XCP,
            mutual=False,
            client_name_checks=(),
            id="",
        )


def _pairs(deployment: Deployment) -> Iterator[Leg]:
    """Yield one leg of each Unified Communications zone for each pair of C and E."""
    for zone in deployment.zones:
        if not (isinstance(zone, TraversalZone) and zone.is_uc):
            continue
        paired: set[tuple[str, str]] = set()
        for leg in traversal_legs(deployment, zone):
            if (leg.client, leg.server) not in paired:  # not again for a second address of the same peer
                paired.add((leg.client, leg.server))
                yield leg


TUNNEL_LEGS: tuple[LegSource, ...] = (_tunnel_legs, _xcp_legs)
