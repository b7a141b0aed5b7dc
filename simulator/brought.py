"""`--certs DIR`: your own certificates and trusted CA lists put into the lab's world."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pkikit.design.legs import mra_client
from pkikit.errors import InputError
from pkikit.files import credential_from_folder, iter_party_folders, read_certificates
from pkikit.judge.facts import is_self_signed
from pkikit.model.names import printable
from pkikit.model.world import World


def bring_certificates(world: World, directory: Path) -> World:
    """The world with every folder of `directory` in it; a party without a folder keeps what the lab issued.

    The MRA client outside has no folder of its own by default: it trusts what the brought trusted CA lists trust.
    """
    client = mra_client(world.deployment)
    brought_roots = []
    for folder in iter_party_folders(directory):
        fqdn = folder.name.lower()
        party = world.parties.get(fqdn)
        if party is None:
            raise InputError(
                f"is no party of {world.deployment.name}; folders are named {', '.join(world.parties)}",
                where=printable(str(folder)),
            )
        credential = credential_from_folder(folder)
        trust_file = folder / "trust.pem"
        trusted = read_certificates(trust_file) if trust_file.exists() else party.trusted_ca_list
        if trust_file.exists():
            brought_roots += [c for c in trusted if is_self_signed(c)]
        world = world.with_party(replace(party, credential=credential or party.credential, trusted_ca_list=trusted))
    outside = world.parties.get(client)
    if outside is not None and not (directory / client).is_dir():
        roots = tuple(dict.fromkeys((*outside.trusted_ca_list, *brought_roots)))
        world = world.with_party(replace(outside, trusted_ca_list=roots))
    return world


def not_simulated_yet(directory: Path) -> list[str]:
    """Files of `directory` that this version reads nothing from, so that nobody takes silence for approval."""
    found = [p for folder in iter_party_folders(directory) for p in (folder / "crl.pem",) if p.exists()]
    found += [p for p in (directory / "ca",) if p.is_dir()]
    return [f"{p}: revocation is not simulated in this version, so it is not read" for p in found]
