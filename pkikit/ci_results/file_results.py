"""Results of commands that judge files one by one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509

from pkikit.ci_results.found_cases import Case, CaseState, Place, Results
from pkikit.ci_results.written import repository_of
from pkikit.errors import PkikitError
from pkikit.files import parse, read_bytes
from pkikit.model.certificates.facts import title
from pkikit.model.findings import Verdict

_BEGIN = re.compile(rb"^-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----", re.MULTILINE)


def results_of_files(command: str, judged: Iterable[tuple[Path, Verdict]], *, at: datetime, scope: str = "") -> Results:
    """Return the results of files.

    Args:
        command: the command of pkikit that judged them.
        judged: each file with its verdict.
        at: the time that was judged.
        scope: what the run is about, such as the peer; tells uploads of one pipeline apart.

    Returns:
        One case for each file.
    """
    pairs = list(judged)
    return Results(
        program="pkikit",
        command=command,
        cases=tuple(_case(path, verdict) for path, verdict in pairs),
        accepted=all(verdict.accepted for _, verdict in pairs),
        scope=scope,
        at=at.isoformat(),
        checked=tuple(dict.fromkeys(rule for _, verdict in pairs for rule in verdict.checked)),
    )


def file_entries(judged: Iterable[tuple[Path, Verdict]]) -> list[dict[str, Any]]:
    """Return the value of the key `files`: each file with its findings, so that a later run can be compared.

    Args:
        judged: each file with its verdict.

    Returns:
        A list of objects.
    """
    return [
        {"file": case_path(path), "accepted": verdict.accepted, "findings": [f.to_json() for f in verdict.findings]}
        for path, verdict in judged
    ]


def case_path(path: Path) -> str:
    """Return how results name a file: relative to the top of the repository, whatever folder the command runs in.

    Args:
        path: the file, as it was given.

    Returns:
        The relative path; the absolute one for a file outside.
    """
    root, whole = repository_of(Path.cwd()), Path(os.path.abspath(path))  # noqa: PTH100 - not through links
    return (whole.relative_to(root) if whole.is_relative_to(root) else whole).as_posix()


def _case(path: Path, verdict: Verdict) -> Case:
    state = CaseState.PASSED if verdict.accepted else CaseState.FAILED
    lines = _lines_of(path) if verdict.findings else {}
    return Case(
        id=case_path(path),
        name=case_path(path),
        state=state,
        findings=verdict.findings,
        place=Place(file=str(path)),
        places={subject: Place(file=str(path), line=line) for subject, line in lines.items()},
    )


def _lines_of(path: Path) -> dict[str, int]:
    """Return the line at which each certificate of a PEM file begins, by the name that findings have for it."""
    try:
        data = read_bytes(path)
        starts = [data.count(b"\n", 0, found.start()) + 1 for found in _BEGIN.finditer(data)]
        certificates: tuple[x509.Certificate, ...] = (
            parse(data, where=str(path), keep_encrypted=True, check_keys=False).certificates if starts else ()
        )
    except PkikitError:
        return {}
    if len(starts) != len(certificates):
        return {}
    found: dict[str, int] = {}
    for line, certificate in zip(starts, certificates, strict=True):
        found.setdefault(title(certificate), line)
    return found
