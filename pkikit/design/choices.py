"""The open choices of a certificate design, cluster by cluster, and every option that they leave for one cluster."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import overload

from pkikit.design.hand_work.renewal_calendar import BY_HAND, renewal_margin
from pkikit.errors import InputError
from pkikit.model.deployment import Deployment
from pkikit.model.parties import Cluster, Role
from pkikit.model.tables.features import ACME, TWO_STORES
from pkikit.model.tables.public_cas import EXPRESSWAY_PROFILE, LETS_ENCRYPT, WEB_LIFETIMES
from pkikit.values.names import printable

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
        return DAYS_A_YEAR / (_LONGEST - BY_HAND) if self.stores == "two" else 0.0

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
    return DAYS_A_YEAR / (days - renewal_margin(days, automatic=by_acme))


COLUMNS = ("certificate", "cluster_name", "registration", "domains", "authority", "stores", "term")


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
