"""SAN layouts: which names a server certificate needs, each with the reason and who needs it.

Sources: X12.5 guide, "Overview of Certificate Use on the Expressway" (common name, cluster) and "Server Certificate
Requirements for Unified Communications" (the feature matrix); X8.x guides for the older common name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from pkikit.design.legs import legs_of, registration_names
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Leg
from pkikit.model.parties import MRA, Cluster, Role, Side
from pkikit.model.tables.features import PEER_AS_COMMON_NAME
from pkikit.rules.name_rules import (
    CHAT_ALIAS,
    CLUSTER,
    COLLAB_EDGE,
    COMMON_NAME_ONLY,
    FEDERATION,
    PEER,
    REGISTRATION,
    SIP_DOMAIN,
)


@dataclass(frozen=True, kw_only=True)
class SanEntry:
    """One name that a certificate needs.

    Attributes:
        value: the name.
        reason: why it is there.
        rule: id of the rule that a certificate without the name breaks.
        needed_by: ids of legs, and names of services.
        legs: the legs among them.
        type: the form of the name; always `dns`, which is all that the product writes.
    """

    value: str
    reason: str
    rule: str
    needed_by: tuple[str, ...]
    legs: tuple[Leg, ...] = ()
    type: str = "dns"

    def __str__(self) -> str:
        """The name, why it is there, and who needs it."""
        needed = f" (needed by {', '.join(self.needed_by)})" if self.needed_by else ""
        return f"{self.type}:{self.value}: {self.reason}{needed}"

    def to_json(self) -> dict[str, Any]:
        """A JSON object: `type`, `value`, `rule`, `reason`, `needed_by`."""
        return {
            "type": self.type,
            "value": self.value,
            "rule": self.rule,
            "reason": self.reason,
            "needed_by": list(self.needed_by),
        }


@dataclass(frozen=True, kw_only=True)
class SanLayout:
    """The names that the certificate of one party needs. Iterate over it for the entries.

    Attributes:
        owner: FQDN of the party.
        common_name: the subject's common name.
        entries: the SAN entries, in the order of the guide.
    """

    owner: str
    common_name: str
    entries: tuple[SanEntry, ...]

    def __iter__(self) -> Iterator[SanEntry]:
        return iter(self.entries)

    def __str__(self) -> str:
        """The common name, then each SAN entry with its reason and who needs it."""
        entries = (f"  {entry}" for entry in self.entries)
        return "\n".join((f"{self.owner}: common name {self.common_name}, {len(self.entries)} SAN entries", *entries))

    def _repr_html_(self) -> str:
        """The same as a table for a notebook."""
        rows = "".join(
            f"<tr><td>{escape(e.value)}</td><td>{escape(e.reason)}</td><td>{escape(', '.join(e.needed_by))}</td></tr>"
            for e in self.entries
        )
        return (
            f"<table><caption>{escape(self.owner)}: common name {escape(self.common_name)}</caption>"
            f"<thead><tr><th>SAN</th><th>reason</th><th>needed by</th></tr></thead><tbody>{rows}</tbody></table>"
        )

    @property
    def dns_names(self) -> tuple[str, ...]:
        """The dNSNames, in order."""
        return tuple(e.value for e in self.entries)

    def without(self, *names: str) -> SanLayout:
        """Return the same layout without some of the names, as a careless order would have it."""
        return SanLayout(
            owner=self.owner,
            common_name=self.common_name,
            entries=tuple(e for e in self.entries if e.value not in names),
        )

    def to_json(self) -> dict[str, Any]:
        """A JSON object: `fqdn`, `common_name`, `sans`."""
        return {
            "fqdn": self.owner,
            "common_name": self.common_name,
            "sans": [e.to_json() for e in self.entries],
        }


def design_sans(deployment: Deployment, peer: str, registration_format: str | None = None) -> SanLayout:
    """Design the names of one peer's certificate.

    Args:
        deployment: the deployment.
        peer: the FQDN of a peer.
        registration_format: replaces the deployment's choice of `dns` or `collab-edge-dns`.

    Returns:
        The layout.

    Raises:
        KeyError: the deployment has no such peer.
    """
    cluster = deployment.cluster_of(peer)
    if cluster is None:
        raise KeyError(peer)
    legs = [(leg, check) for leg in legs_of(deployment) for check in leg.presents(peer)]
    chosen: dict[str, SanEntry] = {}
    for name, reason, rule, services in _list_names(deployment, cluster, peer, registration_format):
        before = chosen.get(name)
        if before is None:
            of_name = tuple(leg for leg, check in legs if name in check.any_of)
            needed_by = (*services, *(leg.id for leg in of_name))
            chosen[name] = SanEntry(value=name, reason=reason, rule=rule, needed_by=needed_by, legs=of_name)
        else:
            merged = tuple(dict.fromkeys((*before.needed_by, *services)))
            chosen[name] = replace(before, reason=f"{before.reason}; {reason}", needed_by=merged)
    return SanLayout(owner=peer, common_name=_common_name(deployment, cluster, peer), entries=tuple(chosen.values()))


def design_all(deployment: Deployment, registration_format: str | None = None) -> tuple[SanLayout, ...]:
    """Design the layout of every peer, in the order of the deployment file."""
    return tuple(design_sans(deployment, peer, registration_format) for peer in deployment.peers)


def _common_name(deployment: Deployment, cluster: Cluster, peer: str) -> str:
    if cluster.fqdn is None or (
        deployment.product_version.has(PEER_AS_COMMON_NAME) and cluster.certificate == "per-peer"
    ):
        return peer  # not clustered; or clustered as the X8.x guides had it
    return cluster.fqdn


_Wanted = tuple[str, str, str, tuple[str, ...]]


def _list_names(
    deployment: Deployment, cluster: Cluster, peer: str, registration_format: str | None
) -> Iterator[_Wanted]:
    """Yield (name, reason, rule, services) in the order of the guide."""
    yield from _own_names(deployment, cluster, peer)
    yield from _aliases(deployment, peer)
    if cluster.role is Role.EXPRESSWAY_E:
        yield from _edge_names(deployment, registration_format)
    else:
        yield from _core_names(deployment)


def _aliases(deployment: Deployment, peer: str) -> Iterator[_Wanted]:
    """Include all aliases: E may be known by other FQDNs (Mobile and Remote Access guide)."""
    inner_aliases = deployment.inner_aliases
    for name, owner in deployment.peer_aliases.items():
        if owner == peer:
            inner = name in inner_aliases
            yield (
                name,
                "another name of this peer, by which a zone on C dials it (such as the FQDN of its inner interface)"
                if inner
                else "another name by which this peer is known: the guide wants all of them",
                PEER.id,
                () if inner else ("clients that know the peer by this name",),
            )


def _own_names(deployment: Deployment, cluster: Cluster, peer: str) -> Iterator[_Wanted]:
    if cluster.fqdn is None:
        yield (
            peer,
            "FQDN of the Expressway; the guide leaves the SAN empty here, but CAs and clients of today read only the SAN",
            COMMON_NAME_ONLY.id,
            ("administration (HTTPS)",),
        )
        return
    shared = cluster.certificate == "shared"
    for name in cluster.peers if shared else (peer,):
        why = "FQDN of a peer that shares this certificate" if shared else "FQDN of this peer"
        yield name, why, PEER.id, ("administration (HTTPS)",)
    services = ["cluster name"]
    if cluster.role is Role.EXPRESSWAY_C:
        features = ((MRA, deployment.mra), ("Jabber Guest", deployment.jabber_guest))
        services += [name for name, used in (*features, ("XMPP federation", deployment.federation)) if used]
    yield cluster.fqdn, "FQDN of the cluster", CLUSTER.id, tuple(services)


def _edge_names(deployment: Deployment, registration_format: str | None) -> Iterator[_Wanted]:
    chosen = registration_format or deployment.registration_domain_format
    if deployment.mra:
        for name, domain in zip(registration_names(deployment, chosen), deployment.domains.registration, strict=True):
            if chosen == "collab-edge-dns":
                reason, rule = (
                    f"registration domain {domain} in CollabEdgeDNS format",
                    COLLAB_EDGE.id,
                )
            else:
                reason, rule = (
                    "Unified CM registration (service discovery) domain",
                    REGISTRATION.id,
                )
            yield name, reason, rule, (MRA,)
    for domain in deployment.domains.federation:
        yield domain, "XMPP federation domain", FEDERATION.id, ("XMPP federation",)
    yield from _chat_aliases(deployment)
    if deployment.sip_domains_in_certificate:
        for domain in deployment.domains.sip:
            yield (
                domain,
                "SIP domain, looked for by strict B2B callers (RFC 5922)",
                SIP_DOMAIN.id,
                ("B2B calls",),
            )
    yield from _group_names(deployment, Side.EDGE)


def _core_names(deployment: Deployment) -> Iterator[_Wanted]:
    yield from _group_names(deployment, Side.CORE)
    yield from _chat_aliases(deployment)


def _group_names(deployment: Deployment, side: Side) -> Iterator[_Wanted]:
    """Yield the names that parties around the Expressways need in the certificates on one side."""
    for group in deployment.groups:
        for wanted in group.wants:
            if wanted.side is side and (deployment.mra or wanted.service != MRA):
                yield wanted.name, wanted.reason, wanted.rule, (wanted.service,)


def _chat_aliases(deployment: Deployment) -> Iterator[_Wanted]:
    if deployment.federation:
        for alias in deployment.chat_aliases:
            yield (
                alias,
                "chat node alias of IM and Presence, for federated group chat",
                CHAT_ALIAS.id,
                ("XMPP federation",),
            )
