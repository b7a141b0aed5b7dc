"""Worlds for the end of clientAuth: one pair of Expressways, a private CA1, a public CA2, and certificates by store."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from pkikit.issue.authority import Authority, create_root
from pkikit.model.certificates.credential import Credential
from pkikit.model.deployment import Deployment, deployment_from
from pkikit.model.tables.features import TWO_STORES
from pkikit.model.world import Party, World
from pkikit.worlds.issued_world import issue_world, layout_of
from simulator.world.craft import BOTH, CLIENT, DAY, SERVER, craft
from tests.support.worlds.deployments import AT, C1, E1, JABBER, UCM1

NEIGHBOUR, WEBEX, CUBE, CMS = (
    "sip.partner.example.net",
    "sip1.webex.example",
    "cube.corp.example.com",
    "cms1.corp.example.com",
)
BROWSER = "browser.join.example.com"
# (CA, purposes): CA1 is private, CA2 public; S has serverAuth alone, SC both.
S1, SC1, S2, SC2, C_ONLY = (1, (SERVER,)), (1, BOTH), (2, (SERVER,)), (2, BOTH), (1, (CLIENT,))
Kind = tuple[int, tuple[Any, ...]]
Stores = tuple[Kind, Kind]  # client store, server store; before X15.5 the second one is the only one


def eku_deployment(version: str, **zone: Any) -> Deployment:
    """A pair with Mobile and Remote Access, a neighbour with TLS verify mode on, a Meeting Server and Webex."""
    c, e = "cluster-c.corp.example.com", "cluster-e.example.com"
    return deployment_from(
        {
            "name": "eku",
            "version": version,
            "clusters": [
                {"name": "core", "role": "expressway-c", "fqdn": c, "peers": [C1], "cluster_tls": "enforce"},
                {"name": "edge", "role": "expressway-e", "fqdn": e, "peers": [E1], "cluster_tls": "enforce"},
            ],
            "domains": {"registration": ["example.com"], "sip": ["example.com"]},
            "mra": True,
            "zones": [
                {
                    "name": "uc", "type": "unified-communications-traversal", "client": "core", "server": "edge",
                    "peer_addresses": [E1], "tls_verify_subject_name": c,
                },
                {"name": "partner", "type": "neighbour", "cluster": "edge", "peer_addresses": [NEIGHBOUR], "tls_verify": True, **zone},
                {"name": "cube", "type": "neighbour", "cluster": "core", "peer_addresses": [CUBE], "tls_verify": True},
                {"name": "dns", "type": "dns", "cluster": "edge", "tls_verify": True},
            ],
            "unified_cm": [{"name": "cucm", "nodes": [UCM1], "mixed_mode": True, "tls_verify": True}],
            "meeting_servers": [{"name": "cms", "join_host": "join.example.com", "nodes": [CMS]}],
            "b2b_partners": [{"domain": "webex.example", "nodes": [WEBEX], "mutual_tls": True}],
        }
    )  # fmt: skip


@cache
def authorities() -> tuple[Authority, Authority]:
    """CA1, the private one, and CA2, the public one."""
    private, public = (create_root(f"{name} Root CA", at=AT - 400 * DAY) for name in ("Private", "Public"))
    return (
        private.intermediate("Private Issuing CA", at=AT - 400 * DAY),
        public.intermediate("Public Issuing CA", at=AT - 400 * DAY),
    )


def certificate(deployment: Deployment, fqdn: str, kind: Kind) -> Credential:
    layout = layout_of(deployment, fqdn)
    issuer = authorities()[kind[0] - 1]
    return craft(layout.dns_names, issuer, at=AT, ekus=kind[1], common_name=layout.common_name)


@cache
def _issued(version: str) -> World:
    return issue_world(eku_deployment(version), at=AT - DAY, rsa=False).world


def with_stores(world: World, fqdn: str, stores: Stores) -> World:
    """The world in which a peer has these certificates; the same kind in both stores is one certificate."""
    client, server = stores
    loaded = certificate(world.deployment, fqdn, server)
    two = world.deployment.product_version.has(TWO_STORES)
    assert two or client == server, "one store has one certificate"
    other = (loaded if client == server else certificate(world.deployment, fqdn, client)) if two else None
    return world.with_party(replace(world.parties[fqdn], credential=loaded, client=other))


def eku_world(version: str, c: Stores, e: Stores, *, checking: bool = True, **zone: Any) -> World:
    """C and E with these stores. Everybody inside trusts both CAs, everybody outside the public one alone."""
    base = _issued(version)
    deployment = eku_deployment(version, **zone)
    private, public = (authority.root for authority in authorities())
    issuing = tuple(authority.certificate for authority in authorities())
    world = replace(base, deployment=deployment, eku_checking={"core": checking, "edge": checking})
    for fqdn, party in base.parties.items():
        outside = fqdn in {NEIGHBOUR, WEBEX, JABBER, BROWSER}
        trusted = (public,) if outside else (private, public, *issuing)  # SSH tunnels want the issuing CA in the list
        changed: Party = replace(party, trusted_ca_list=trusted, lists=dict.fromkeys(party.lists, trusted))
        if party.credential is not None and fqdn not in {C1, E1}:
            own = certificate(deployment, fqdn, SC2 if outside else SC1)
            changed = replace(changed, credential=own, services={})
        world = world.with_party(changed)
    return with_stores(with_stores(world, C1, c), E1, e)
