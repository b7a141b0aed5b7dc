"""A builder that changes the valid world one step at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

from cryptography import x509

from pkikit.issue.authority import Authority, create_root
from pkikit.model.certificates.credential import Credential
from pkikit.worlds.issued_world import layout_of
from simulator.world.craft import DAY, craft
from tests.support.worlds.deployments import (
    AT,
    changed,
    issued,
)


class WorldBuilder:
    """The valid world and the tools to change it; one method a kind of change."""

    def __init__(self, name: str = "clustered-mra") -> None:
        self.world = issued(name).world
        self.authority, self.root = issued(name).authority, issued(name).root

    def layout(self, fqdn: str) -> tuple[str, ...]:
        return layout_of(self.world.deployment, fqdn).dns_names

    def give(self, fqdn: str, credential: Credential) -> WorldBuilder:
        self.world = self.world.with_party(replace(self.world.parties[fqdn], credential=credential, services={}))
        return self

    def reissue(
        self, fqdn: str, *, without: tuple[str, ...] = (), by: Authority | None = None, **properties: Any
    ) -> WorldBuilder:
        names = tuple(n for n in properties.pop("names", self.layout(fqdn)) if n not in without)
        properties.setdefault("common_name", layout_of(self.world.deployment, fqdn).common_name)
        return self.give(fqdn, craft(names, by or self.authority, at=AT, **properties))

    def trust(self, certificates: tuple[x509.Certificate, ...], *parties: str, only: bool = False) -> WorldBuilder:
        for fqdn in parties or tuple(self.world.parties):
            party = self.world.parties[fqdn]
            before = () if only else party.trusted_ca_list
            self.world = self.world.with_party(replace(party, trusted_ca_list=(*before, *certificates)))
        return self

    def list_at(self, fqdn: str, certificates: tuple[x509.Certificate, ...], *ports: int) -> WorldBuilder:
        """Give a party another list of CAs for these ports, as a service of Unified CM has one."""
        party = self.world.parties[fqdn]
        lists = {**party.lists, **dict.fromkeys(ports, certificates)}
        self.world = self.world.with_party(replace(party, lists=lists))
        return self

    def clock(self, fqdn: str, offset: timedelta) -> WorldBuilder:
        self.world = self.world.with_party(replace(self.world.parties[fqdn], clock_offset=offset))
        return self

    def deploy(self, **paths: Any) -> WorldBuilder:
        self.world = replace(self.world, deployment=changed(**paths))
        return self

    def swap(self, left: str, right: str, *, keys: bool) -> WorldBuilder:
        a, b = (self.world.parties[p].credential for p in (left, right))
        assert a is not None
        assert b is not None
        self.give(left, b if keys else Credential(chain=b.chain, key=a.key))
        return self.give(right, a if keys else Credential(chain=a.chain, key=b.key))


@cache
def stranger(name: str = "Stranger") -> Authority:
    root = create_root(f"{name} Root CA", at=AT - 400 * DAY, organisation=name)
    return root.intermediate(f"{name} Issuing CA", at=AT - 400 * DAY, organisation=name)
