"""Changes in which no order is without refusals, one for each reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cryptography import x509

from pkikit.design.csr import fast_key
from pkikit.issue.authority import Authority, create_root
from pkikit.model.certificates.credential import Credential
from pkikit.model.places import deployment_with
from pkikit.model.world import Party, World
from pkikit.planning.change import Change
from pkikit.planning.difference import difference_of
from pkikit.worlds.issued_world import issue_world
from simulator.world.craft import CLIENT, DAY, SERVER, craft
from tests.support.worlds.deployments import AT, changed, issued

CORE, SECOND, EDGE = "expc.corp.example.com", "expd.corp.example.com", "expe.example.com"
_LONG_AGO = AT - 400 * DAY


def twin_of(root: x509.Certificate) -> Authority:
    """An issuing CA below a root with the subject of another one, and another key."""
    common_name, organisation = (
        str(root.subject.get_attributes_for_oid(oid)[0].value)
        for oid in (x509.NameOID.COMMON_NAME, x509.NameOID.ORGANIZATION_NAME)
    )
    twin = create_root(common_name, at=_LONG_AGO, organisation=organisation)
    return twin.intermediate("Next Issuing CA", at=_LONG_AGO)


def signed(authority: Authority, old: Credential, *, names: tuple[str, ...] = (), ekus: Any = None) -> Credential:
    """A certificate with the names of another one, or with other names."""
    held = old.leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    kept = tuple(held.get_values_for_type(x509.DNSName))
    common = str(old.leaf.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value)
    return craft(names or kept, authority, at=AT, common_name=common, key=fast_key(), ekus=ekus or (SERVER, CLIENT))


def same_subject(today: World | None = None) -> Change:
    """All machines move to a root that has the subject of the old one: each list can use only one of them."""
    today = today or issued("single-pair").world
    old = next(c for p in today.parties.values() for c in p.trusted_ca_list if c.subject == c.issuer)
    authority = twin_of(old)
    lists = (authority.root, authority.certificate)

    def after(party: Party) -> Party:
        new = {c: signed(authority, c) for c in party.credentials}
        return replace(
            party,
            credential=new[party.credential] if party.credential else None,
            client=new[party.client] if party.client else None,
            services={port: new[c] for port, c in party.services.items()},
            domains={domain: new[c] for domain, c in party.domains.items()},
            trusted_ca_list=lists,
            lists=dict.fromkeys(party.lists, lists),
        )

    tomorrow = replace(today, parties={fqdn: after(party) for fqdn, party in today.parties.items()})
    return difference_of(today, tomorrow, at=AT)


def world_of(name: str = "single-pair", **values: Any) -> World:
    """The valid machines of a deployment with some values replaced."""
    return issue_world(changed(name, **values), at=AT - DAY, rsa=False).world


def only_a_cluster() -> World:
    """Two peers that verify each other; nothing else is verified."""
    return world_of(
        clusters__0__peers=[CORE, SECOND],
        clusters__0__fqdn="exp.corp.example.com",
        zones__0__tls_verify=False,
        zones__0__tls_verify_subject_name=None,
    )


def other_name() -> Change:
    """The zone looks for another name, and the new certificate has only that one."""
    today, name = issued("single-pair").world, "gateway.corp.example.com"
    party = today.parties[CORE]
    old = party.credential
    assert old is not None
    made = signed(issued("single-pair").authority, old, names=(name,))
    after = deployment_with(today.deployment, {"zones.0.tls_verify_subject_name": name})
    tomorrow = replace(today.with_party(replace(party, credential=made)), deployment=after)
    return difference_of(today, tomorrow, at=AT)


def permissive_tomorrow() -> Change:
    """A cluster becomes permissive because its new certificates do not verify: one restart would put both into effect."""
    today = only_a_cluster()
    strange = create_root("Strange Root CA", at=_LONG_AGO)
    tomorrow = replace(today, deployment=deployment_with(today.deployment, {"clusters.0.cluster_tls": "permissive"}))
    for fqdn in (CORE, SECOND):
        party = today.parties[fqdn]
        assert party.credential is not None
        tomorrow = tomorrow.with_party(replace(party, credential=signed(strange, party.credential)))
    return difference_of(today, tomorrow, at=AT)


def needed_root_removed() -> Change:
    """The old root leaves a list although a certificate that stays leads to it."""
    today = issued("single-pair").world
    other = create_root("Other Root CA", at=_LONG_AGO)
    party = replace(today.parties[EDGE], trusted_ca_list=(other.certificate,))
    return difference_of(today, today.with_party(party), at=AT)


def without_client_auth() -> Change:
    """The new client certificate has no clientAuth, and the other side keeps asking for it."""
    today = world_of(version="X15.5")
    party = today.parties[CORE]
    shown = party.client or party.credential
    assert shown is not None
    made = signed(issued("single-pair").authority, shown, ekus=(SERVER,))
    authority = issued("single-pair").authority
    trusting = today.with_party(today.parties[EDGE].trusting((authority.root, authority.certificate)))
    return difference_of(trusting, trusting.with_party(replace(party, client=made)), at=AT)
