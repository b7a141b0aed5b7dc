"""From a deployment to archives and back: what an import has to be told, because no file of a lab says it."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from pkikit.intake.assembly import Assembly, Origin, assemble
from pkikit.intake.assembly.unstated import NOT_IN_A_DUMP
from pkikit.intake.reading import read_material
from pkikit.model.deployment import Deployment
from pkikit.model.zones import DefaultZone, TraversalZone
from pkikit.report.causes.ranked import causes_of_import


def imported(folder: Path, original: Deployment) -> tuple[Assembly, dict[str, str]]:
    """(the import of a folder, the answers that it needed to become the original)."""
    material = read_material([folder])
    answers: dict[str, str] = {}
    while True:
        made = assemble(material, answers)
        more = {key: text for key, text in answers_for(made, original).items() if key not in answers}
        if not more:
            return made, answers
        answers |= more


def first_cause(folder: Path, original: Deployment, at: datetime) -> str:
    """The first cause that the archives of this deployment show, with the answers that they need."""
    made, _ = imported(folder, original)
    assert made.deployment is not None
    assert canonical(made.deployment) == canonical(original)
    return causes_of_import(made, [folder], at)[0]


def answers_for(first: Assembly, original: Deployment) -> dict[str, str]:
    """The values of the original for what an import without answers asks, assumes or misses."""
    data = canonical(original)
    asked = [question.key for question in first.questions]
    asked += [fact.key for fact in first.of(Origin.ASSUMED)]
    asked += [missing.key for missing in first.missing if missing.key]
    given = {key: _value_at(key, data) for key in asked}
    return {key: _written(value) for key, value in given.items() if value not in (None, [])}


def canonical(deployment: Deployment) -> dict[str, Any]:
    """The values of a deployment, with what is the same written in one way.

    A default zone without mutual TLS is there without being listed. An empty TLS verify subject name of a traversal zone means
    the cluster's name. The order of servers is that of their names.
    """
    data = deployment.model_dump(mode="json")
    shown = []
    for zone, values in zip(deployment.zones, data["zones"], strict=True):
        if isinstance(zone, DefaultZone) and not zone.mutual_tls:
            continue
        if isinstance(zone, TraversalZone):
            client = deployment.cluster(zone.client)
            values["tls_verify_subject_name"] = zone.tls_verify_subject_name or client.fqdn or client.peers[0]
        shown.append(values)
    servers = sorted(data["servers"], key=lambda server: str(server["name"]))  # of no dump is the first
    return {**data, "zones": shown, "servers": servers}


def _value_at(key: str, data: dict[str, Any]) -> Any:
    """The value of the original for a key of an import; None if it has none."""
    parts = key.split("/")
    if parts[0] == "servers" and parts[-1] == "kind":
        groups = ("unified_cm", "im_presence", "unity_connection")
        return next((g for g in groups for group in data[g] if parts[1] in group["nodes"]), None)
    if parts[0] == "addresses":
        listed = (pair for group in data["unified_cm"] for pair in group["server_names"].items())
        return next((node for node, address in listed if address == parts[1]), None)
    if len(parts) == 1 or parts[0] in {"domains", "revocation"}:
        value: Any = data
        for part in parts:
            value = value[part]
        return value
    if not isinstance(data.get(parts[0]), list):
        return None
    if len(parts) == 2:  # whose the other name of a node is
        return next(
            (node for e in data[parts[0]] for node, name in e["server_names"].items() if name == parts[1]), None
        )
    # Where no file has the names of clusters, an import numbers them: cucm, cucm-2.
    number = int(parts[1].rpartition("-")[2]) - 1 if parts[1].rpartition("-")[2].isdecimal() else 0
    numbered = data[parts[0]][number] if number < len(data[parts[0]]) else {}
    element = next((e for e in data[parts[0]] if parts[1] in _names(e)), numbered)
    value = element.get(parts[2])
    return value.get(parts[3]) if len(parts) == 4 and value else value


def _names(element: dict[str, Any]) -> set[str]:
    """What an import may call an element: its name, its FQDN, or the machines in it."""
    listed = (*element.get("peers", ()), *element.get("nodes", ()))
    return {str(name) for name in (element.get("name"), element.get("fqdn"), *listed)}


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value)


def is_unstated(key: str) -> bool:
    """True for a key that no dump states, whatever its element is called: an answer is the only way to know it."""
    room, _, rest = key.partition("/")
    if room == "addresses":  # whose an IP address is, where its own dump is not there
        return True
    return key in NOT_IN_A_DUMP or f"{room}/*/{rest.rpartition('/')[2]}" in NOT_IN_A_DUMP
