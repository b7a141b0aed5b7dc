"""The document of `pkikit fleet audit --json`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pkikit.fleet.audit_records import ConnectionRecord, FleetAudit, FolderRecord
from pkikit.fleet.plain_values import plain
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
        "holds_until": plain(record.holds_until, iso),
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
        "expiries": plain(record.expiries, iso),
        "both_purposes": plain(record.both_purposes, iso),
        "problems": plain(record.problems, iso),
        "findings": [finding.to_json() for finding in record.findings],
    }


def _break(connection: ConnectionRecord, at: datetime) -> dict[str, Any]:
    return {
        "leg": connection.id,
        "at": plain(connection.first_break(at), iso),
        "cause": connection.cause,
        "name": connection.name,
        "state": connection.state.value,
        "refused_by": connection.refused_by or None,
        "says": connection.says,
        "fix": connection.fix,
    }


def _states(counts: Any) -> dict[str, int]:
    return {state.value: counts[state] for state in State}
