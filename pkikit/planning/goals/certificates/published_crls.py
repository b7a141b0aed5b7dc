"""Where a CA publishes its CRL: a certificate of a new CA names the place too, if Expressways check revocation."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from pkikit.issue.authority import LEAF_LIFETIME, Authority
from pkikit.model.certificates.facts import crl_urls, is_issued_by, ocsp_urls
from pkikit.model.revocation import NOTHING_HELD, CrlSource, RevocationData
from pkikit.model.world import World
from pkikit.planning.goals.certificates.certificate_orders import Order

NEW_CA_CRL = "http://pki.new-ca.example/ca.crl"


def with_pointers(order: Order, authority: Authority, world: World) -> Order:
    """Return an order for another CA, with the places where that CA publishes.

    Args:
        order: what the certificate is to have.
        authority: the CA.
        world: the machines; a certificate of this CA among theirs shows where it publishes.

    Returns:
        The order.
    """
    known = next((c for c in world.known_certificates if is_issued_by(c, authority.certificate) and crl_urls(c)), None)
    if known is not None:
        return replace(order, crl_url=crl_urls(known)[0], ocsp_url=next(iter(ocsp_urls(known)), ""))
    return replace(order, crl_url=NEW_CA_CRL) if checks_revocation(world) else order


def checks_revocation(world: World) -> bool:
    """Return True if some Expressway checks the revocation of what others show."""
    found = (world.revocation_settings(fqdn) for fqdn in world.deployment.peers)
    return any(settings is not None and settings.checking for settings in found)


def publishing(world: World, order: Order, authority: Authority, at: datetime) -> World:
    """Return the world in which the CA of an order publishes its CRL, if it is new; nothing in it is revoked."""
    if order.crl_url != NEW_CA_CRL or NEW_CA_CRL in world.published:
        return world
    return replace(world, published={**world.published, NEW_CA_CRL: served_by(authority, at)})


def served_by(authority: Authority, at: datetime) -> RevocationData:
    """Return what a CA publishes that has revoked nothing."""
    return NOTHING_HELD.with_crls(CrlSource.CDP, [authority.crl(at=at, lifetime=LEAF_LIFETIME)])
