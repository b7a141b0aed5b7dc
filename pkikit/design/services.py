"""The services of a deployment, and the connections that each needs.

A service works at a peer if it has one way through: users outside reach that Expressway-E, and at least one Expressway-C
reaches both it and the machines inside. What no document states in these words is marked as inferred.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pkikit.design.legs import legs_of
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Leg
from pkikit.model.parties import LegKind, Role


class ServiceName(enum.StrEnum):
    """What people notice when certificates break."""

    MRA = "mra"
    B2B = "b2b"
    FEDERATION = "federation"
    WEB_PROXY = "web-proxy"
    ADMINISTRATION = "administration"

    @property
    def label(self) -> str:
        """The service as a sentence names it."""
        return _TITLES[self]


_TITLES: Mapping[str, str] = {
    "mra": "MRA",
    "b2b": "B2B calling",
    "federation": "XMPP federation",
    "web-proxy": "The Meeting Server web proxy",
    "administration": "Administration",
}


@dataclass(frozen=True, kw_only=True)
class Need:
    """One thing that a service needs: one of `ways`, and of that way everything.

    Attributes:
        what: the connections in words.
        source: the document that states it.
        ways: alternatives. Each lists ids of legs that must be up, and further needs.
        inferred: no document states it in these words.
    """

    what: str
    source: str
    ways: tuple[tuple[str | Need, ...], ...]
    inferred: bool = False

    @property
    def legs(self) -> tuple[str, ...]:
        """The ids of all legs of all ways, each once."""
        parts = itertools.chain.from_iterable(self.ways)
        found = itertools.chain.from_iterable((p,) if isinstance(p, str) else p.legs for p in parts)
        return tuple(dict.fromkeys(found))

    def missing(self, up: Callable[[str], bool]) -> tuple[str, ...]:
        """Return the ids of the legs that are down and break every way; empty if one way is up."""
        down: list[str] = []
        for way in self.ways:
            lacking = [
                leg
                for part in way
                for leg in (part.missing(up) if isinstance(part, Need) else () if up(part) else (part,))
            ]
            if not lacking:
                return ()
            down += lacking
        return tuple(dict.fromkeys(down))


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service at one peer, with everything that it needs there."""

    name: ServiceName
    cluster: str
    peer: str
    needs: tuple[Need, ...]


def services_of(deployment: Deployment, legs: Sequence[Leg] | None = None) -> tuple[Service, ...]:
    """Return the services that a deployment is configured for, at each peer that offers them.

    Args:
        deployment: the deployment.
        legs: its legs, if the caller has them already.

    Returns:
        One service for each name and peer that needs connections.
    """
    plan = _Plan(deployment, legs_of(deployment) if legs is None else legs)
    found: list[Service] = []
    for name, needs_of in _NEEDS.items():
        for cluster in deployment.clusters:
            for peer in cluster.peers:
                needs = tuple(needs_of(plan, peer))
                if needs:
                    found.append(Service(name=name, cluster=cluster.name, peer=peer, needs=needs))
    return tuple(found)


class _Plan:
    """The legs of a deployment, grouped for the services."""

    def __init__(self, deployment: Deployment, legs: Sequence[Leg]) -> None:
        self._legs: dict[str, list[Leg]] = {}
        for leg in legs:
            for party in dict.fromkeys((leg.client, leg.server)):
                self._legs.setdefault(party, []).append(leg)
        self._cores = deployment.peers_of(Role.EXPRESSWAY_C)
        self._edges = frozenset(deployment.peers_of(Role.EXPRESSWAY_E))
        self._group_of = {member: group.name for group in deployment.groups for member in group.members}

    def is_edge(self, peer: str) -> bool:
        """Return True for a peer of an Expressway-E."""
        return peer in self._edges

    def at(self, peer: str, *kinds: LegKind) -> list[Leg]:
        """Return the legs of these kinds that a peer dials or answers."""
        return [leg for leg in self._legs.get(peer, ()) if leg.kind in kinds]

    def every(self, peer: str, kind: LegKind) -> Iterator[Need]:
        """Yield the need for every leg of one kind at a peer."""
        found = tuple(leg.id for leg in self.at(peer, kind))
        if found:
            yield _need(kind, (found,))

    def any_node(self, peer: str, *kinds: LegKind) -> Iterator[Need]:
        """Yield one need for each group of machines: all legs between the peer and any one of them."""
        groups: dict[tuple[LegKind, str, str, int], dict[str, list[str]]] = {}
        for leg in self.at(peer, *kinds):
            far = _far(leg, peer)
            key = (leg.kind, leg.group, self._group_of.get(far, far), leg.port)
            groups.setdefault(key, {}).setdefault(far, []).append(leg.id)
        for (kind, *_), nodes in groups.items():
            yield _need(kind, tuple(tuple(ids) for ids in nodes.values()))

    def inside(self, edge: str, across: Sequence[LegKind], beyond: Sequence[LegKind]) -> Iterator[Need]:
        """Yield the need for a way inside: over one Expressway-C that reaches this edge and the machines beyond."""
        links: dict[str, dict[LegKind, list[str]]] = {}
        for leg in self.at(edge, *across):
            links.setdefault(_far(leg, edge), {}).setdefault(leg.kind, []).append(leg.id)
        ways: list[tuple[str | Need, ...]] = []
        for core in (core for core in self._cores if core in links):
            needs = (_need(kind, (tuple(ids),)) for kind, ids in links[core].items())
            ways.append((*needs, *self.any_node(core, *beyond)))
        if ways:
            what = "one Expressway-C with all of its connections between this Expressway-E and the machines inside"
            yield Need(
                what=what, source="Cluster guide X15.4 (any peer serves a session)", ways=tuple(ways), inferred=True
            )


def _far(leg: Leg, peer: str) -> str:
    """Return the other end of a leg of this peer."""
    return leg.server if leg.client == peer else leg.client


def _need(kind: LegKind, ways: tuple[tuple[str | Need, ...], ...]) -> Need:
    what, source, inferred = _ABOUT[kind]
    return Need(what=what, source=source, ways=ways, inferred=inferred)


_TRAFFIC = "Cisco TAC 225476"
_PORTS = "IP port guide X15.0, 'Mobile and Remote Access'"
# What a leg is to a service, the source, and whether that is inferred.
_ABOUT: Mapping[LegKind, tuple[str, str, bool]] = {
    LegKind.ZONE: ("the traversal zone between Expressway-C and Expressway-E", "Cisco TAC 225693, condition 2", False),
    LegKind.TUNNEL: ("the SSH tunnel", "Cisco TAC 225693, test case 2; MRA guide X12.5, 'Troubleshooting'", False),
    LegKind.MRA_REGISTRATION: ("Expressway-C's check in the SIP SERVICE message", "Cisco TAC 225482 (FAQ)", False),
    LegKind.MRA: ("clients outside reach Expressway-E", _PORTS, False),
    LegKind.MRA_SIP: ("clients outside register by SIP", _PORTS, False),
    LegKind.MRA_XMPP: ("clients outside chat by XMPP", _PORTS, False),
    LegKind.XCP: ("XMPP between Expressway-C and Expressway-E", _PORTS, False),
    LegKind.UNIFIED_CM_HTTPS: ("one Unified CM node by HTTPS", _TRAFFIC, False),
    LegKind.UNIFIED_CM_SIP: ("one Unified CM node by SIP over TLS (mixed mode)", _PORTS, False),
    LegKind.UNIFIED_CM_OAUTH: ("one Unified CM node by SIP OAuth", "Cisco TAC 215572", False),
    LegKind.UNIFIED_CM_TFTP: (
        "configuration files from one Unified CM node by HTTPS (TFTP 6971 and 6972)",
        "Cisco TAC 225476 and 217743: without C's CA in tomcat-trust and CallManager-trust logins fail",
        False,
    ),
    LegKind.IM_PRESENCE_HTTPS: ("one IM and Presence node by HTTPS", _TRAFFIC, True),
    LegKind.IM_PRESENCE_XMPP: ("one IM and Presence node by XMPP (7400)", _PORTS, True),
    LegKind.WEB_PROXY: ("browsers outside reach Expressway-E", "Cisco TAC 210800", False),
    LegKind.WEB_BRIDGE: ("one Web Bridge of the Meeting Server", "Cisco TAC 210800", False),
    LegKind.B2B: (
        "one server of the other company, in each direction",
        "SIP over TLS through DNS and default zone",
        True,
    ),
    LegKind.XMPP: ("one server of the federated domain, in each direction", "RFC 6120", True),
    LegKind.LDAP: ("one LDAP server, where login accounts are kept", "Administrator guide X15.0, 'LDAP'", True),
    LegKind.TMS: ("one TMS server", "Administrator guide X15.0, 'External manager'", True),
}
_MACHINES = (
    LegKind.UNIFIED_CM_HTTPS,
    LegKind.UNIFIED_CM_TFTP,
    LegKind.UNIFIED_CM_SIP,
    LegKind.UNIFIED_CM_OAUTH,
    LegKind.IM_PRESENCE_HTTPS,
    LegKind.IM_PRESENCE_XMPP,
)


def _mra(plan: _Plan, peer: str) -> Iterator[Need]:
    if plan.at(peer, LegKind.MRA):
        for kind in (LegKind.MRA, LegKind.MRA_SIP, LegKind.MRA_XMPP):
            yield from plan.every(peer, kind)
        yield from plan.inside(peer, (LegKind.ZONE, LegKind.TUNNEL, LegKind.MRA_REGISTRATION, LegKind.XCP), _MACHINES)


def _b2b(plan: _Plan, peer: str) -> Iterator[Need]:
    if plan.is_edge(peer) and plan.at(peer, LegKind.B2B):
        yield from plan.any_node(peer, LegKind.B2B)
        yield from plan.inside(peer, (LegKind.ZONE,), ())


def _federation(plan: _Plan, peer: str) -> Iterator[Need]:
    if plan.is_edge(peer) and plan.at(peer, LegKind.XMPP):
        yield from plan.any_node(peer, LegKind.XMPP)
        yield from plan.inside(peer, (LegKind.ZONE,), (LegKind.IM_PRESENCE_HTTPS, LegKind.IM_PRESENCE_XMPP))


def _web_proxy(plan: _Plan, peer: str) -> Iterator[Need]:
    if plan.at(peer, LegKind.WEB_PROXY):
        yield from plan.every(peer, LegKind.WEB_PROXY)
        yield from plan.inside(peer, (LegKind.ZONE, LegKind.TUNNEL), (LegKind.WEB_BRIDGE,))


def _administration(plan: _Plan, peer: str) -> Iterator[Need]:
    yield from plan.any_node(peer, LegKind.LDAP, LegKind.TMS)


_NEEDS: Mapping[ServiceName, Callable[[_Plan, str], Iterator[Need]]] = {
    ServiceName.MRA: _mra,
    ServiceName.B2B: _b2b,
    ServiceName.FEDERATION: _federation,
    ServiceName.WEB_PROXY: _web_proxy,
    ServiceName.ADMINISTRATION: _administration,
}
