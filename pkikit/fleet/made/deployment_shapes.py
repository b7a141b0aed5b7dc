"""Deployments of varied shape: sizes, zones, features, versions and who issues the certificates."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from random import Random
from typing import Any

from pkikit.model.deployment import Deployment, deployment_from
from pkikit.model.tables.features import ASKED_VERSIONS

_TREES = (
    "alder", "ash", "aspen", "beech", "birch", "cedar", "chestnut", "cypress", "elm", "fir", "hazel", "hornbeam", "juniper",
    "larch", "lime", "maple", "oak", "olive", "pine", "plane", "poplar", "rowan", "spruce", "walnut", "willow", "yew",
)  # fmt: skip
_PEERS, _PEER_WEIGHTS = (1, 2, 3, 4), (50, 41, 6, 3)


class Issuers(enum.StrEnum):
    """Who issues the certificates of a deployment."""

    PRIVATE = "private CA with an issuing CA"
    PRIVATE_ROOT = "private root CA without an issuing CA"
    PUBLIC_EDGE = "public CA at the edge and outside, private CA inside"


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A deployment, as its file says it and as a value, and who issues its certificates.

    Attributes:
        folder: the name of its folder.
        document: the content of its file.
        deployment: the same as a value.
        issuers: who issues.
    """

    folder: str
    document: dict[str, Any]
    deployment: Deployment
    issuers: Issuers


def shape_of(number: int, choose: Random) -> Shape:
    """Return a deployment that no other number of the fleet has.

    Args:
        number: which deployment of the fleet, from 1.
        choose: makes the choices.

    Returns:
        The deployment.
    """
    document = _document(f"{choose.choice(_TREES)}{number}", choose)
    issuers = choose.choices(tuple(Issuers), weights=(50, 20, 30))[0]
    return shaped(f"{document['name']}", document, issuers)


def shaped(folder: str, document: dict[str, Any], issuers: Issuers) -> Shape:
    """Return the shape of a document that is already there, such as a changed one.

    Args:
        folder: the name of its folder.
        document: the content of its file.
        issuers: who issues.

    Returns:
        The shape.
    """
    return Shape(folder=folder, document=document, deployment=deployment_from(document), issuers=issuers)


def _document(name: str, choose: Random) -> dict[str, Any]:
    domain, inside = f"{name}.example", f"corp.{name}.example"
    core = [f"c{n}.{inside}" for n in range(1, 1 + choose.choices(_PEERS, _PEER_WEIGHTS)[0])]
    edge = [f"e{n}.{domain}" for n in range(1, 1 + choose.choices(_PEERS, _PEER_WEIGHTS)[0])]
    mra, chat = choose.random() < 0.85, choose.random() < 0.25
    registration = [domain, *([f"{name}.test"] if choose.random() < 0.3 else [])] if mra else []
    document: dict[str, Any] = {
        "name": name,
        "version": choose.choice(ASKED_VERSIONS),
        "clusters": [_cluster("core", "expressway-c", f"cluster-c.{inside}", core, choose),
                     _cluster("edge", "expressway-e", f"cluster-e.{domain}", edge, choose)],
        "domains": {"registration": registration, "sip": [domain], "federation": [domain] if chat else []},
        "mra": mra,
        "zones": [_traversal(document_zone="uc-traversal" if mra else "traversal", core=core, edge=edge, inside=inside)],
        "unified_cm": [_unified_cm(inside, choose, mixed=mra and choose.random() < 0.6)],
    }  # fmt: skip
    if mra and choose.random() < 0.6:
        nodes = [f"imp{n}.{inside}" for n in range(1, choose.choice((2, 3)))]
        document["im_presence"] = [{"name": "imp", "nodes": nodes}]
    if chat:
        document["chat_aliases"] = [f"conference.{domain}"]
        document["federated_servers"] = [{"domain": f"{name}-partner.test", "nodes": [f"xmpp.{name}-partner.test"]}]
    _add_optional(document, name, domain, inside, choose)
    return document


def _cluster(name: str, role: str, fqdn: str, peers: list[str], choose: Random) -> dict[str, Any]:
    made: dict[str, Any] = {"name": name, "role": role}
    if len(peers) > 1 or choose.random() < 0.5:
        made["fqdn"] = fqdn
    return {**made, "peers": peers, "cluster_tls": choose.choice(("enforce", "enforce", "permissive"))}


def _traversal(*, document_zone: str, core: list[str], edge: list[str], inside: str) -> dict[str, Any]:
    subject = f"cluster-c.{inside}" if len(core) > 1 else core[0]
    kind = "unified-communications-traversal" if document_zone == "uc-traversal" else "traversal"
    return {"name": document_zone, "type": kind, "client": "core", "server": "edge", "peer_addresses": list(edge),
            "tls_verify_subject_name": subject}  # fmt: skip


def _unified_cm(inside: str, choose: Random, *, mixed: bool) -> dict[str, Any]:
    nodes = [f"ucm{n}.{inside}" for n in range(1, choose.choice((2, 2, 3, 4)))]
    profiles = [f"secure.profiles.{inside}"] if mixed else []
    return {"name": "cucm", "nodes": nodes, "mixed_mode": mixed, "tls_verify": True, "security_profiles": profiles}


def _add_optional(document: dict[str, Any], name: str, domain: str, inside: str, choose: Random) -> None:
    """Add what not every deployment has: partners, voicemail, meetings, servers inside, revocation checking."""
    if choose.random() < 0.45:
        verify = choose.random() < 0.8
        document["zones"].append(
            {"name": "partner", "type": "neighbour", "cluster": "edge", "peer_addresses": [f"sip.{name}-partner.test"],
             "tls_verify": verify})  # fmt: skip
    if choose.random() < 0.2:
        document["zones"].append({"name": "b2b", "type": "dns", "cluster": "edge", "tls_verify": True})
        document["b2b_partners"] = [{"domain": f"{name}-callee.test", "nodes": [f"sip.{name}-callee.test"]}]
    if document["mra"] and choose.random() < 0.25:
        document["unity_connection"] = [{"name": "cuc", "nodes": [f"cuc1.{inside}"]}]
    if choose.random() < 0.15:
        document["meeting_servers"] = [{"name": "cms", "join_host": f"join.{domain}", "nodes": [f"cms1.{inside}"]}]
    servers = [
        ("directory", "ldap", "core", "ldap"),
        ("log", "syslog", "edge", "syslog"),
        ("tms", "tms", "core", "tms"),
    ]
    document["servers"] = [
        {"name": label, "type": kind, "cluster": cluster, "nodes": [f"{host}.{inside}"]}
        for label, kind, cluster, host in servers
        if choose.random() < 0.3
    ]
    if choose.random() < 0.2:
        fallback = choose.choice(("not-revoked", "revoked"))
        document["revocation"] = {"checking": True, "use_ocsp": False, "use_crls": True, "fallback": fallback}
