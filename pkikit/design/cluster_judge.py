"""What each option of a certificate design means for one cluster.

Every figure of a candidate is a sum over its clusters. So each cluster's options are judged once, and millions of
combinations only add the results (`pkikit.design.search_space`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pkikit.design.choices import MAX_NAMES, Option
from pkikit.design.legs import legs_of
from pkikit.design.san import design_sans
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Leg
from pkikit.model.parties import Cluster, LegKind, Role
from pkikit.model.purposes import needs_client_auth
from pkikit.values.public_names import is_internal


@dataclass(frozen=True, kw_only=True)
class Partial:
    """What one option means for its cluster: counts, two rates a year, and the days for which a leaked key stays usable."""

    certificates: int
    most_names: int
    blast_names: int
    blast_legs: int
    renewals: float
    restarts: float
    legs_broken: int
    legs_unserved: int
    public_names: int
    apex_names: int
    exposure_days: int
    roots_to_hand_out: int
    refused_names: int
    over_limit: int
    wildcard_temptation: int
    reissues_new_domain: int
    reissues_new_node: int
    restarts_new_peer: int


METRICS = tuple(Partial.__dataclass_fields__)
# Of these the worst cluster counts; the others add up.
WORST = frozenset({"most_names", "blast_names", "blast_legs", "exposure_days"})


@dataclass(frozen=True, kw_only=True)
class _Named:
    """What the names of an option mean for its cluster, independent of the issuer and the lifetime."""

    certificates: int
    most_names: int
    blast_names: int
    blast_legs: int
    legs_unserved: int
    unique: int
    apex_names: int
    internal: int
    over_limit: int
    coverable: int


class ClusterJudge:
    """Judges the options of one cluster; what all options share is computed once."""

    def __init__(self, deployment: Deployment, cluster: Cluster) -> None:
        self.deployment, self.cluster = deployment, cluster
        plain = deployment.model_copy(update={"registration_domain_format": "dns"})
        self._layouts = {peer: design_sans(plain, peer, "dns").dns_names for peer in cluster.peers}
        self._inside = {n for group in deployment.groups if group.kind.is_clustered for n in group.members}
        edge = cluster.role is Role.EXPRESSWAY_E
        self._domains = deployment.domains.registration if deployment.mra and edge else ()
        # These domains are in the certificate for other reasons too, whatever form MRA clients look for.
        also = (
            *deployment.domains.federation,
            *(deployment.domains.sip if deployment.sip_domains_in_certificate else ()),
        )
        self._kept = frozenset(also) if edge else frozenset()
        self._bare = frozenset((*self._domains, *also)) if edge else frozenset()
        self._legs = [
            (leg, peer) for leg in legs_of(deployment) for peer in cluster.peers
            if ((leg.server == peer and leg.client_verifies) or (leg.client == peer and leg.mutual)) and not leg.permissive
        ]  # fmt: skip
        self._legs_of = {peer: len({leg.id for leg, holder in self._legs if holder == peer}) for peer in cluster.peers}
        self._wanting_client_auth = self._count_broken()
        self._takes_domains = edge and deployment.mra
        self._chats = bool(deployment.federation and deployment.im_presence)
        outside = {leg.client if leg.server == peer else leg.server for leg, peer in self._legs} - self._inside
        shown_as_client = {leg.server for leg, peer in self._legs if leg.client == peer and leg.mutual} - self._inside
        self._outside, self._shown_as_client = len(outside), len(shown_as_client)
        self._last: tuple[tuple[object, ...], _Named] | None = None

    def names_of(self, option: Option, peer: str) -> tuple[tuple[str, ...], ...]:
        """Return the names of each certificate that `peer` carries: the server certificate, then the domain certificates."""
        names_in_use = dict.fromkeys(
            n for p in (self.cluster.peers if option.certificate == "shared" else (peer,)) for n in self._layouts[p]
        )
        if option.cluster_name == "no" and self.cluster.fqdn:
            names_in_use.pop(self.cluster.fqdn, None)
        chosen = {
            domain: domain if form == "dns" else f"collab-edge.{domain}"
            for domain, form in zip(self._domains, option.registration, strict=True)
        }
        if option.domains == "separate":
            own = tuple(n for n in names_in_use if n not in chosen or n in self._kept)
            return (own, *((name,) for name in chosen.values()))
        written: dict[str, None] = {}
        for name in names_in_use:
            written |= dict.fromkeys([chosen.get(name, name), *([name] if name in self._kept else [])])
        return (tuple(written),)

    def judge(self, option: Option) -> Partial:
        """Judge one option. Neighbours in `Options` have the same names, so the names are looked at once for all of them."""
        head = (option.certificate, option.cluster_name, option.registration, option.domains)
        if self._last is None or self._last[0] != head:
            self._last = (head, self._look_at_names(option))
        named, peers = self._last[1], self.cluster.peers
        shared, two = option.certificate == "shared", option.stores == "two"
        certificates = named.certificates + (two if shared else two * len(peers))
        on_web = option.authority != "private"
        return Partial(
            certificates=certificates,
            most_names=named.most_names,
            blast_names=named.blast_names,
            blast_legs=named.blast_legs,
            renewals=round(certificates * option.renewals, 2),
            restarts=round(len(peers) * option.restarts, 2),
            legs_broken=self._wanting_client_auth if on_web and not two else 0,
            legs_unserved=named.legs_unserved,
            public_names=named.unique if on_web else 0,
            apex_names=named.apex_names,
            exposure_days=option.days,
            roots_to_hand_out=self._strangers(option),
            refused_names=named.internal if on_web else 0,
            over_limit=named.over_limit,
            wildcard_temptation=named.coverable,
            reissues_new_domain=_new_domain(option, certificates, len(peers)) if self._takes_domains else 0,
            reissues_new_node=certificates if self._chats else 0,
            restarts_new_peer=len(peers) + 1 if shared else 1,
        )

    def _look_at_names(self, option: Option) -> _Named:
        """Work out what follows from the names alone, independent of the issuer."""
        peers = self.cluster.peers
        carried = {peer: self.names_of(option, peer) for peer in peers}
        shared = option.certificate == "shared"
        distinct = [carried[peers[0]]] if shared else list(carried.values())
        unique = {n for certs in distinct for cert in certs for n in cert}
        return _Named(
            certificates=sum(map(len, distinct)),
            most_names=max(len(cert) for certs in distinct for cert in certs),
            blast_names=max(sum(len(cert) for cert in certs) for certs in distinct),
            blast_legs=sum(self._legs_of.values()) if shared else max(self._legs_of.values()),
            legs_unserved=self._count_unserved(carried),
            unique=len(unique),
            apex_names=len(unique & self._bare),
            internal=sum(map(is_internal, unique)),
            over_limit=sum(len(cert) > MAX_NAMES for certs in distinct for cert in certs),
            coverable=_coverable(unique),
        )

    def _strangers(self, option: Option) -> int:
        """Return the parties outside that would have to trust a private root: MRA clients, neighbours."""
        if option.authority == "private":
            return self._outside
        return self._shown_as_client if option.stores == "two" else 0

    def _count_broken(self) -> int:
        """Count the legs on which somebody asks for clientAuth in a peer's certificate."""
        return len({leg.id for leg, peer in self._legs if needs_client_auth(leg, peer, self.deployment)})

    def _count_unserved(self, carried: Mapping[str, tuple[tuple[str, ...], ...]]) -> int:
        return len({leg.id for leg, peer in self._legs if not _serves(leg, peer, carried[peer])})


def _new_domain(option: Option, certificates: int, peers: int) -> int:
    """Count the certificates to reissue when a registration domain is added."""
    if option.domains == "separate":
        return 1 if option.certificate == "shared" else peers
    return certificates


_BY_DOMAIN = frozenset({LegKind.MRA, LegKind.MRA_SIP, LegKind.MRA_XMPP})


def _serves(leg: Leg, peer: str, certs: tuple[tuple[str, ...], ...]) -> bool:
    """Return True if every name that somebody looks for is there; MRA clients accept the domain in either form."""
    names_in_use = {n for cert in certs for n in cert}
    if leg.kind in _BY_DOMAIN:
        names_in_use |= {n.removeprefix("collab-edge.") for n in names_in_use} | {
            f"collab-edge.{n}" for n in names_in_use
        }
    return all(names_in_use & set(check.any_of) for check in leg.presents(peer))


def _coverable(names: set[str]) -> int:
    """Return the names of which one wildcard would cover at least three: there, somebody will be tempted."""
    parents: dict[str, int] = {}
    for name in names:
        parent = name.partition(".")[2]
        if "." in parent:
            parents[parent] = parents.get(parent, 0) + 1
    return sum(count for count in parents.values() if count >= 3)
