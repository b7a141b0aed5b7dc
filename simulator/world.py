"""The lab's own world: one CA, and for every party what it would be given when all is well."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from pkikit.design.csr import build_csr, fast_key, make_key
from pkikit.design.legs import mra_client
from pkikit.design.san import SanEntry, SanLayout, design_sans
from pkikit.issue.authority import Authority, Profile, create_root
from pkikit.model.credential import Credential, PrivateKey
from pkikit.model.deployment import Deployment
from pkikit.model.world import Party, World

ORGANISATION = "Expressway Certificate Lab"
_WORKERS = 4  # OpenSSL makes RSA keys without holding the interpreter's lock


@dataclass(frozen=True, kw_only=True)
class IssuedWorld:
    """A world in which every leg comes up, and the CA that made it so."""

    world: World
    authority: Authority

    def sign(self, layout: SanLayout, *, at: datetime, profile: Profile | None = None, rsa: bool = True) -> Credential:
        """A new key and a certificate of the lab CA for this layout."""
        return _credential(self.authority, layout, make_key() if rsa else fast_key(), at, profile)


def layout_of(deployment: Deployment, fqdn: str) -> SanLayout:
    """The layout of a peer as designed; of any other party its own FQDN."""
    if deployment.cluster_of(fqdn) is not None:
        return design_sans(deployment, fqdn)
    entry = SanEntry(value=fqdn, reason="its own FQDN", rule="names.reference-not-presented", needed_by=())
    return SanLayout(owner=fqdn, common_name=fqdn, entries=(entry,))


def issue_world(deployment: Deployment, *, at: datetime, rsa: bool = True) -> IssuedWorld:
    """Keys and certificates for all parties: root → intermediate → leaf. Peers that share a certificate share the key."""
    holders = {fqdn: _holder(deployment, fqdn) for fqdn in deployment.parties}
    owners = tuple(dict.fromkeys(holders.values()))
    make: Callable[[], PrivateKey] = make_key if rsa else fast_key
    with ThreadPoolExecutor(_WORKERS) as pool:
        root_key, intermediate_key, *keys = pool.map(lambda _: make(), range(len(owners) + 2))
    root = create_root("Lab Root CA", at=at, key=root_key, organisation=ORGANISATION)
    authority = root.intermediate("Lab Issuing CA", at=at, key=intermediate_key, organisation=ORGANISATION)
    made = {
        owner: _credential(authority, layout_of(deployment, owner), key, at, None)
        for owner, key in zip(owners, keys, strict=True)
    }
    trusted = (root.certificate,)
    parties = {
        fqdn: Party(fqdn=fqdn, credential=made[holder], trusted_ca_list=trusted) for fqdn, holder in holders.items()
    }
    if deployment.mra:
        client = mra_client(deployment)
        parties[client] = Party(fqdn=client, credential=None, trusted_ca_list=trusted)
    return IssuedWorld(world=World(deployment=deployment, parties=parties), authority=authority)


def _holder(deployment: Deployment, fqdn: str) -> str:
    cluster = deployment.cluster_of(fqdn)
    return cluster.peers[0] if cluster is not None and cluster.certificate == "shared" else fqdn


def _credential(
    authority: Authority, layout: SanLayout, key: PrivateKey, at: datetime, profile: Profile | None
) -> Credential:
    leaf = authority.issue(build_csr(layout, key), at=at, profile=profile)
    return Credential(chain=(leaf, *authority.intermediates), key=key)
