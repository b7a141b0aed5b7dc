"""Findings read back from a document that a command has printed with `--json`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pkikit.model.findings import Evidence, Finding, Severity
from pkikit.values.names import printable

MAX_FINDINGS, MAX_TEXT = 5_000, 2_000
_TEXTS = ("rule", "subject", "message", "fix")


def reported_findings(text: str) -> tuple[Finding, ...] | None:
    """The findings of a report, each once; None when the document is none (a trace, or anything else)."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    parts = document.get("legs") if isinstance(document.get("legs"), list) else [document]
    if not any(isinstance(p, dict) and isinstance(p.get("findings"), list) for p in parts or ()):
        return None
    found: dict[Finding, None] = {}
    for finding in _findings(parts or []):
        if len(found) < MAX_FINDINGS:
            found[finding] = None
    return tuple(found)


def _findings(parts: list[Any]) -> Iterator[Finding]:
    for part in parts:
        listed = part.get("findings") if isinstance(part, dict) else None
        for value in listed if isinstance(listed, list) else ():
            finding = _finding(value)
            if finding is not None:
                yield finding


def _finding(value: Any) -> Finding | None:
    """One finding of INTERFACES; None for what is not shaped like one."""
    if not isinstance(value, dict) or not all(isinstance(value.get(key), str) for key in _TEXTS):
        return None
    if value.get("severity") not in {s.value for s in Severity}:
        return None
    listed = value.get("evidence")
    evidence = tuple(
        Evidence(**{key: printable(str(e.get(key, "")), MAX_TEXT) for key in ("label", "expected", "seen", "where")})
        for e in (listed if isinstance(listed, list) else ())
        if isinstance(e, dict)
    )
    return Finding(
        severity=Severity(value["severity"]),
        evidence=evidence,
        **{key: printable(value[key], MAX_TEXT) for key in _TEXTS},
    )
