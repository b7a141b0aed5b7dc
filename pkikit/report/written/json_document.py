"""The report as a JSON document."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pkikit.judge.legs.known_parts import State
from pkikit.report.content.deployment_report import Report
from pkikit.report.content.inventory import AuthorityRow, CertificateRow
from pkikit.report.content.report_dates import Event
from pkikit.report.written.report_sentences import answer, half_text
from pkikit.view.connections.leg_report import LegReport
from pkikit.view.description import iso


def to_document(report: Report) -> dict[str, Any]:
    """Return the document of `pkikit report --json`.

    Args:
        report: the report.

    Returns:
        Values that JSON has; times are ISO 8601 in UTC.
    """
    counts = report.counts
    return {
        "accepted": report.accepted,
        "light": report.light.value,
        "answer": answer(report),
        "deployment": report.deployment,
        "version": report.version,
        "at": iso(report.at),
        "counts": {
            "connections": len(report.connections),
            "up": counts[State.UP],
            "down": counts[State.DOWN],
            "not_assessed": counts[State.NOT_ASSESSED],
        },
        "services": [
            {
                "name": s.name.value,
                "cluster": s.cluster,
                "peer": s.peer,
                "state": s.state.value,
                "because": list(s.because),
            }
            for s in report.services
        ],
        **report.promises.to_json(),
        "causes": [
            {
                "rule": problem.rule,
                "says": list(problem.says),
                "fix": problem.fix,
                "refused_by": list(problem.refused_by),
                "certificates": list(problem.certificates),
                "connections": list(problem.connections),
            }
            for problem in report.problems
        ],
        "warnings": [warned.finding.to_json() for warned in report.warnings],
        "dates": [_date(event) for event in report.events],
        "by_hand": report.by_hand.to_json(),
        "certificates": [_certificate(row) for row in report.inventory.certificates],
        "authorities": [_authority(row) for row in report.inventory.authorities],
        "not_assessed": [
            {"machine": gap.machine, "missing": gap.what, "how": gap.how, "connections": list(gap.connections)}
            for gap in report.gaps
        ],
        "limits": list(report.limits),
        "import": {
            "imported": report.notes.there,
            "rekeyed": report.notes.rekeyed,
            **{
                name: [{"about": note.about, "says": note.says, "why": note.why, "how": note.how} for note in notes]
                for name, notes in (
                    ("assumed", report.notes.assumed),
                    ("missing", report.notes.missing),
                    ("contradictions", report.notes.contradictions),
                    ("questions", report.notes.questions),
                )
            },
        },
        "legs": [_leg(report, connection) for connection in report.connections],
    }


def _date(event: Event) -> dict[str, Any]:
    return {
        "at": iso(event.at),
        "kind": event.kind.value,
        "what": event.title,
        "action": event.action,
        "machines": list(event.machines),
    }


def _certificate(row: CertificateRow) -> dict[str, Any]:
    return {
        "title": row.title,
        "holders": [{"machine": fqdn, "store": store} for fqdn, store in row.holders],
        "names": list(row.names),
        "name_count": row.name_count,
        "server_auth": row.server_auth,
        "client_auth": row.client_auth,
        "extended_key_usage": row.purposes,
        "uses": [asdict(use) | {"role": use.role.value, "others": list(use.others)} for use in row.uses],
        "key": row.key,
        "signature_digest": row.digest,
        "issuer": row.issuer,
        "public_ca": row.public,
        "not_before": iso(row.begins),
        "not_after": iso(row.ends),
        "serial": row.serial,
        "sha256": row.sha256,
        "client_auth_ends": iso(row.client_auth_ends) if row.client_auth_ends else None,
        "outlook": row.outlook,
    }


def _authority(row: AuthorityRow) -> dict[str, Any]:
    return {
        "title": row.title,
        "root": row.root,
        "issuer": row.issuer,
        "not_after": iso(row.ends),
        "listed_by": list(row.listed_by),
        "sent_by": list(row.sent_by),
        "sha256": row.sha256,
    }


def _leg(report: Report, connection: LegReport) -> dict[str, Any]:
    return {
        "id": connection.leg.id,
        "client": connection.leg.client,
        "server": connection.leg.server,
        "state": connection.state.value,
        "refused_by": connection.refused_by if connection.state is State.DOWN else None,
        "causes": list(connection.causes),
        "missing": [lack.to_json() for lack in connection.lacks],
        "assumed": list(connection.verdict.assumptions),
        "known": half_text(report, connection) or None,
    }
