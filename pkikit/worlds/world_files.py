"""A world of files alone: nothing is added, and what nobody gave stays unknown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pkikit.model.deployment import Deployment
from pkikit.model.world import Party, StandIns, World
from pkikit.worlds.brought import bring_certificates


def world_of_files(deployment: Deployment, folder: Path | None) -> World:
    """Return a world with the certificates and lists of a folder, and with nothing else.

    Args:
        deployment: the machines.
        folder: has a folder for each machine, named by its FQDN; None for no certificates at all.

    Returns:
        The world.

    Raises:
        InputError: a folder is not of a machine of this deployment, or a file cannot be used.
    """
    machines = dict.fromkeys((*deployment.parties, *(name for group in deployment.groups for name in group.members)))
    nobody = {fqdn: Party(fqdn=fqdn, credential=None, trusted_ca_list=()) for fqdn in machines}
    world = World(deployment=deployment, parties=nobody)
    if folder is None:
        return world
    world = bring_certificates(world, folder, check_keys=False)  # nothing is signed for a report
    # `bring_certificates` lets clients outside trust what everybody trusts; nobody gave their lists.
    parties = dict(world.parties)
    for name in (n for group in deployment.groups if not group.has_certificates for n in group.members):
        if not any((folder / name).glob("trust*.pem")):
            parties[name] = replace(parties[name], trusted_ca_list=(), lists={})
    return replace(world, parties=parties, stand_ins=StandIns())
