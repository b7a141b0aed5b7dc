"""Which machines have another name in the next deployment: those at the same place of the same cluster or group."""

from __future__ import annotations

from collections.abc import Iterator

from pkikit.model.deployment import Deployment
from pkikit.model.parties import PartyKind


def renames_between(today: Deployment, tomorrow: Deployment) -> dict[str, str]:
    """Return the machines that change their name: one name for another at the same position of the same list.

    Args:
        today: the deployment before.
        tomorrow: the deployment after.

    Returns:
        The FQDN after, by the FQDN before.
    """
    before, after = machines_of(today), machines_of(tomorrow)
    found: dict[str, str] = {}
    for old, new in _matched_lists(today, tomorrow):
        if len(old) == len(new):
            found |= {a: b for a, b in zip(old, new, strict=True) if a != b and a not in after and b not in before}
    return found


def machines_of(deployment: Deployment) -> frozenset[str]:
    """Return the FQDNs of all machines of a deployment."""
    return frozenset(n for group in deployment.groups for n in group.members)


def _matched_lists(today: Deployment, tomorrow: Deployment) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Yield the machines of each cluster and group of both deployments, in the order of the file."""
    clusters = {cluster.name: cluster.peers for cluster in tomorrow.clusters}
    for cluster in today.clusters:
        if cluster.name in clusters:
            yield cluster.peers, clusters[cluster.name]
    fixed = {PartyKind.EXPRESSWAY, PartyKind.NEIGHBOUR, PartyKind.CLIENT}
    groups = {(g.kind, g.name): g.members for g in tomorrow.groups if g.kind not in fixed}
    for group in today.groups:
        if (group.kind, group.name) in groups and group.kind not in fixed:
            yield group.members, groups[group.kind, group.name]
