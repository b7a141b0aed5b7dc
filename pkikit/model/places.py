"""Change a deployment in some places: `zones.0.tls_verify_subject_name`, as its file names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pkikit.errors import InputError
from pkikit.model.deployment import Deployment, deployment_from
from pkikit.values.names import printable
from pkikit.values.numbers import whole_number


def deployment_with(deployment: Deployment, changes: Mapping[str, Any]) -> Deployment:
    """Return the deployment with another value at each place; InputError for an unknown place or an invalid value."""
    if not changes:
        return deployment
    data: dict[str, Any] = deployment.model_dump(mode="json")
    for place, value in changes.items():
        *parents, last = place.split(".")
        node: Any = data
        for part in parents:
            node = _inside(node, part, place)
        _inside(node, last, place)
        node[int(last) if isinstance(node, list) else last] = value
    return deployment_from(data)


def _inside(node: Any, part: str, place: str) -> Any:
    index = whole_number(part, most=len(node) - 1) if isinstance(node, list) and node else None
    if index is not None:
        return node[index]
    if isinstance(node, dict) and part in node:
        return node[part]
    allowed = ", ".join(node if isinstance(node, dict) else map(str, range(len(node)))) if node else "nothing"
    raise InputError(f"the deployment has no place {printable(place)!r}: at {printable(part)!r} there are {allowed}")
