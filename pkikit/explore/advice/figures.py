"""What a design means for one deployment: what would be down, what people outside must do, and the work it makes.

The figures come from the same connections that the judge of whole connections judges; `trial` proves them on certificates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from pkikit.design.choices import MAX_NAMES, renewals_a_year
from pkikit.design.legs import legs_of
from pkikit.design.san import SanLayout, design_sans
from pkikit.explore.advice.certificate_design import BY_ACME, PRIVATE, SHARED, TWO, Design
from pkikit.explore.advice.machines import outsiders
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Leg
from pkikit.model.parties import Cluster, Role
from pkikit.model.purposes import needs_client_auth
from pkikit.model.tables.features import SERVER_ONLY_SWITCH, UPLOAD_NEEDS_CLIENT_AUTH
from pkikit.model.version import ProductVersion
from pkikit.values.public_names import is_internal


@dataclass(frozen=True, kw_only=True)
class Figures:
    """All figures of a design; of the criteria, smaller is better.

    Attributes:
        without_client_auth: ids of connections that need clientAuth in a certificate that has none.
        unserved: ids of connections on which a name is missing.
        upload_refused: the product refuses to load E's certificate, because it has no clientAuth.
        refused_names: names that no public CA signs.
        over_limit: peers whose certificate has more names than a public CA signs.
        installers: machines outside that must install the private root.
        restarts_per_peer: planned restarts a year of the peer that restarts most.
        restarts: restarts of all peers a year.
        renewals: certificates that people renew by hand, a year.
        blast: connections that one stolen key exposes.
        bare_names: bare domains in E's certificates.
        exposure: days for which a stolen key stays usable.
        reissues: certificates and restarts that a new registration domain and a new peer take.
        certificates: how many there are.
    """

    without_client_auth: tuple[str, ...]
    unserved: tuple[str, ...]
    upload_refused: bool
    refused_names: tuple[str, ...]
    over_limit: tuple[str, ...]
    installers: tuple[str, ...]
    restarts_per_peer: float
    restarts: float
    renewals: float
    blast: int
    bare_names: tuple[str, ...]
    exposure: int
    reissues: int
    certificates: int

    @cached_property
    def criteria(self) -> tuple[float, ...]:
        """The values of CRITERIA."""
        return tuple(criterion.value(self) for criterion in CRITERIA)

    @property
    def works(self) -> bool:
        """True if every connection comes up and every certificate can be had and loaded."""
        return not (
            self.without_client_auth or self.unserved or self.upload_refused or self.refused_names or self.over_limit
        )


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One respect in which designs differ; smaller is better."""

    key: str
    label: str
    unit: str
    meaning: str
    value: Callable[[Figures], float]


CRITERIA: tuple[Criterion, ...] = (
    Criterion(key="installers", label="Machines outside that must install your root CA", unit="machines",
              meaning="Partners, phones or browsers that refuse you until someone installs your private root CA there.",
              value=lambda f: len(f.installers)),
    Criterion(key="restarts", label="Planned restarts a year, all peers together", unit="restarts",
              meaning="A certificate that you upload takes a restart. ACME deploys without one.",
              value=lambda f: f.restarts),
    Criterion(key="blast", label="Connections that one stolen key exposes", unit="connections",
              meaning="How many connections an attacker with one private key could impersonate.",
              value=lambda f: f.blast),
    Criterion(key="renewals", label="Certificates renewed by hand a year", unit="certificates",
              meaning="Requests that you sign and upload yourself. ACME renews without you.",
              value=lambda f: f.renewals),
    Criterion(key="bare_names", label="Bare domains in certificates", unit="names",
              meaning="Names such as example.com. The team that runs the website has a say.",
              value=lambda f: len(f.bare_names)),
    Criterion(key="exposure", label="Days a stolen key stays usable", unit="days",
              meaning="The longest lifetime of a certificate. Without revocation checking, nothing else ends it.",
              value=lambda f: f.exposure),
    Criterion(key="reissues", label="Re-issues and restarts after a change", unit="certificates and restarts",
              meaning="What a new registration domain and one more peer take.",
              value=lambda f: f.reissues),
)  # fmt: skip


def criteria_of(figures: Figures) -> tuple[float, ...]:
    """Return the values of CRITERIA."""
    return figures.criteria


class Study:
    """One deployment under study: what its designs share is worked out once."""

    def __init__(self, base: Deployment) -> None:
        self.base = base
        self.outside = outsiders(base)
        self.parties = frozenset(base.parties)
        self._facts: dict[tuple[object, ...], Facts] = {}
        self.figures: dict[Design, Figures] = {}
        self.proofs: dict[tuple[object, ...], object] = {}

    def facts(self, design: Design) -> Facts:
        """Return what all designs with the same version, certificates and names have in common."""
        key = self.variant(design)
        if key not in self._facts:
            self._facts[key] = facts_of(design.deployment(self.base), frozenset(self.outside))
        return self._facts[key]

    @staticmethod
    def variant(design: Design) -> tuple[object, ...]:
        """Return what a design changes of the deployment, as a key."""
        return design.certificate, design.registration, design.version, design.needs_upload_switch


def figures_of(study: Study, design: Design) -> Figures:
    """Return all figures of a design for a deployment."""
    if design not in study.figures:
        study.figures[design] = _work_out(study, design)
    return study.figures[design]


def _work_out(study: Study, design: Design) -> Figures:
    facts = study.facts(design)
    server_only, public = design.authority != PRIVATE and design.stores != TWO, design.authority != PRIVATE
    version = ProductVersion.parse(design.version)
    by_hand, edge_by_hand = renewals_a_year(design.days), _by_hand(design)
    core, edge = facts.peers[Role.EXPRESSWAY_C], facts.peers[Role.EXPRESSWAY_E]
    holders = facts.clusters if design.certificate == SHARED else facts.peers
    on_core, on_edge = holders[Role.EXPRESSWAY_C], holders[Role.EXPRESSWAY_E]
    two = design.stores == TWO
    client_rate = by_hand if two else 0.0
    edge_restarts = max(edge_by_hand, client_rate)  # both stores are loaded before one restart
    refused = server_only and version.has(UPLOAD_NEEDS_CLIENT_AUTH) and not version.has(SERVER_ONLY_SWITCH)
    return Figures(
        without_client_auth=facts.needing_client_auth if server_only else (),
        unserved=facts.unserved,
        upload_refused=refused and edge > 0,
        refused_names=facts.internal_names if public else (),
        over_limit=facts.crowded if public else (),
        installers=_installers(facts, design),
        restarts_per_peer=round(max(by_hand if core else 0.0, edge_restarts if edge else 0.0), 2),
        restarts=round(core * by_hand + edge * edge_restarts, 2),
        renewals=round(on_core * by_hand + on_edge * (edge_by_hand + client_rate), 2),
        blast=facts.blast_of(two=two),
        bare_names=facts.bare_names,
        exposure=max(design.days if core or two else 0, design.edge_days if edge else 0),
        reissues=(on_edge * (1 + two) if facts.mra else 0) + _new_peer(facts, design),
        certificates=on_core + on_edge * (1 + two),
    )


def _by_hand(design: Design) -> float:
    return 0.0 if design.authority == BY_ACME else renewals_a_year(design.edge_days)


def _new_peer(facts: Facts, design: Design) -> int:
    return sum(facts.peers.values()) + 1 if design.certificate == SHARED else 1


def _installers(facts: Facts, design: Design) -> tuple[str, ...]:
    seen: tuple[str, ...] = ()
    if design.authority == PRIVATE:
        seen += facts.outside_verify_server
    if design.authority == PRIVATE or design.stores == TWO:
        seen += facts.outside_verify_client
    return tuple(dict.fromkeys(seen))


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What all designs with the same deployment share."""

    deployment: Deployment
    layouts: dict[str, SanLayout]
    legs: tuple[Leg, ...]
    mra: bool
    peers: dict[Role, int]
    clusters: dict[Role, int]
    needing_client_auth: tuple[str, ...]
    unserved: tuple[str, ...]
    internal_names: tuple[str, ...]
    crowded: tuple[str, ...]
    bare_names: tuple[str, ...]
    outside_verify_server: tuple[str, ...]
    outside_verify_client: tuple[str, ...]
    exposed: tuple[tuple[int, int, int, bool], ...]

    def blast_of(self, *, two: bool) -> int:
        """The connections that one key carries, at most: as server and as client together, or each by its own key on E."""
        return max((max(s, c) if two and edge else both for s, c, both, edge in self.exposed), default=0)


def facts_of(deployment: Deployment, outside: frozenset[str]) -> Facts:
    """Return the facts of a deployment as it is configured; `outside` are machines of other people."""
    legs = tuple(legs_of(deployment))
    edge = frozenset(deployment.peers_of(Role.EXPRESSWAY_E))
    layouts = {peer: design_sans(deployment, peer) for peer in deployment.peers}
    names = {peer: layout.dns_names for peer, layout in layouts.items()}
    on_edge = tuple(dict.fromkeys(n for peer in names if peer in edge for n in names[peer]))
    domains = deployment.domains
    bare = {*domains.registration, *domains.federation, *domains.sip}
    judged = [leg for leg in legs if not leg.permissive]
    return Facts(
        deployment=deployment,
        layouts=layouts,
        legs=legs,
        mra=deployment.mra,
        peers={role: len(deployment.peers_of(role)) for role in Role},
        clusters={role: sum(c.role is role for c in deployment.clusters) for role in Role},
        needing_client_auth=tuple(
            leg.id for leg in legs for peer in edge & {leg.client, leg.server} if needs_client_auth(leg, peer, deployment)
        ),
        unserved=tuple(leg.id for leg in judged if not all(_serves(leg, p, names[p]) for p in names)),
        internal_names=tuple(n for n in on_edge if is_internal(n)),
        crowded=tuple(peer for peer in names if peer in edge and len(names[peer]) > MAX_NAMES),
        bare_names=tuple(n for n in on_edge if n in bare),
        outside_verify_server=tuple(
            dict.fromkeys(g.client for g in judged if g.server in edge and g.client_verifies and g.client in outside)
        ),
        outside_verify_client=tuple(
            dict.fromkeys(g.server for g in judged if g.client in edge and g.mutual and g.server in outside)
        ),
        exposed=tuple(_exposed(judged, deployment.clusters)),
    )  # fmt: skip


def _serves(leg: Leg, peer: str, names: tuple[str, ...]) -> bool:
    return all(set(names) & set(check.any_of) for check in leg.presents(peer) if check.binding)


def _exposed(legs: list[Leg], clusters: tuple[Cluster, ...]) -> Iterator[tuple[int, int, int, bool]]:
    """Yield, for each key, the connections that it carries as server, as client, and together; and if it is one of E."""
    for cluster in clusters:
        for holders in [cluster.peers] if cluster.certificate == SHARED else [(peer,) for peer in cluster.peers]:
            server = {leg.id for leg in legs if leg.server in holders and leg.client_verifies}
            client = {leg.id for leg in legs if leg.client in holders and leg.mutual}
            yield len(server), len(client), len(server | client), cluster.role is Role.EXPRESSWAY_E
