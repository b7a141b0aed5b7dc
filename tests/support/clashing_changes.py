"""Changes in which no order is without refusals, one for each reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cryptography import x509

from pkikit.design.csr import fast_key
from pkikit.issue.authority import Authority, create_root
from pkikit.model.certificates.credential import Credential
from pkikit.model.world import Party, World
from pkikit.planning.change import Change
from pkikit.planning.difference import difference_of
from pkikit.worlds.issued_world import issue_world
from simulator.world.craft import CLIENT, DAY, SERVER, craft
from tests.support.worlds.deployments import AT, changed, issued

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


def same_subject(name: str = "single-pair") -> Change:
    """All machines move to a root that has the subject of the old one: each list can use only one of them."""
    today = issued(name).world
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
