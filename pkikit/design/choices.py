"""The open choices of a certificate design, cluster by cluster, and what each means for one cluster.

Every figure of a candidate is a sum over its clusters. So each cluster's options are judged once, and millions of
combinations only add the results (`pkikit.design.search_space`).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import overload

from pkikit.design.legs import legs_of
from pkikit.design.san import design_sans
from pkikit.errors import InputError
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Leg
from pkikit.model.parties import Cluster, LegKind, Role
from pkikit.model.purposes import needs_client_auth
from pkikit.model.tables.features import ACME, TWO_STORES
from pkikit.model.tables.public_cas import EXPRESSWAY_PROFILE, LETS_ENCRYPT, WEB_LIFETIMES
from pkikit.values.names import printable
from pkikit.values.public_names import is_internal

_CLASSIC = LETS_ENCRYPT[EXPRESSWAY_PROFILE]
MAX_NAMES = _CLASSIC.most_names  # commercial CAs have similar limits
LIFETIMES = tuple(str(days) for _, days in WEB_LIFETIMES)
# An Expressway orders the profile `classic` alone. Its days of life now, and from the year of each change on.
PROFILES = {
    EXPRESSWAY_PROFILE if number == 0 else f"{EXPRESSWAY_PROFILE}-{since.year}": days
    for number, (since, days) in enumerate(_CLASSIC.lifetimes)
}
DAYS_A_YEAR = 365
_LONGEST = 398  # days; what a private CA issues for the client store
_BY_HAND = 30.0  # days before the end at which people renew

CHOICES: Mapping[str, tuple[str, ...]] = {
    "certificate": ("per-peer", "shared"),
    "cluster-name": ("yes", "no"),
    "registration": ("dns", "collab-edge-dns"),
    "domains": ("together", "separate"),
    "authority": ("private", "public", "acme"),
    "stores": ("one", "two"),
    "lifetime": LIFETIMES,
    "profile": tuple(PROFILES),
}


@dataclass(frozen=True, kw_only=True)
class Option:
    """One way to do one cluster; `registration` is dns or collab-edge-dns for each registration domain."""

    certificate: str
    cluster_name: str
    registration: tuple[str, ...]
    domains: str
    authority: str
    stores: str
    term: str

    @property
    def days(self) -> int:
        """Lifetime of its certificates, in days."""
        return PROFILES[self.term] if self.authority == "acme" else int(self.term)

    @property
    def renewals(self) -> float:
        """How often a year one certificate is renewed: after two thirds of its life by ACME, 30 days before its end by hand."""
        return renewals_a_year(self.days, by_acme=self.authority == "acme")

    @property
    def restarts(self) -> float:
        """How often a year one peer restarts: at each upload. A deployment by ACME restarts nothing.

        ACME fills the server store alone, so a client store has a certificate by upload. By hand, both stores are filled
        before one restart.
        """
        if self.authority != "acme":
            return self.renewals
        return DAYS_A_YEAR / (_LONGEST - _BY_HAND) if self.stores == "two" else 0.0

    def columns(self) -> tuple[str, ...]:
        """The values of CHOICES, in their order; lifetime and profile share one column."""
        short = {"dns": "d", "collab-edge-dns": "c"}
        registration = "".join(short[r] for r in self.registration)
        return (self.certificate, self.cluster_name, registration, self.domains, self.authority, self.stores, self.term)


def renewals_a_year(days: int, *, by_acme: bool = False) -> float:
    """Return how often a year a certificate of this lifetime is renewed.

    Args:
        days: its lifetime.
        by_acme: renewed after two thirds of its life; otherwise 30 days before its end, as people do.

    Returns:
        The rate.
    """
    margin = days / 3 if by_acme else min(_BY_HAND, days / 3)
    return DAYS_A_YEAR / (days - margin)


COLUMNS = ("certificate", "cluster_name", "registration", "domains", "authority", "stores", "term")


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


def parse_vary(items: Sequence[str], deployment: Deployment) -> dict[tuple[str, str], tuple[str, ...]]:
    """Read the allowed values for each (cluster, key).

    Args:
        items: texts such as `KEY=a,b` or `CLUSTER.KEY=a,b`.
        deployment: the deployment whose clusters they name.

    Returns:
        The allowed values by (cluster, key).

    Raises:
        InputError: a text of another form, or an unknown key, cluster or value.
    """
    allowed = {(c.name, key): values for c in deployment.clusters for key, values in CHOICES.items()}
    for item in items:
        left, equals, right = item.partition("=")
        cluster, _, key = left.rpartition(".")
        if not equals or key not in CHOICES:
            raise InputError(
                f"{printable(item, 60)!r} is not a choice: write KEY=a,b with a KEY of {', '.join(CHOICES)}"
            )
        if cluster and cluster not in {c.name for c in deployment.clusters}:
            names = ", ".join(c.name for c in deployment.clusters)
            raise InputError(
                f"{printable(item, 60)!r} is not a choice: no cluster {printable(cluster, 30)!r}; there are {names}"
            )
        values = tuple(dict.fromkeys(v.strip() for v in right.split(",")))
        strange = [v for v in values if v not in CHOICES[key]]
        if strange:
            raise InputError(
                f"{key}={printable(strange[0], 30)!r} is not a choice: allowed are {', '.join(CHOICES[key])}"
            )
        for name in [cluster] if cluster else [c.name for c in deployment.clusters]:
            allowed[name, key] = values
    return allowed


class Options(Sequence[Option]):
    """Every option of one cluster, each made when it is asked for: there can be millions of them.

    Neighbours differ first in authority, stores and term (`ends`), so that what depends on names alone stays the same.
    """

    def __init__(
        self,
        heads: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]],
        domains: int,
        ends: tuple[tuple[str, str, str], ...],
    ) -> None:
        """Take the choices.

        Args:
            heads: values of certificate, cluster-name, registration (of one domain) and domains.
            domains: how many registration domains there are.
            ends: authority, stores and term, as they go together.
        """
        self._certificate, self._names, self._registration, self._separate = heads
        self._domains, self._ends = domains, ends

    def __len__(self) -> int:
        heads = len(self._certificate) * len(self._names) * len(self._separate)
        return int(heads * len(self._registration) ** self._domains * len(self._ends))

    @overload
    def __getitem__(self, place: int) -> Option: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Option, ...]: ...
    def __getitem__(self, place: int | slice) -> Option | tuple[Option, ...]:
        if isinstance(place, slice):
            return tuple(self[n] for n in range(*place.indices(len(self))))
        rest = range(len(self))[place]
        rest, end = divmod(rest, len(self._ends))
        rest, separate = divmod(rest, len(self._separate))
        forms = []
        for _ in range(self._domains):
            rest, form = divmod(rest, len(self._registration))
            forms.append(self._registration[form])
        rest, name = divmod(rest, len(self._names))
        authority, stores, term = self._ends[end]
        return Option(
            certificate=self._certificate[rest],
            cluster_name=self._names[name],
            registration=tuple(reversed(forms)),
            domains=self._separate[separate],
            authority=authority,
            stores=stores,
            term=term,
        )


def options_of(deployment: Deployment, cluster: Cluster, allowed: Mapping[tuple[str, str], tuple[str, ...]]) -> Options:
    """Return every option that makes sense for one cluster: no cluster name without a cluster, ACME on E only, and so on.

    Args:
        deployment: the deployment.
        cluster: one of its clusters.
        allowed: what `parse_vary` returned.

    Returns:
        The options, in a fixed order.

    Raises:
        InputError: the allowed values leave no option.
    """

    def values(key: str) -> tuple[str, ...]:
        return allowed[cluster.name, key]

    edge = cluster.role is Role.EXPRESSWAY_E
    domains = deployment.domains.registration if deployment.mra and edge else ()
    several = len(cluster.peers) > 1
    certificate = values("certificate") if several else ("per-peer",)
    names = values("cluster-name") if cluster.fqdn else ("no",)
    separate = values("domains") if len(domains) > 1 else ("together",)
    by_acme = edge and not deployment.jabber_guest and deployment.product_version.has(ACME)
    authorities = [a for a in values("authority") if a != "acme" or by_acme]
    stores = values("stores") if deployment.product_version.has(TWO_STORES) else ("one",)
    ends = tuple(
        (a, s, t)
        for a, s in itertools.product(authorities, stores)
        for t in (values("profile") if a == "acme" else values("lifetime"))
    )
    found = Options((certificate, names, values("registration"), separate), len(domains), ends)
    if not found:
        raise InputError(
            f"the choice leaves no way to certify cluster {cluster.name}: ACME is for Expressway-E of "
            f"{ACME.first} and later without Jabber Guest"
        )
    return found


@dataclass(frozen=True, kw_only=True)
class _Named:
    """What the names of an option mean for its cluster, whoever issues the certificates and for how long."""

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
        """Work out what follows from the names alone, whoever issues the certificates."""
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
