"""The world that is judged and simulated: every party of a deployment with what it holds. A fault is another world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from types import MappingProxyType

from cryptography import x509

from pkikit.model.credential import Credential
from pkikit.model.deployment import Deployment


@dataclass(frozen=True, kw_only=True)
class Party:
    """One TLS-speaking machine: a peer, a Unified CM or IM&P node, a neighbour.

    `clock_offset` is how far its clock is ahead of the lab's (negative: behind).
    """

    fqdn: str
    credential: Credential | None
    trusted_ca_list: tuple[x509.Certificate, ...]
    clock_offset: timedelta = timedelta(0)


@dataclass(frozen=True, kw_only=True)
class World:
    """A deployment, its parties by FQDN, and every certificate that anybody in it knows of."""

    deployment: Deployment
    parties: Mapping[str, Party]

    def __post_init__(self) -> None:
        object.__setattr__(self, "parties", MappingProxyType(dict(self.parties)))

    def with_party(self, party: Party) -> World:
        """The same world but for this party."""
        return replace(self, parties={**self.parties, party.fqdn: party})

    @cached_property
    def known_certificates(self) -> tuple[x509.Certificate, ...]:
        """All certificates held anywhere: what a diagnosis may compare with, a verifier may not."""
        held: dict[x509.Certificate, None] = {}
        for party in self.parties.values():
            chain = party.credential.chain if party.credential else ()
            held.update(dict.fromkeys((*chain, *party.trusted_ca_list)))
        return tuple(held)

    def clock_of(self, fqdn: str, at: datetime) -> datetime:
        """What the clock of a party shows when the lab's shows `at`."""
        return at + self.parties[fqdn].clock_offset
