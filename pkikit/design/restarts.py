"""Restarts as the product's documents advise them: how long one takes, and in which order the peers of a cluster restart.

Sources: administrator guide, 'Restarting, Rebooting, and Shutting Down'; Cisco TAC 217230, 'Restart Sequence'.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

from pkikit.model.deployment import Deployment

ESTIMATES: Mapping[str, int] = MappingProxyType({"restart": 3, "reboot": 5})  # minutes
# Between two restarts in one cluster. Ours: TAC 217230 says only that peers restart one at a time, minutes apart.
WATCH = timedelta(minutes=15)
ORDER_ADVICE = (
    "In a cluster, restart the primary first, then the other peers one at a time, minutes apart (Cisco TAC 217230)."
)


def order_advice(peers: Sequence[str]) -> str:
    """Return the sentence about the order in which peers of one cluster restart.

    Args:
        peers: those that restart, the primary first.

    Returns:
        One sentence; empty for a single peer, which has no order.
    """
    if len(peers) < 2:
        return ""
    return f"{ORDER_ADVICE} Here: {', then '.join(peers)}."


def restart_order(deployment: Deployment, fqdn: str) -> tuple[str, ...]:
    """Return the peers of a peer's cluster in the order in which they restart: the primary first.

    Args:
        deployment: the deployment. The first peer of a cluster is its primary.
        fqdn: one of the peers.

    Returns:
        The FQDNs; empty if the name is not that of a peer.
    """
    cluster = deployment.cluster_of(fqdn)
    return cluster.peers if cluster is not None else ()


def in_restart_order(deployment: Deployment, peers: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Return the peers by cluster, each cluster in the order in which its peers restart.

    Args:
        deployment: the deployment.
        peers: those that have to restart.

    Returns:
        One tuple for each cluster that has such peers, in the order of the deployment.
    """
    wanted = set(peers)
    found = (tuple(peer for peer in cluster.peers if peer in wanted) for cluster in deployment.clusters)
    return tuple(group for group in found if group)
