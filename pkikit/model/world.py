"""The world that is judged and simulated: every party with its certificates and lists. A fault is another world."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from types import MappingProxyType

from cryptography import x509

from pkikit.model.certificates.credential import Credential
from pkikit.model.certificates.facts import crl_urls, ocsp_urls
from pkikit.model.deployment import Deployment, Revocation
from pkikit.model.leg import Consumer, Leg, Purpose
from pkikit.model.purposes import asked_of_client
from pkikit.model.revocation import NOTHING_HELD, CrlSource, RevocationData, RevocationQuestion
from pkikit.model.tables import ports


class Speaks(enum.StrEnum):
    """What a party does on its ports.

    TLS as usual, TLS 1.0 only, suites without encryption only, SIP without TLS, or nothing (port closed).
    """

    TLS = "tls"
    TLS_1_0 = "tls-1.0"
    NULL_CIPHERS = "null-ciphers"
    PLAIN = "plain"
    NOTHING = "nothing"


class Failing(enum.StrEnum):
    """What a distribution point or responder does instead of answering."""

    DOWN = "down"
    SLOW = "slow"
    GARBAGE = "garbage"
    HUGE = "huge"


def domain_asked_for(server_name: str) -> str:
    """Return the domain that a server name asks for: Jabber asks for the domain itself, or for collab-edge below it."""
    return server_name.lower().removeprefix("collab-edge.")


@dataclass(frozen=True, kw_only=True)
class Party:
    """One TLS-speaking machine: a peer, a Unified CM or IM&P node, a neighbour.

    `clock_offset` is how far its clock is ahead of the lab's (negative: behind); `held` are the CRLs that it was given;
    `boots` counts restarts. `services` are certificates of their own for some ports: Unified CM shows its CallManager
    certificate for SIP and its tomcat certificate, the `credential`, for the rest. `client` is what it shows as TLS
    client, where it has a store for that (X15.5); `domains` are certificates for MRA by the server name asked for (SNI).
    `lists` are lists of CAs of their own for some ports, as Unified CM has tomcat-trust and CallManager-trust; without
    one, the trusted CA list counts.
    """

    fqdn: str
    credential: Credential | None
    trusted_ca_list: tuple[x509.Certificate, ...]
    clock_offset: timedelta = timedelta(0)
    speaks: Speaks = Speaks.TLS
    boots: int = 0
    services: Mapping[int, Credential] = field(default_factory=dict)
    client: Credential | None = None
    domains: Mapping[str, Credential] = field(default_factory=dict)
    lists: Mapping[int, tuple[x509.Certificate, ...]] = field(default_factory=dict)
    held: RevocationData = field(default=NOTHING_HELD, compare=False)

    def as_server(self, port: int, server_name: str = "") -> Party:
        """Return the party as seen at that port: with the certificate that it presents there for that server name.

        Its trusted CA list is then the one that it reads at that port.
        """
        if port == ports.MRA and server_name:
            found = self.domains.get(domain_asked_for(server_name))
            if found is not None:
                return replace(self, credential=found)
        if port not in self.services and port not in self.lists:
            return self
        trusted = self.lists.get(port, self.trusted_ca_list)
        return replace(self, credential=self.services.get(port, self.credential), trusted_ca_list=trusted)

    def as_client(self, port: int) -> Party:
        """Return the party as others see it: with its client certificate, if it has one."""
        return replace(self, credential=self.client) if self.client is not None else self.as_server(port)

    def trusting(self, certificates: Iterable[x509.Certificate]) -> Party:
        """Return the party with these certificates appended to all of its lists of CAs."""
        added = tuple(certificates)
        lists = {port: tuple(dict.fromkeys((*listed, *added))) for port, listed in self.lists.items()}
        return replace(self, trusted_ca_list=tuple(dict.fromkeys((*self.trusted_ca_list, *added))), lists=lists)

    @property
    def listed(self) -> tuple[x509.Certificate, ...]:
        """All certificates of all of its lists of CAs, each once."""
        return tuple(dict.fromkeys((*self.trusted_ca_list, *(c for listed in self.lists.values() for c in listed))))

    @property
    def credentials(self) -> tuple[Credential, ...]:
        """Everything that it can present."""
        own = [c for c in (self.credential, self.client) if c is not None]
        return (*own, *self.services.values(), *self.domains.values())


@dataclass(frozen=True, kw_only=True)
class StandIns:
    """What the lab made in place of files that nobody brought (`--certs`).

    certificates: leaves. lists: lists of CAs, each with the FQDN of the machine that has it. urls: where the lab serves its own
    CRLs.
    unknown: nothing of it counts, as for a deployment that was imported: what depends on it is not assessed. Otherwise the lab
    plays these machines, and it counts.
    """

    certificates: frozenset[x509.Certificate] = frozenset()
    lists: frozenset[tuple[str, tuple[x509.Certificate, ...]]] = frozenset()
    urls: frozenset[str] = frozenset()
    unknown: bool = False

    def __bool__(self) -> bool:
        return bool(self.certificates or self.lists)


_MAPPINGS = (
    "parties", "published", "revocation", "eku_checking", "server_eku_upload", "failing", "points", "caa", "delays", "reverse",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class World:
    """A deployment, its parties by FQDN, what is served at the URLs that certificates name, and names that DNS lacks.

    revocation: SIP revocation settings by cluster name, where they are no longer those of the deployment.
    eku_checking: whether clientAuth of callers is checked, by cluster name (X15.5's switch) or by the FQDN of a machine outside,
    where it is no longer as the deployment has it.
    server_eku_upload: X15.4's switch for uploads on Expressway-E, by cluster name, likewise.
    withdrawn: serial numbers that the lab's CA has revoked. failing: URLs that do not answer as they should.
    points: names that DNS leads to other parties than it should. caa: who may issue, by name.
    blocked: (party, port) that a firewall keeps. cut: pairs of parties between which no packet passes.
    delays: seconds by which what a party sends comes late.
    stale: names that have an IPv6 address in DNS where nobody listens. full: parties whose disk takes nothing more.
    reverse: the name in the PTR record of a party's address, where it is not its FQDN; empty for no record.
    ca: what is wrong with the public CA that the peers order from.
    authorities: certificates that CAs publish, and no party has; a diagnosis may compare with them.
    stand_ins: what the lab made for machines of which nobody brought anything.
    """

    deployment: Deployment
    parties: Mapping[str, Party]
    published: Mapping[str, RevocationData] = field(default_factory=dict)
    unresolved: frozenset[str] = frozenset()
    revocation: Mapping[str, Revocation] = field(default_factory=dict)
    eku_checking: Mapping[str, bool] = field(default_factory=dict)
    server_eku_upload: Mapping[str, bool] = field(default_factory=dict)
    withdrawn: frozenset[int] = frozenset()
    failing: Mapping[str, Failing] = field(default_factory=dict)
    points: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    caa: Mapping[str, str] = field(default_factory=dict)
    blocked: frozenset[tuple[str, int]] = frozenset()
    cut: frozenset[frozenset[str]] = frozenset()
    delays: Mapping[str, float] = field(default_factory=dict)
    stale: frozenset[str] = frozenset()
    full: frozenset[str] = frozenset()
    reverse: Mapping[str, str] = field(default_factory=dict)
    ca: frozenset[str] = frozenset()
    authorities: tuple[x509.Certificate, ...] = ()
    stand_ins: StandIns = field(default=StandIns(), compare=False)

    def __post_init__(self) -> None:
        for name in _MAPPINGS:
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def with_party(self, party: Party) -> World:
        """Return the same world with this party in place of the one with its FQDN."""
        return replace(self, parties={**self.parties, party.fqdn: party})

    def lists_of(self, fqdn: str) -> dict[str, tuple[x509.Certificate, ...]]:
        """Return a party's lists of CAs by name, as `tomcat-trust`; under the empty name if it has one for everything."""
        party = self.parties[fqdn]
        if not party.lists:
            return {"": party.trusted_ca_list}
        services = self.deployment.group_of(fqdn).certificates
        return {made.trust_list: party.as_server(made.ports[0]).trusted_ca_list for made in services if made.ports}

    @cached_property
    def known_certificates(self) -> tuple[x509.Certificate, ...]:
        """All certificates of all parties: a diagnosis may compare with them, a verifier may not."""
        held: dict[x509.Certificate, None] = dict.fromkeys(self.authorities)
        for party in self.parties.values():
            shown = (c for credential in party.credentials for c in credential.chain)
            held.update(dict.fromkeys((*shown, *party.listed)))
        return tuple(held)

    @cached_property
    def _reachable(self) -> RevocationData:
        """What is served at the URLs that certificates of this world contain."""
        found = NOTHING_HELD
        urls = {u for c in self.known_certificates for u in (*crl_urls(c), *ocsp_urls(c))}
        for url in sorted(urls & self.published.keys() - self.failing.keys()):
            served = self.published[url]
            found = found.with_crls(CrlSource.CDP, (crl for _, crl in served.crls)).with_answers(served.ocsp_answers)
        return found

    def revocation_settings(self, fqdn: str) -> Revocation | None:
        """Return the SIP revocation settings of a peer's cluster; None for other parties."""
        cluster = self.deployment.cluster_of(fqdn)
        return self.revocation.get(cluster.name, self.deployment.revocation) if cluster is not None else None

    def revocation_of(
        self, fqdn: str, consumer: Consumer = Consumer.SIP_TLS, *, fetched: bool = True
    ) -> RevocationQuestion | None:
        """Return how this party checks revocation: peers as their cluster is set, others not at all.

        LDAP and the policy service have no settings: they read what is in their sources, and accept if there is no answer.
        SSH tunnels: no document names a revocation check of theirs, so there is none (ours).
        fetched: include what it would find at the URLs in certificates; without, only what the party itself has.
        """
        settings = self.revocation_settings(fqdn)
        if settings is None or consumer in {Consumer.SSH, Consumer.XCP}:
            return None
        if consumer is not Consumer.SIP_TLS:
            return RevocationQuestion(settings=settings, data=self.parties[fqdn].held, consumer=consumer)
        if not settings.checking:
            return None
        if not fetched:
            return RevocationQuestion(settings=settings, data=self.parties[fqdn].held)
        reachable = self._reachable
        if not settings.cdp_download:
            reachable = NOTHING_HELD.with_answers(reachable.ocsp_answers)
        return RevocationQuestion(settings=settings, data=self.parties[fqdn].held.merge(reachable))

    def asked_of_client(self, leg: Leg) -> Purpose | None:
        """Return the purpose that the server of a leg asks for in its client's certificate; None if it asks for none."""
        return asked_of_client(leg, self.deployment, self.eku_checking)

    def reverse_name(self, fqdn: str) -> str:
        """Return the name in the PTR record of a party's address; empty if it has none."""
        return self.reverse.get(fqdn, fqdn)

    def clock_of(self, fqdn: str, at: datetime) -> datetime:
        """Return what the clock of a party shows when the lab's shows `at`."""
        return at + self.parties[fqdn].clock_offset
