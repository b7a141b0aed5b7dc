"""The deployments that tests use: as shipped, with values replaced, in another size, and the valid world of each."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

from pkikit.model.deployment import Deployment, deployment_from
from pkikit.worlds.issued_world import IssuedWorld, issue_world
from simulator.world.craft import DAY
from tests.support.places import ROOT

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DEPLOYMENTS = ROOT / "notebooks" / "deployments"
C1, C2 = "c1.corp.example.com", "c2.corp.example.com"
E1, E2 = "e1.example.com", "e2.example.com"
CLUSTER_C, CLUSTER_E = "cluster-c.corp.example.com", "cluster-e.example.com"
UCM1, PARTNER, JABBER = "ucm1.corp.example.com", "sip.partner.example.net", "jabber.example.com"
PROFILE = "secure.profiles.corp.example.com"


@cache
def deployment(name: str = "clustered-mra") -> Deployment:
    from pkikit.files import load_deployment

    return load_deployment(DEPLOYMENTS / f"{name}.yaml")


@cache
def issued(name: str = "clustered-mra") -> IssuedWorld:
    return issue_world(deployment(name), at=AT - DAY, rsa=False)


def changed(name: str = "clustered-mra", **paths: Any) -> Deployment:
    """A deployment with some values replaced: `changed(zones__0__tls_verify_subject_name="x.example.com")`."""
    data = deployment(name).model_dump(mode="json")
    for path, value in paths.items():
        *parents, last = path.split("__")
        node: Any = data
        for part in parents:
            node = node[int(part)] if part.isdigit() else node[part]
        node[int(last) if last.isdigit() else last] = value
    return deployment_from(data)


def of_size(peers: int) -> Deployment:
    """clustered-mra with that many peers in each cluster."""
    data = deployment().model_dump(mode="json")
    for cluster, letter, domain in (
        (data["clusters"][0], "c", "corp.example.com"),
        (data["clusters"][1], "e", "example.com"),
    ):
        cluster["peers"] = [f"{letter}{n}.{domain}" for n in range(1, peers + 1)]
    data["zones"][0]["peer_addresses"] = data["clusters"][1]["peers"]
    return deployment_from(data)
