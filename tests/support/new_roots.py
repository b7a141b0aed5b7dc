"""Today's lab world and the same machines under a new root, as most plans need them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from pkikit.design.csr import build_csr, fast_key
from pkikit.issue.authority import Authority, create_root
from pkikit.model.certificates.credential import Credential
from pkikit.model.deployment import Deployment
from pkikit.model.world import Party, World
from pkikit.worlds.issued_world import layout_of
from simulator.world.craft import DAY
from tests.support.worlds.deployments import AT, issued

OLD_ROOT, NEW_ROOT = "Lab Root CA", "Next Root CA"


@cache
def new_authority(name: str = NEW_ROOT) -> Authority:
    """An issuing CA below a new root; with the name of the old root, its twin."""
    return create_root(name, at=AT - DAY).intermediate(f"{name} Issuing", at=AT - DAY)


def signed_by(authority: Authority, deployment: Deployment, fqdn: str, *, begins: int = -1) -> Credential:
    """A new certificate for a machine."""
    key = fast_key()
    leaf = authority.issue(build_csr(layout_of(deployment, fqdn), key), at=AT + begins * DAY)
    return Credential(chain=(leaf, *authority.intermediates), key=key)


@cache
def under_new_root(name: str = "clustered-mra", root: str = NEW_ROOT, begins: int = -1) -> tuple[World, World]:
    """Today and tomorrow: the peers of today's lab get certificates of a new root, and every list the new CAs too."""
    return moved(issued(name).world, root, begins)


def moved(today: World, root: str = NEW_ROOT, begins: int = -1) -> tuple[World, World]:
    """The same for any world of the lab."""
    authority, peers = new_authority(root), today.deployment.peers
    new = {fqdn: signed_by(authority, today.deployment, fqdn, begins=begins) for fqdn in peers}

    def after(party: Party) -> Party:
        lists = (authority.root, authority.certificate) if party.fqdn in peers else (authority.root,)
        grown = party.trusting(lists)
        return replace(grown, credential=new[party.fqdn]) if party.fqdn in peers else grown

    return today, replace(today, parties={fqdn: after(party) for fqdn, party in today.parties.items()})
