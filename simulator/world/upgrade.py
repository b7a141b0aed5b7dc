"""Upgrades: the same machines with the same files, in a later version of the product."""

from __future__ import annotations

from dataclasses import replace

from pkikit.errors import InputError
from pkikit.model.deployment import Deployment, deployment_from
from pkikit.model.tables.features import TWO_STORES
from pkikit.model.version import ProductVersion
from pkikit.model.world import World


def upgraded(world: World, version: str) -> World:
    """Return the world after all Expressways were upgraded. Expressway-C and -E always run the same version.

    An upgrade to X15.5 copies the server certificate and its private key into the client store (Cisco TAC 225693).

    Args:
        world: the world before.
        version: the version to upgrade to, such as `X15.5`.

    Returns:
        The world after.

    Raises:
        InputError: the text is not a version, or an older one than that of the world.
    """
    before = world.deployment
    after = deployment_from({**before.model_dump(mode="json"), "version": version})
    if after.product_version < before.product_version:
        raise InputError(f"{before.version} cannot be upgraded to {after.version}, which is older")
    return replace(with_copied_stores(world, before.product_version, after), deployment=after)


def with_copied_stores(world: World, before: ProductVersion, after: Deployment) -> World:
    """Return the world in which each peer has a client store, if `after` is the first version here that has one."""
    if before.has(TWO_STORES) or not after.product_version.has(TWO_STORES):
        return world
    for fqdn in after.peers:
        party = world.parties[fqdn]
        if party.client is None:
            world = world.with_party(replace(party, client=party.credential))
    return world


def require_two_stores(deployment: Deployment) -> None:
    """Return if the version has a client certificate store.

    Raises:
        InputError: it has not.
    """
    if not deployment.product_version.has(TWO_STORES):
        raise InputError(f"{deployment.version} has one certificate store; {TWO_STORES.first} came with a second one")
