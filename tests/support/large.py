"""Deployments with more parties than anybody runs by hand."""

from __future__ import annotations

from typing import Any

from pkikit.model.deployment import Deployment, deployment_from
from tests.support.worlds import deployment


def large(neighbours: int = 0, clusters: int = 0) -> Deployment:
    """The single pair with that many more neighbour zones, or clusters of one peer."""
    data: dict[str, Any] = deployment("single-pair").model_dump(mode="json")
    cluster = data["clusters"][0]
    data["zones"] += [
        {"type": "neighbour", "name": f"n{i}", "cluster": cluster["name"], "peer_addresses": [f"h{i}.example.net"]}
        for i in range(neighbours)
    ]
    data["clusters"] += [
        {**cluster, "name": f"more{i}", "fqdn": None, "peers": [f"m{i}.corp.example.com"]} for i in range(clusters)
    ]
    return deployment_from(data)
