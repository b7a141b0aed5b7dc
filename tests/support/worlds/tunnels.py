"""Tunnels in worlds that are about something else: without every CA in both lists, SSH is down whatever else is right."""

from __future__ import annotations

from pkikit.model.certificates.facts import is_self_signed
from pkikit.model.leg import Leg, Protocol
from pkikit.model.world import World

CA_NOT_IN_LIST = {"trust.intermediate-missing"}


def lacks_a_ca(leg: Leg, world: World) -> bool:
    """True for a tunnel of which one end lacks a CA certificate of the other's chain."""
    if leg.protocol is not Protocol.SSH:
        return False
    pairs = ((leg.client, leg.server), (leg.server, leg.client))
    return not all(_reaches_a_root(world, verifier, presenter) for verifier, presenter in pairs)


def _reaches_a_root(world: World, verifier: str, presenter: str) -> bool:
    credential = world.parties[presenter].credential
    if credential is None:
        return True
    certificate, left = credential.leaf, list(world.parties[verifier].trusted_ca_list)
    while not is_self_signed(certificate):
        issuer = next((c for c in left if c.subject == certificate.issuer), None)
        if issuer is None:
            return False
        left.remove(issuer)
        certificate = issuer
    return True
