"""`deployment.yaml` of an import: the facts, with a remark where a value was assumed or answered, or where it was read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from pkikit.intake.assembly.assembled import Assembly
from pkikit.intake.assembly.deployment_values import LISTS
from pkikit.intake.assembly.record.notes import Fact, Origin
from pkikit.model.deployment import Deployment
from pkikit.text import printable

_WIDEST = 10**6
_SHOWN = 150
_FIRST = ("name", "type", "role", "cluster", "client", "server")


def deployment_yaml(assembly: Assembly) -> str:
    """Return the deployment file.

    Args:
        assembly: an import without open questions.

    Returns:
        YAML that `load_deployment` reads; empty lists that were only assumed are left out.
    """
    facts = {fact.key: fact for fact in assembly.facts if not _is_nothing(fact)}
    lines = ["# Made by `pkikit import`. import.md lists where each value comes from, and what is assumed."]
    for key in Deployment.model_fields:
        below = {k: f for k, f in facts.items() if k.startswith(f"{key}/")}
        if key in facts:
            lines += [f"{key}: {_value(facts[key].value)}{_remark(facts[key])}"]
        elif below and key in LISTS:
            lines += [f"{key}:", *_elements(key, below)]
        elif below:
            lines += [f"{key}:", *(f"  {k.partition('/')[2]}: {_value(f.value)}{_remark(f)}" for k, f in below.items())]
    return "\n".join(lines) + "\n"


def _is_nothing(fact: Fact) -> bool:
    return fact.value is None or (
        not fact.value and isinstance(fact.value, tuple | list) and fact.origin is not Origin.ANSWERED
    )


def _elements(key: str, facts: Mapping[str, Fact]) -> Iterator[str]:
    groups: dict[str, dict[str, Fact]] = {}
    for name, fact in facts.items():
        groups.setdefault(name.split("/")[1], {})[name.split("/", 2)[2]] = fact
    order = list(dict.fromkeys((*_FIRST, *(field for model in LISTS[key] for field in model.model_fields))))
    for fields in groups.values():
        place = next((str(e.source) for f in fields.values() for e in f.evidence), "")
        if place:
            yield f"  # {printable(place, _SHOWN)}"
        start = "  - "
        for field in sorted(fields, key=lambda name: (order.index(name.partition("/")[0]), name)):
            outer, _, inner = field.partition("/")
            fact = fields[field]
            if not inner:
                yield f"{start}{outer}: {_value(fact.value)}{_remark(fact)}"
            elif field == min(name for name in fields if name.startswith(f"{outer}/")):
                nested = {n.partition("/")[2]: f.value for n, f in fields.items() if n.startswith(f"{outer}/")}
                yield f"{start}{outer}: {_value(nested)}{_remark(fact)}"
            start = "    "


def _remark(fact: Fact) -> str:
    return "" if fact.origin is Origin.READ else f"  # {fact.origin.value}"


def _value(value: Any) -> str:
    """Return a value as YAML on one line."""
    plain = [_plain(value)]
    text: str = yaml.safe_dump(plain, default_flow_style=True, width=_WIDEST, allow_unicode=False, sort_keys=False)
    return text.strip()[1:-1]


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return value
