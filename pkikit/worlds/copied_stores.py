"""What an upgrade does to the certificate stores of the Expressways."""

from __future__ import annotations

from dataclasses import replace

from pkikit.model.deployment import Deployment
from pkikit.model.tables.features import TWO_STORES
from pkikit.model.version import ProductVersion
from pkikit.model.world import World


def with_copied_stores(world: World, before: ProductVersion, after: Deployment) -> World:
    """Return the world in which each peer has a client store, if `after` is the first version here that has one.

    An upgrade copies the server certificate and its private key into the client store (Cisco TAC 225693).

    Args:
        world: the machines before the upgrade.
        before: the version before.
        after: the deployment with the version after.

    Returns:
        The world. A client store that has a certificate already keeps it.
    """
    if before.has(TWO_STORES) or not after.product_version.has(TWO_STORES):
        return world
    return with_full_client_stores(world, after)


def with_full_client_stores(world: World, deployment: Deployment) -> World:
    """Return the world in which each Expressway has a client certificate: its server certificate, if it has no other.

    Args:
        world: the machines.
        deployment: says which of them are Expressways.

    Returns:
        The world.
    """
    parties = dict(world.parties)
    for fqdn in deployment.peers:
        party = parties.get(fqdn)
        if party is not None and party.client is None and party.credential is not None:
            parties[fqdn] = replace(party, client=party.credential)
    return replace(world, parties=parties)
