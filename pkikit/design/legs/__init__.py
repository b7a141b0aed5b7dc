"""The legs of a deployment: every TLS connection that its certificates have to serve.

Sources: X12.5 guide, "SIP TLS Negotiation Failures on Neighbor and Traversal Zones" and "Server Certificate
Requirements for Unified Communications"; the administrator guide for TLS verify mode; docs/sources.md for the ports.
"""

from __future__ import annotations

from dataclasses import replace

from pkikit.design.legs.inside import SERVER_LEGS
from pkikit.design.legs.outside import OUTSIDE_LEGS, registration_names
from pkikit.design.legs.server_legs import UNIFIED_COMMUNICATIONS_LEGS
from pkikit.design.legs.tunnel_legs import TUNNEL_LEGS
from pkikit.design.legs.zone_legs import ZONE_LEGS, verify_subject_name
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Leg, Protocol

__all__ = ["legs_of", "registration_names", "verify_subject_name"]

_SOURCES = (*ZONE_LEGS, *TUNNEL_LEGS, *UNIFIED_COMMUNICATIONS_LEGS, *OUTSIDE_LEGS, *SERVER_LEGS)


def legs_of(deployment: Deployment) -> tuple[Leg, ...]:
    """Return all legs, in the order cluster, zones, SSH tunnels, Unified CM, IM&P, MRA clients, partners, servers inside."""
    found = (leg for source in _SOURCES for leg in source(deployment))
    return tuple(leg if leg.protocol is Protocol.SIP_TLS else _without_sip(leg) for leg in found)


def _without_sip(leg: Leg) -> Leg:
    """Drop SIP URIs from the checks of other protocols: only SIP reads them (RFC 5922 is about SIP domains)."""
    of_server, of_client = (
        tuple(replace(check, sip=False) for check in checks)
        for checks in (leg.server_name_checks, leg.client_name_checks)
    )
    return replace(leg, server_name_checks=of_server, client_name_checks=of_client)
