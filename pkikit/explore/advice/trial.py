"""The proof of a design: certificates as it has them, and every connection judged, in memory.

The certificates are real and signed by two CAs, a private and a public one. Machines outside trust the public one, and the
private one only where the design says that somebody installs it. Their own certificates are taken to be right: they are not
ours, and nothing is known of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from pkikit.design.csr import build_csr, fast_key
from pkikit.design.san import SanEntry, SanLayout
from pkikit.explore.advice.certificate_design import BY_ACME, PRIVATE, SHARED, TWO, Design
from pkikit.explore.advice.figures import Facts, Study, figures_of
from pkikit.issue.authority import ANY_EKU, Authority, Profile, create_root
from pkikit.judge.checks.upload_checks import why_purpose_refused
from pkikit.judge.legs.leg_verdict import LegVerdict, judge_all_legs
from pkikit.judge.questions import CertificateUse
from pkikit.model.certificates.credential import Credential, PrivateKey
from pkikit.model.parties import Role
from pkikit.model.revocation import NOTHING_HELD, CrlSource, RevocationData
from pkikit.model.tables.public_cas import CLASSIC_ENDS_CLIENT_AUTH, RENEWALS_LOSE_IT, TLSCLIENT_ENDS
from pkikit.model.world import Party, World
from pkikit.rules.name_rules import REFERENCE

_SERVER: tuple[ObjectIdentifier, ...] = (ExtendedKeyUsageOID.SERVER_AUTH,)
# From here on no public CA issues clientAuth. A design has to work with certificates that are renewed after it.
AFTER_SUNSET = TLSCLIENT_ENDS + timedelta(days=1)
_CRL = "http://pki.lab.example/{}.crl"


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What happened: the verdicts by instant, and why a peer would refuse to load its certificate."""

    verdicts: Mapping[datetime, tuple[LegVerdict, ...]]
    uploads_refused: tuple[str, ...]

    @property
    def accepted(self) -> bool:
        """True if every connection comes up at every instant and every certificate can be loaded."""
        return not (self.down or self.uploads_refused)

    @property
    def down(self) -> tuple[str, ...]:
        """Ids of the connections that are down at some instant."""
        found = (v.leg.id for verdicts in self.verdicts.values() for v in verdicts if not v.accepted)
        return tuple(dict.fromkeys(found))

    @property
    def connections(self) -> int:
        """How many connections were judged at each instant."""
        return max(map(len, self.verdicts.values()))


def instants(at: datetime) -> tuple[datetime, ...]:
    """Return the instants for which a design must hold: now, and after the end of clientAuth in public certificates."""
    return (at,) if at >= AFTER_SUNSET else (at, AFTER_SUNSET)


def try_out(study: Study, design: Design, at: datetime) -> Trial:
    """Issue the certificates of a design and judge every connection. Designs that differ in lifetimes alone share a trial.

    Args:
        study: the deployment; the design decides about its version and its certificates.
        design: what to try.
        at: when the certificates are issued and judged. They are renewed and judged again after the sunset.

    Returns:
        The verdicts.
    """
    key = (*study.variant(design), design.authority, design.stores, at)
    known = study.proofs.get(key)
    if not isinstance(known, Trial):
        known = study.proofs[key] = _try_out(study, design, at)
    return known


def _try_out(study: Study, design: Design, at: datetime) -> Trial:
    verdicts, refused = {}, []
    for instant in instants(at):
        world = _world(study, design, instant)
        verdicts[instant] = judge_all_legs(world, instant)
        refused += _refused_uploads(world, instant)
    return Trial(verdicts=verdicts, uploads_refused=tuple(dict.fromkeys(refused)))


def _refused_uploads(world: World, at: datetime) -> list[str]:
    deployment, found = world.deployment, []
    for cluster in deployment.clusters:
        for peer in cluster.peers:
            credential = world.parties[peer].credential
            assert credential is not None  # a peer has one
            use = CertificateUse(at=at, version=deployment.product_version, role=cluster.role)
            why = why_purpose_refused(credential.leaf, use, server_only=cluster.server_eku_upload)
            found += [f"{peer}: {why}"] if why else []
    return found


@dataclass(frozen=True, kw_only=True)
class Authorities:
    """The two CAs of a trial; `published` are their CRLs, in which nothing is revoked."""

    private: Authority
    public: Authority
    published: Mapping[str, RevocationData]


@lru_cache(maxsize=8)
def authorities_at(at: datetime) -> Authorities:
    """Return the two CAs of all trials at this instant."""
    since = at - timedelta(days=400)
    made, published = {}, {}
    for kind, name in (("private", "My"), ("public", "Public")):
        root = create_root(f"{name} Root CA", at=since)
        pointers = Profile(crl_url=_CRL.format(f"{kind}-root")).pointers()
        made[kind] = root.intermediate(f"{name} Issuing CA", at=since, pointers=pointers)
        for level, authority in (("root", root), ("issuing", made[kind])):
            crl = authority.crl(at=at, lifetime=timedelta(days=400))
            published[_CRL.format(f"{kind}-{level}")] = NOTHING_HELD.with_crls(CrlSource.CDP, [crl])
    return Authorities(private=made["private"], public=made["public"], published=published)


@lru_cache(maxsize=512)
def _key(holder: str, store: str) -> PrivateKey:
    return fast_key()


def _world(study: Study, design: Design, at: datetime) -> World:
    authorities, outside = authorities_at(at), frozenset(study.outside)
    world = issued_for(study.facts(design), design, outside, at)
    public, private = authorities.public, authorities.private
    parties, peers = dict(world.parties), world.deployment.peers
    installers = frozenset(figures_of(study, design).installers)
    everyone, both = (public.root, private.root), (*public.intermediates, *private.intermediates)
    for fqdn, party in parties.items():
        trusted = (public.root,) if fqdn in outside - installers else everyone
        parties[fqdn] = party.trusting((*trusted, *both) if fqdn in peers else trusted)
    return replace(world, parties=parties)


def issued_for(facts: Facts, design: Design, outside: Collection[str], at: datetime) -> World:
    """Return the machines with their certificates; their lists of CAs are empty.

    Args:
        facts: the deployment with its names. The clusters say which certificates are shared.
        design: who signs what. The same question always has the same certificates for an answer.
        outside: machines whose certificates the public CA signs.
        at: when the certificates are issued.

    Returns:
        The world.
    """
    authorities, deployment, peers = authorities_at(at), facts.deployment, facts.layouts.keys()
    parties = {}
    for group in deployment.groups:
        for fqdn in group.members:
            signer = authorities.public if fqdn in outside else authorities.private
            layout = _plain(fqdn, group.identities)
            own = issue_for(signer, layout, fqdn, at) if group.has_certificates and fqdn not in peers else None
            parties[fqdn] = Party(fqdn=fqdn, credential=own, trusted_ca_list=())
    for cluster in deployment.clusters:
        for peer in cluster.peers:
            holder = cluster.peers[0] if cluster.certificate == SHARED else peer
            parties[peer] = _peer(authorities, design, facts.layouts[peer], holder, at, edge=cluster.role is _EDGE)
    return World(deployment=deployment, parties=parties, published=authorities.published)


def _peer(
    authorities: Authorities, design: Design, layout: SanLayout, holder: str, at: datetime, *, edge: bool
) -> Party:
    private, client = authorities.private, None
    if edge:
        own = _edge_certificate(authorities, design, layout, holder, at)
        client = _by_private(private, design, layout, holder, at, "client") if design.stores == TWO else None
    else:
        own = _by_private(private, design, layout, holder, at)
    return Party(fqdn=layout.owner, credential=own, trusted_ca_list=(), client=client)


_EDGE = Role.EXPRESSWAY_E


def _by_private(
    private: Authority, design: Design, layout: SanLayout, holder: str, at: datetime, store: str = "server"
) -> Credential:
    return issue_for(private, layout, holder, at, days=design.days, store=store)


def _edge_certificate(
    authorities: Authorities, design: Design, layout: SanLayout, holder: str, at: datetime
) -> Credential:
    if design.authority == PRIVATE:
        return _by_private(authorities.private, design, layout, holder, at)
    ends = CLASSIC_ENDS_CLIENT_AUTH if design.authority == BY_ACME else RENEWALS_LOSE_IT
    purposes = _SERVER if at >= ends else ANY_EKU
    return issue_for(authorities.public, layout, holder, at, days=design.edge_days, purposes=purposes)


def _plain(fqdn: str, identities: tuple[str, ...]) -> SanLayout:
    """Return the names of a machine that is no peer: its own FQDN and the shared names of its group."""
    names = dict.fromkeys((fqdn, *identities))
    entries = tuple(SanEntry(value=n, reason="its own name", rule=REFERENCE.id, needed_by=()) for n in names)
    return SanLayout(owner=fqdn, common_name=fqdn, entries=entries)


def issue_for(
    authority: Authority, layout: SanLayout, holder: str, at: datetime, *, days: int = 398, store: str = "server",
    purposes: tuple[ObjectIdentifier, ...] = ANY_EKU,
) -> Credential:  # fmt: skip
    """Return a certificate with its key; the same question always has the same object for an answer.

    Args:
        authority: who signs.
        layout: the names.
        holder: whose key; peers that share a certificate have one holder.
        at: when it is issued.
        days: how long it lives.
        store: `server` or `client`; each has a key of its own.
        purposes: the extended key usages.

    Returns:
        The certificate, the CAs above it, and the key.
    """
    return _credential(_Signer(authority), layout.common_name, layout.dns_names, holder, at, days, store, purposes)


class _Signer:
    """A CA as a key of a cache: there is one for each certificate of a CA."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority

    def __hash__(self) -> int:
        return hash(self.authority.certificate)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Signer) and other.authority.certificate == self.authority.certificate


@lru_cache(maxsize=2048)
def _credential(
    signer: _Signer, common_name: str, names: tuple[str, ...], holder: str, at: datetime, days: int, store: str,
    purposes: tuple[ObjectIdentifier, ...],
) -> Credential:  # fmt: skip
    entries = tuple(SanEntry(value=n, reason="", rule=REFERENCE.id, needed_by=()) for n in names)
    key, authority = _key(holder, store), signer.authority
    kind = "public" if "Public" in authority.certificate.subject.rfc4514_string() else "private"
    profile = Profile(ekus=purposes, lifetime=timedelta(days=days), crl_url=_CRL.format(f"{kind}-issuing"))
    request = build_csr(SanLayout(owner=holder, common_name=common_name, entries=entries), key)
    leaf = authority.issue(request, at=at, profile=profile)
    return Credential(chain=(leaf, *authority.intermediates), key=key)
