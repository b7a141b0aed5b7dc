"""Connections of a capture as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from cryptography import x509

from pkikit.captures.answer import CaptureAnswer
from pkikit.judge.capture_causes import Assessment
from pkikit.model.captured_tls import CapturedConnection, SentChain, WireEvent
from pkikit.values.names import printable
from pkikit.view.description import describe_certificate

MAX_LISTED, MAX_NAMES = 2_000, 50


def connections_json(answer: CaptureAnswer) -> dict[str, Any]:
    """Return what a document has beside the verdict and the causes.

    Args:
        answer: the answer.

    Returns:
        `connections` (those that failed first), `connections_left_out`, `notes`, `packets`, and `groups` as for a log.
    """
    ordered = sorted(answer.assessments, key=lambda a: not a.is_down)
    return {
        "connections": [_connection(made, answer.names) for made in ordered[:MAX_LISTED]],
        "connections_left_out": max(0, len(ordered) - MAX_LISTED),
        "notes": list(answer.notes),
        "packets": answer.packets,
        "groups": list(answer.groups),
    }


def _connection(made: Assessment, names: dict[str, str]) -> dict[str, Any]:
    c = made.connection
    return {
        "client": str(c.client), "server": str(c.server),
        "client_host": names.get(c.client.address), "server_host": names.get(c.server.address),
        "began": _time(c.began), "state": made.state, "causes": list(made.causes),
        "refused_by": made.refused_by.value if made.refused_by else None, "seen": made.seen,
        "server_name": c.server_name or None,
        "offered": {"versions": list(c.offered_versions), "suites": list(c.offered_suites)},
        "version": c.version or None, "suite": c.suite or None,
        "client_certificate_requested": _requested(c),
        "authorities": [printable(name, 200) for name in c.authority_names[:MAX_NAMES]],
        "server_certificates": _chain(c.server_chain), "client_certificates": _chain(c.client_chain),
        "alerts": [
            {"by": a.side.value, "name": a.name or None, "fatal": a.fatal, **_place(a.event)} for a in c.alerts
        ],
        "closed_by": c.closed_by.value if c.closed_by else None, "reset": c.reset,
        "hints": list(made.hints), "not_assessed": list(c.not_assessed),
        "log": [
            {"place": line.place, "time": printable(line.time, 40), "rule": line.outcome.rule,
             "seen": printable(line.outcome.seen.strip(), 160)}
            for line in made.logged
        ],
        "events": [{"at": _time(e.at), "side": e.side.value, "what": e.what, **_place(e)} for e in c.events],
    }  # fmt: skip


def _requested(connection: CapturedConnection) -> bool | None:
    """True or False only where the capture shows it."""
    if connection.requested is not None:
        return True
    return False if connection.server_chain is not None else None


def _place(event: WireEvent) -> dict[str, Any]:
    return {"packet": event.packet, **({"file": event.file} if event.file else {})}


def _chain(chain: SentChain | None) -> dict[str, Any] | None:
    if chain is None:
        return None
    return {
        "certificates": _certificates(chain.certificates, chain.event.at),
        "unreadable": chain.unreadable,
        **_place(chain.event),
    }


# Of `describe_certificate`.
_FACTS = ("subject", "issuer", "sans", "extended_key_usage", "not_before", "not_after", "serial", "sha256")


def _certificates(chain: Sequence[x509.Certificate], at: datetime) -> list[dict[str, Any]]:
    described = (describe_certificate(certificate, at) for certificate in chain)
    return [{key: facts[key] for key in _FACTS if key in facts} for facts in described]


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
