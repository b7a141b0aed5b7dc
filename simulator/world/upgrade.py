"""Upgrades: the same machines with the same files, in a later version of the product."""

from __future__ import annotations

from dataclasses import replace

from pkikit.errors import InputError
from pkikit.model.deployment import Deployment, deployment_from
from pkikit.model.tables.features import TWO_STORES
from pkikit.model.world import World
from pkikit.worlds.copied_stores import with_copied_stores


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


def require_two_stores(deployment: Deployment) -> None:
    """Return if the version has a client certificate store.

    Raises:
        InputError: it has not.
    """
    if not deployment.product_version.has(TWO_STORES):
        raise InputError(f"{deployment.version} has one certificate store; {TWO_STORES.first} came with a second one")
