"""Results of commands that judge files one by one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509

from pkikit.ci_results.found_cases import Case, CaseState, Place, Results
from pkikit.errors import MAX_WHERE, PkikitError
from pkikit.files import parse, read_bytes
from pkikit.files.repository_root import repository_of
from pkikit.model.certificates.facts import title
from pkikit.model.findings import Finding, Verdict
from pkikit.text import printable

_BEGIN = re.compile(rb"^-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class JudgedFile:
    """A file with what was found.

    Attributes:
        path: the file.
        verdict: the verdict; None if there is none.
        error: why it cannot be read; empty if it can.
        missing: what is missing for an answer; empty if nothing is.
    """

    path: Path
    verdict: Verdict | None = None
    error: str = ""
    missing: str = ""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found."""
        return self.verdict.findings if self.verdict is not None else ()

    @property
    def state(self) -> CaseState:
        """Whether the file passed."""
        if self.error:
            return CaseState.BROKEN
        if self.verdict is not None and not self.verdict.accepted:
            return CaseState.FAILED
        return CaseState.OPEN if self.missing else CaseState.PASSED

    @property
    def accepted(self) -> bool:
        """True if it was judged, and has no errors."""
        return self.state is CaseState.PASSED


def results_of_files(command: str, judged: Iterable[JudgedFile], *, at: datetime, scope: str = "") -> Results:
    """Return the results of files.

    Args:
        command: the command of pkikit that judged them.
        judged: the files.
        at: the time that was judged.
        scope: what the run is about, such as the peer; tells uploads of one pipeline apart.

    Returns:
        One case for each file.
    """
    files = list(judged)
    return Results(
        program="pkikit",
        command=command,
        cases=tuple(map(_case, files)),
        accepted=all(file.accepted for file in files),
        scope=scope,
        at=at.isoformat(),
        checked=tuple(dict.fromkeys(rule for f in files if f.verdict is not None for rule in f.verdict.checked)),
        open_fails=True,
    )


def file_entries(judged: Iterable[JudgedFile]) -> list[dict[str, Any]]:
    """Return the value of the key `files`: each file with its findings, so that a later run can be compared.

    Args:
        judged: the files.

    Returns:
        A list of objects.
    """
    return [
        {
            "file": case_path(file.path),
            "accepted": file.accepted,
            "findings": [f.to_json() for f in file.findings],
            "error": file.error or None,
            "missing": file.missing or None,
        }
        for file in judged
    ]


def case_path(path: Path) -> str:
    """Return how results name a file: relative to the top of the repository, whatever folder the command runs in.

    Args:
        path: the file, as it was given.

    Returns:
        The relative path; the absolute one for a file outside.
    """
    root, whole = repository_of(Path.cwd()), Path(os.path.abspath(path))  # noqa: PTH100 - not through links
    # A name may have any byte; a document may not.
    return printable((whole.relative_to(root) if whole.is_relative_to(root) else whole).as_posix(), MAX_WHERE)


def _case(file: JudgedFile) -> Case:
    lines = _lines_of(file.path) if file.findings else {}
    shown = str(file.path)
    return Case(
        id=case_path(file.path),
        name=case_path(file.path),
        state=file.state,
        findings=file.findings,
        why=file.error or file.missing,
        place=Place(file=shown),
        places={subject: Place(file=shown, line=line) for subject, line in lines.items()},
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
