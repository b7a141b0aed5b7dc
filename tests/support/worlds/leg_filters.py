"""Which legs a broken world affects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pkikit.model.leg import Consumer, Leg
from pkikit.model.parties import LegKind
from pkikit.model.purposes import needs_client_auth
from tests.support.worlds.deployments import (
    deployment,
)


def presenting(fqdn: str) -> Callable[[Leg], bool]:
    """Legs on which a certificate of that party is judged."""
    return lambda leg: (leg.server == fqdn and leg.client_verifies) or (leg.client == fqdn and leg.mutual)


def carrier_of(leg: Leg) -> Leg:
    """The leg of the zone over which Mobile and Remote Access registers; any other leg itself."""
    if not leg.registration:
        return leg
    return replace(leg, kind=LegKind.ZONE, id="zone:" + leg.id.partition(":")[2])


def wanting_client_auth(fqdn: str) -> Callable[[Leg], bool]:
    """Legs on which the certificate of that party must contain clientAuth."""
    return lambda leg: needs_client_auth(leg, fqdn, deployment())


def as_client(fqdn: str) -> Callable[[Leg], bool]:
    return lambda leg: leg.client == fqdn and leg.mutual


def as_server(fqdn: str) -> Callable[[Leg], bool]:
    return lambda leg: leg.server == fqdn and leg.client_verifies


def judging(fqdn: str) -> Callable[[Leg], bool]:
    """Legs on which that party judges another's certificate."""
    return lambda leg: (leg.client == fqdn and leg.client_verifies) or (leg.server == fqdn and leg.mutual)


def zone(*prefixes: str) -> Callable[[Leg], bool]:
    return lambda leg: leg.id.startswith(prefixes)


def looks_for(fqdn: str, name: str) -> Callable[[Leg], bool]:
    """Legs on which nothing but `name` is looked for in the certificate of `fqdn` (by some check)."""
    return lambda leg: any(check.any_of == (name,) for check in leg.presents(fqdn))


def by_peers(leg_filter: Callable[[Leg], bool], of: str) -> Callable[[Leg], bool]:
    """Legs of `leg_filter` on which an Expressway peer judges the certificate of `of` and may check revocation: no tunnels, no XCP."""
    peers = deployment().peers

    def affected(leg: Leg) -> bool:
        return (leg.consumer not in {Consumer.SSH, Consumer.XCP} and leg_filter(leg)) and (
            (leg.server == of and leg.client_verifies and leg.client in peers)
            or (leg.client == of and leg.mutual and leg.server in peers)
        )

    return affected
