"""Results as a Code Quality report of GitLab: the part of the Code Climate format that GitLab reads."""

from __future__ import annotations

import json
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

from pkikit.ci_results.comparison import Comparison
from pkikit.ci_results.found_cases import Case, Results
from pkikit.ci_results.identity import fingerprint
from pkikit.ci_results.sarif import artifact
from pkikit.model.findings import Finding, Severity
from pkikit.text import printable

_SEVERITIES = MappingProxyType({Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.INFO: "info"})
_MOST = 1000


def code_quality(results: Results, root: Path, comparison: Comparison | None = None) -> bytes:
    """Return a Code Quality report. What is known from an earlier run is left out.

    Args:
        results: what was found.
        root: the top of the repository.
        comparison: the same beside an earlier run.

    Returns:
        The document, in UTF-8.
    """
    entries = [
        _entry(case, finding, root)
        for case in results.cases
        for finding in case.all_findings
        if comparison is None or not comparison.is_known(case, finding)
    ]
    return (json.dumps(entries, indent=1, ensure_ascii=False) + "\n").encode()


def _entry(case: Case, finding: Finding, root: Path) -> dict[str, Any]:
    place = case.place_of(finding)
    path = unquote(artifact(place.file, root)["uri"]) if place is not None else "."
    return {
        "description": printable(f"{finding.subject}: {finding.message} Fix: {finding.fix}", _MOST),
        "check_name": finding.rule,
        "fingerprint": fingerprint(finding, case),
        "severity": _SEVERITIES[finding.severity],
        "location": {"path": printable(path, _MOST), "lines": {"begin": (place.line if place else None) or 1}},
    }
