"""The document of `pkikit fleet audit --json`."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from enum import Enum
from typing import Any

from pkikit.fleet.audit_records import ConnectionRecord, FleetAudit, FolderRecord
from pkikit.judge.legs.known_parts import State
from pkikit.view.description import iso


def to_document(audit: FleetAudit) -> dict[str, Any]:
    """Return the answer for programs.

    Args:
        audit: the answer.

    Returns:
        Values that JSON has.
    """
    return {
        "accepted": audit.accepted,
        "folder": audit.root,
        "at": iso(audit.at),
        "within_days": audit.within.days,
        "counts": {
            "deployments": len(audit.records),
            "failing": len(audit.failing),
            "errors": len(audit.errors),
            "reused": audit.reused,
            "connections": _states(audit.counts),
        },
        "deployments": [_deployment(record, audit) for record in audit.records],
        "gone": list(audit.gone),
    }


def _deployment(record: FolderRecord, audit: FleetAudit) -> dict[str, Any]:
    breaking = record.breaking(audit.at)
    return {
        "folder": record.folder,
        "accepted": record.accepted(audit.at, audit.within),
        "first_break": _break(breaking[0], audit.at) if breaking else None,
        "error": record.error or None,
        "deployment": record.deployment,
        "version": record.version,
        "kind": record.kind.value,
        "deployment_file": record.deployment_file or None,
        "counts": _states(record.counts),
        "holds_until": _plain(record.holds_until),
        "breaks": [
            {
                **_break(connection, audit.at),
                "files": list(connection.files),
                "findings": [finding.to_json() for finding in connection.findings],
            }
            for connection in breaking
        ],
        "not_assessed": [
            {"leg": connection.id, "name": connection.name, "missing": list(connection.missing)}
            for connection in record.connections
            if connection.state is State.NOT_ASSESSED
        ],
        "expiries": _plain(record.expiries),
        "both_purposes": _plain(record.both_purposes),
        "problems": _plain(record.problems),
        "findings": [finding.to_json() for finding in record.findings],
    }


def _break(connection: ConnectionRecord, at: datetime) -> dict[str, Any]:
    return {
        "leg": connection.id,
        "at": _plain(connection.first_break(at)),
        "cause": connection.cause,
        "name": connection.name,
        "state": connection.state.value,
        "refused_by": connection.refused_by or None,
        "says": connection.says,
        "fix": connection.fix,
    }


def _states(counts: Any) -> dict[str, int]:
    return {state.value: counts[state] for state in State}


def _plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return value
