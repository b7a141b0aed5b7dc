"""Facts put together to a deployment, and answers for keys that nothing was read for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pydantic

from pkikit.errors import InputError
from pkikit.intake.assembly.machines_around import KINDS
from pkikit.intake.assembly.record.ledger import Ledger, typed
from pkikit.intake.assembly.record.notes import Fact, Origin
from pkikit.intake.assembly.record.refused_answer import RefusedAnswer
from pkikit.model.deployment import Deployment, Revocation
from pkikit.model.deployment_file.yaml_source import YamlSource, explain
from pkikit.model.outside_parties import B2bPartner, CloudService, Partner
from pkikit.model.parties import Cluster, Domains, Server
from pkikit.model.unified_communications import ImPresence, MeetingServer, UnifiedCm, UnityConnection
from pkikit.model.zones import DefaultZone, DnsZone, NeighbourZone, TraversalZone
from pkikit.text import did_you_mean

_Models = tuple[type[pydantic.BaseModel], ...]
LISTS: dict[str, _Models] = {
    "clusters": (Cluster,),
    "zones": (TraversalZone, NeighbourZone, DnsZone, DefaultZone),
    "unified_cm": (UnifiedCm,),
    "im_presence": (ImPresence,),
    "unity_connection": (UnityConnection,),
    "meeting_servers": (MeetingServer,),
    "servers": (Server,),
    "federated_servers": (Partner,),
    "b2b_partners": (B2bPartner,),
    "cloud_services": (CloudService,),
}
_PARTS: dict[str, type[pydantic.BaseModel]] = {"domains": Domains, "revocation": Revocation}
OTHER_KEYS = ("one_deployment",)


def take_other_answers(ledger: Ledger) -> None:
    """Note the answers that nothing asked for: other keys of the deployment file.

    Args:
        ledger: has the answers, and takes them as facts.

    Raises:
        InputError: there is no such key, or the value is not of its kind.
    """
    for key, text in ledger.unused().items():
        parts = key.split("/")
        if key in ledger.questions:
            continue
        if len(parts) == 1 and key in LISTS:
            _take_list(key, text, ledger)
        elif len(parts) == 1 and key in Deployment.model_fields and key not in _PARTS and key != "addresses":
            ledger.take(key, typed(key, text, Deployment.model_fields[key].default))
        elif len(parts) == 2 and parts[0] in _PARTS and parts[1] in _PARTS[parts[0]].model_fields:
            ledger.take(key, typed(key, text, _PARTS[parts[0]].model_fields[parts[1]].default))
        elif len(parts) in {3, 4} and _has_element(parts, ledger) and (field := _field(parts)) is not None:
            ledger.take(key, typed(key, text, () if len(parts) == 4 and parts[2] == "aliases" else field.default))
        else:
            _refuse(ledger.given(key), ledger)


def _has_element(parts: list[str], ledger: Ledger) -> bool:
    return any(key.startswith(f"{parts[0]}/{parts[1]}/") for key in ledger.facts)


def _field(parts: list[str]) -> Any:
    """Return the field of an element that a key names; None if there is none."""
    found = next((m.model_fields[parts[2]] for m in LISTS.get(parts[0], ()) if parts[2] in m.model_fields), None)
    is_mapping = parts[2] in {"aliases", "server_names"}
    return found if found is not None and is_mapping is (len(parts) == 4) else None


def _take_list(key: str, text: str, ledger: Ledger) -> None:
    """Take a whole list: as YAML, or the nodes of one cluster with commas between them.

    Args:
        key: the list.
        text: the answer.
        ledger: takes it.

    Raises:
        RefusedAnswer: the list can only be written as YAML.
    """
    value = typed(key, text, ())
    if isinstance(value, tuple):
        if key not in KINDS:
            raise RefusedAnswer("write a list as in a deployment file: [{name: …, …}]", key=key, value=text)
        value = [{"name": KINDS[key], "nodes": list(value)}] if value else []
    for known in [k for k in ledger.facts if k.startswith(f"{key}/")]:
        del ledger.facts[known]
    ledger.take(key, value)


def _refuse(key: str, ledger: Ledger) -> None:
    known = (*ledger.facts, *ledger.questions, *Deployment.model_fields, *OTHER_KEYS)
    near = did_you_mean(key, known)
    raise RefusedAnswer(f"there is no such key.{near or ' import.md lists the keys that there are.'}", key=key)


def document_of(facts: Mapping[str, Fact]) -> dict[str, Any]:
    """Return the facts as a deployment file has them; lists of elements in the order in which they were noted.

    Args:
        facts: all facts by key.

    Returns:
        The data of the deployment file.
    """
    found: dict[str, Any] = {}
    elements: dict[tuple[str, str], dict[str, Any]] = {}
    for fact in facts.values():
        parts = fact.key.split("/")
        value = list(fact.value) if isinstance(fact.value, tuple) else fact.value
        if len(parts) == 1:
            found[fact.key] = value
        elif parts[0] in LISTS:
            if (parts[0], parts[1]) not in elements:
                elements[parts[0], parts[1]] = {}
                found.setdefault(parts[0], []).append(elements[parts[0], parts[1]])
            target = elements[parts[0], parts[1]]
            for part in parts[2:-1]:
                target = target.setdefault(part, {})
            if value is not None:
                target[parts[-1]] = value
        else:
            found.setdefault(parts[0], {})["/".join(parts[1:])] = value
    return {key: found[key] for key in Deployment.model_fields if key in found}


def deployment_of(ledger: Ledger) -> Deployment:
    """Return the deployment that all facts make.

    Args:
        ledger: has the facts.

    Returns:
        The deployment.

    Raises:
        RefusedAnswer: an answer is not allowed.
        InputError: another value is not, or the facts contradict each other; the message says where it comes from.
    """
    data = document_of(ledger.facts)
    try:
        return Deployment.model_validate(data)
    except pydantic.ValidationError as error:
        problem = explain(error, YamlSource(data=data, root=None, where=""), Deployment)
        first = min(error.errors(include_url=False), key=lambda e: e["type"] != "extra_forbidden")
        path = (*first["loc"], *first.get("ctx", {}).get("path", ()))
        fact = _fact_at(path, data, ledger)
        if fact is None:
            raise InputError(f"the files do not make a deployment: {problem}") from None
        if fact.origin is Origin.ANSWERED:
            raise RefusedAnswer(str(problem), key=ledger.given(fact.key)) from None
        where = str(fact.evidence[0]) if fact.evidence else ""
        raise InputError(f"the files do not make a deployment: {problem}", where=where) from None


def _fact_at(path: tuple[Any, ...], data: Mapping[str, Any], ledger: Ledger) -> Fact | None:
    """Return the fact that a value of the deployment comes from."""
    if not path or not isinstance(path[0], str):
        return None
    start = path[0]
    if start in LISTS and len(path) > 1 and isinstance(path[1], int) and start not in ledger.facts:
        ids = list(dict.fromkeys(k.split("/")[1] for k in ledger.facts if k.startswith(f"{start}/")))
        if path[1] < len(ids):
            start = f"{start}/{ids[path[1]]}"
    words = [str(part) for part in path[1:]]
    exact = next((k for k in ledger.facts if k.startswith(f"{start}/") and k.rpartition("/")[2] in words), None)
    return ledger.facts.get(exact or start) or next(
        (f for k, f in ledger.facts.items() if k.startswith(f"{start}/")), None
    )
