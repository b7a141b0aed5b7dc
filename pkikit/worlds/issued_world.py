"""The lab's own world: one CA, and the right certificate for every party."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from pkikit.design.csr import build_csr, fast_key, make_key
from pkikit.design.san import SanEntry, SanLayout, design_sans
from pkikit.issue.authority import LEAF_LIFETIME, Authority, Profile, create_root
from pkikit.model.certificates.credential import Credential, PrivateKey
from pkikit.model.deployment import Deployment
from pkikit.model.revocation import NOTHING_HELD, CrlSource, RevocationData
from pkikit.model.world import Party, World
from pkikit.rules.name_rules import REFERENCE

ORGANISATION = "Expressway Certificate Lab"
ROOT_CRL, ISSUING_CRL = "http://pki.lab.example/root.crl", "http://pki.lab.example/issuing.crl"
OCSP_URL = "http://pki.lab.example/ocsp"
_WORKERS = 4  # OpenSSL makes RSA keys without holding the interpreter's lock


@dataclass(frozen=True, kw_only=True)
class IssuedWorld:
    """A world in which every leg comes up, and the CA that issued its certificates."""

    world: World
    authority: Authority
    root: Authority

    def sign(self, layout: SanLayout, *, at: datetime, profile: Profile | None = None, rsa: bool = True) -> Credential:
        """Return a new key and a certificate of the lab CA for this layout."""
        return _credential(self.authority, layout, make_key() if rsa else fast_key(), at, profile)


def layout_of(deployment: Deployment, fqdn: str) -> SanLayout:
    """Return the designed layout of a peer; for any other party, its own FQDN and the shared names of its group."""
    if deployment.cluster_of(fqdn) is not None:
        return design_sans(deployment, fqdn)
    names = (fqdn, *(name for group in deployment.groups if fqdn in group.members for name in group.identities))
    entries = tuple(SanEntry(value=n, reason="its own name", rule=REFERENCE.id, needed_by=()) for n in names)
    return SanLayout(owner=fqdn, common_name=fqdn, entries=entries)


def issue_world(
    deployment: Deployment, *, at: datetime, rsa: bool = True, before_key: Callable[[], None] = lambda: None
) -> IssuedWorld:
    """Issue keys and certificates for all parties: root → intermediate → leaf. Peers that share a certificate share the key.

    Args:
        deployment: the machines.
        at: the certificates are valid from shortly before this time.
        rsa: make RSA keys, as the product does; otherwise keys that take less time.
        before_key: called before each key, because many keys take a while. What it raises ends the work.

    Returns:
        The world and the CA.
    """
    holders = {fqdn: _holder(deployment, fqdn) for fqdn in deployment.parties}
    owners = tuple(dict.fromkeys(holders.values()))
    make = partial(_key, make_key if rsa else fast_key, before_key)
    further = [
        (node, certificate.ports)
        for group in deployment.groups
        for certificate in group.certificates[1:]
        if certificate.ports
        for node in group.members
    ]
    with ThreadPoolExecutor(_WORKERS) as pool:
        root_key, intermediate_key, *keys = pool.map(lambda _: make(), range(len(owners) + len(further) + 2))
    root = create_root("Lab Root CA", at=at, key=root_key, organisation=ORGANISATION)
    profile = profile_of(deployment)
    pointers = Profile(crl_url=ROOT_CRL).pointers()
    authority = root.intermediate(
        "Lab Issuing CA", at=at, key=intermediate_key, organisation=ORGANISATION, pointers=pointers
    )
    made = {
        owner: _credential(authority, layout_of(deployment, owner), key, at, profile)
        for owner, key in zip(owners, keys, strict=False)
    }
    # Unified CM has two identities under one name: tomcat and CallManager; so has IM&P.
    services: dict[str, dict[int, Credential]] = {}
    for (node, ports), key in zip(further, keys[len(owners) :], strict=True):
        own = _credential(authority, layout_of(deployment, node), key, at, profile)
        services.setdefault(node, {}).update(dict.fromkeys(ports, own))
    trusted = (root.certificate,)
    # SSH tunnels need every CA of the chain in the lists of both Expressways (Cisco TAC 221624).
    lists = dict.fromkeys(deployment.peers, (*trusted, authority.certificate))
    parties = {
        fqdn: Party(
            fqdn=fqdn,
            credential=made[holder],
            trusted_ca_list=lists.get(fqdn, trusted),
            services=services.get(fqdn, {}),
        )
        for fqdn, holder in holders.items()
    }
    parties |= {
        fqdn: Party(fqdn=fqdn, credential=None, trusted_ca_list=trusted)
        for group in deployment.groups
        if not group.has_certificates
        for fqdn in group.members
    }
    world = World(deployment=deployment, parties=parties, published=_crls(root, authority, at))
    return IssuedWorld(world=world, authority=authority, root=root)


def _key(make: Callable[[], PrivateKey], before_key: Callable[[], None]) -> PrivateKey:
    before_key()
    return make()


def profile_of(deployment: Deployment) -> Profile:
    """Return the profile of the lab's leaves: the URL of their CRL, and of the OCSP responder if the deployment has one."""
    return Profile(crl_url=ISSUING_CRL, ocsp_url=OCSP_URL if deployment.revocation.ocsp_responder else "")


def _crls(root: Authority, issuing: Authority, at: datetime) -> dict[str, RevocationData]:
    """Return the CRLs of the lab's CAs: nothing is revoked, and they expire with the leaves."""
    return {
        url: NOTHING_HELD.with_crls(CrlSource.CDP, [authority.crl(at=at, lifetime=LEAF_LIFETIME)])
        for url, authority in ((ROOT_CRL, root), (ISSUING_CRL, issuing))
    }


def _holder(deployment: Deployment, fqdn: str) -> str:
    cluster = deployment.cluster_of(fqdn)
    return cluster.peers[0] if cluster is not None and cluster.certificate == "shared" else fqdn


def _credential(
    authority: Authority, layout: SanLayout, key: PrivateKey, at: datetime, profile: Profile | None
) -> Credential:
    leaf = authority.issue(build_csr(layout, key), at=at, profile=profile)
    return Credential(chain=(leaf, *authority.intermediates), key=key)
