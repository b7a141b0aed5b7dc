"""The deployment that the answers describe: two clusters, and everyone who connects from outside."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

from pkikit.errors import DeploymentError, InputError
from pkikit.explore.advice.plain_answers import B2B, FEDERATION, FIELDS, GUESTS, MRA, MUTUAL, Answers
from pkikit.model.deployment import Deployment, deployment_from
from pkikit.model.deployment_file.fields import MAX_PEERS
from pkikit.model.parties import Side
from pkikit.model.zones import NeighbourZone


def deployment_of(answers: Answers) -> Deployment:
    """Return the deployment that the answers describe, in the version that they aim at.

    Args:
        answers: names, sizes and who connects.

    Returns:
        The deployment.

    Raises:
        InputError: names or numbers do not fit together; the message names the field.
    """
    usual = Answers()
    # What somebody accepts changes no machine.
    return _deployment_of(
        replace(answers, trust=usual.trust, domain=usual.domain, restarts=usual.restarts, acme=usual.acme)
    )


@lru_cache(maxsize=64)
def _deployment_of(answers: Answers) -> Deployment:
    for key in ("core_peers", "edge_peers"):
        if not 1 <= getattr(answers, key) <= MAX_PEERS:
            raise InputError(
                f"{FIELDS[key]}: {getattr(answers, key)} is out of range; a cluster has 1 to {MAX_PEERS} peers"
            )
    core = _cluster("core", "expressway-c", answers.core_fqdn, "c", answers.core_peers)
    edge = _cluster("edge", "expressway-e", answers.edge_fqdn, "e", answers.edge_peers)
    both = set(core["peers"]) & set(edge["peers"]) or {answers.core_fqdn} & {answers.edge_fqdn}
    if both:
        raise InputError(
            f"{FIELDS['core_fqdn']} and {FIELDS['edge_fqdn']}: both lead to {sorted(both)[0]}; write different names"
        )
    try:
        return deployment_from(_document(answers, core, edge))
    except DeploymentError as error:
        raise InputError(_with_labels(str(error.message))) from None


def outside_of(deployment: Deployment) -> tuple[str, ...]:
    """Return who connects from outside, as the question `outside` says it, from a deployment file."""
    edges = {c.name for c in deployment.clusters if c.role.value == "expressway-e"}
    neighbours = any(isinstance(z, NeighbourZone) and z.cluster in edges and z.tls_verify for z in deployment.zones)
    mutual = neighbours or any(p.mutual_tls for p in deployment.b2b_partners) or bool(deployment.cloud_services)
    found = {
        MRA: deployment.mra,
        B2B: bool(deployment.b2b_partners),
        MUTUAL: mutual,
        FEDERATION: deployment.federation,
        GUESTS: bool(deployment.meeting_servers) or deployment.jabber_guest,
    }
    return tuple(kind for kind, here in found.items() if here)


def outsiders(deployment: Deployment) -> tuple[str, ...]:
    """Return the machines outside, those without a certificate last."""
    return deployment.members_on(Side.OUTSIDE)


def _document(answers: Answers, core: dict[str, Any], edge: dict[str, Any]) -> dict[str, Any]:
    domain, inside = answers.domains[0], answers.core_fqdn.partition(".")[2]
    uses = set(answers.outside)
    unified = bool(uses & {MRA, GUESTS})
    zone = "unified-communications-traversal" if unified else "traversal"
    zones: list[dict[str, Any]] = [
        {
            "name": "uc-traversal" if unified else "traversal",
            "type": zone,
            "client": "core",
            "server": "edge",
            "peer_addresses": edge["peers"],
            "tls_verify_subject_name": core.get("fqdn", core["peers"][0]),
        }
    ]
    made: dict[str, Any] = {
        "name": "my-design",
        "version": answers.target,
        "clusters": [core, edge],
        "domains": {
            "registration": list(answers.domains) if MRA in uses else [],
            "sip": [domain],
            "federation": [domain] if FEDERATION in uses else [],
        },
        "mra": MRA in uses,
    }
    if MUTUAL in uses:
        zones.append({
            "name": "partner", "type": "neighbour", "cluster": "edge",
            "peer_addresses": ["sip.partner.example.net"], "tls_verify": True,
        })  # fmt: skip
    if B2B in uses:
        zones += [
            {"name": "b2b", "type": "dns", "cluster": "edge"},
            {"name": "default", "type": "default", "cluster": "edge"},
        ]
        made["b2b_partners"] = [{"domain": "callee.example.org", "nodes": ["sip.callee.example.org"]}]
    if MRA in uses:
        made["unified_cm"] = [{
            "name": "cucm", "nodes": [f"ucm1.{inside}"], "mixed_mode": True, "tls_verify": True,
            "security_profiles": [f"secure.profiles.{inside}"],
        }]  # fmt: skip
    if uses & {MRA, FEDERATION}:
        made["im_presence"] = [{"name": "imp", "nodes": [f"imp1.{inside}"]}]
    if FEDERATION in uses:
        made["federated_servers"] = [{"domain": "federated.example.net", "nodes": ["xmpp.federated.example.net"]}]
    if GUESTS in uses:
        made["meeting_servers"] = [{"name": "cms", "join_host": f"join.{domain}", "nodes": [f"cms1.{inside}"]}]
    return {**made, "zones": zones}


def _cluster(name: str, role: str, fqdn: str, letter: str, peers: int) -> dict[str, Any]:
    """For a cluster, `fqdn` is the cluster's and the peers get names in its domain; for a single Expressway, its own."""
    plain = {"name": name, "role": role, "cluster_tls": "enforce"}
    if peers == 1:
        return {**plain, "peers": [fqdn]}
    domain = fqdn.partition(".")[2] or fqdn
    return {**plain, "fqdn": fqdn, "peers": [f"{letter}{n}.{domain}" for n in range(1, peers + 1)]}


_PATHS = {
    "clusters[0].fqdn": FIELDS["core_fqdn"],
    "clusters[0].peers": FIELDS["core_fqdn"],
    "clusters[1].fqdn": FIELDS["edge_fqdn"],
    "clusters[1].peers": FIELDS["edge_fqdn"],
    "domains.": FIELDS["domains"],
}


def _with_labels(message: str) -> str:
    """Put the label of the field in the place of the key of the file."""
    path, colon, rest = message.partition(": ")
    label = next((label for begin, label in _PATHS.items() if path.startswith(begin)), "")
    return f"{label}: {rest}" if label and colon else message
