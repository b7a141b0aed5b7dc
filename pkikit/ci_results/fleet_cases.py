"""Results of an audit of a fleet: one case for each folder as a whole, and one for each of its connections."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePath

from pkikit.ci_results.document_parts import (
    MAX_TEXT,
    Document,
    NotResults,
    findings_in,
    objects_in,
    optional_at,
    text_at,
)
from pkikit.ci_results.found_cases import Case, CaseState, Place, Results
from pkikit.errors import InputError
from pkikit.model.findings import Finding, Severity
from pkikit.text import printable
from pkikit.values.instants import parse_instant

FLEET_AUDIT = "fleet audit"
_MOST_DAYS, _LAST_YEAR = 36_500, 9_000


@dataclass(frozen=True, kw_only=True)
class Passing:
    """A connection that passes: it is up, and does not break within the days that the audit looks ahead.

    Attributes:
        folder: its folder, as the document names it.
        id: its id.
        name: the same as people write it.
        remark: when it breaks later; empty if nothing breaks it.
    """

    folder: str
    id: str
    name: str
    remark: str = ""


def results_of_fleet(document: Document, connections: Iterable[Passing]) -> Results:
    """Return the results of an audit.

    Args:
        document: what `pkikit fleet audit --json` prints.
        connections: every connection of every folder.

    Returns:
        A case for each folder and for each connection.
    """
    cases = cases_of_folders(document)
    there = {case.id for case in cases}
    passed = (
        Case(
            id=f"{c.folder}/{c.id}",
            name=f"{c.folder}: {c.name}",
            group=c.folder,
            state=CaseState.PASSED,
            remark=c.remark,
        )
        for c in connections
        if f"{c.folder}/{c.id}" not in there
    )
    return Results(
        program="pkikit",
        command=FLEET_AUDIT,
        cases=(*cases, *passed),
        accepted=document["accepted"] is True,
        scope=PurePath(text_at(document, "folder")).name,
        at=text_at(document, "at"),
    )


def cases_of_folders(document: Document) -> tuple[Case, ...]:
    """Return the cases that an audit's document has: the folders, and connections that break soon or are not assessed.

    Args:
        document: what `pkikit fleet audit --json` prints.

    Returns:
        The cases. A connection that breaks later than the audit looks ahead has none.

    Raises:
        NotResults: the document is another one.
    """
    days = document.get("within_days")
    if not isinstance(days, int) or not 0 <= days <= _MOST_DAYS:
        raise NotResults("it does not say how many days it looks ahead")
    at, root = _time(document, "at"), PurePath(text_at(document, "folder"))
    last = at + timedelta(days=days) if at.year < _LAST_YEAR else at
    found: list[Case] = []
    for entry in objects_in(document.get("deployments"), "deployments"):
        folder = text_at(entry, "folder")
        place = _place(root / folder, [optional_at(entry, "deployment_file")])
        found.append(_folder(entry, folder, place))
        for broken in objects_in(entry.get("breaks", []), "breaks"):
            if _time(broken, "at") <= last:
                found += [_connection(broken, folder, root / folder, place)]
        for lack in objects_in(entry.get("not_assessed", []), "not_assessed"):
            why = ", ".join(str(part) for part in lack.get("missing", []))
            found.append(
                Case(
                    id=f"{folder}/{text_at(lack, 'leg')}",
                    name=f"{folder}: {text_at(lack, 'name')}",
                    group=folder,
                    state=CaseState.OPEN,
                    why=printable(why, MAX_TEXT),
                    place=place,
                )
            )
    return tuple({case.id: case for case in reversed(found)}.values())[::-1]


def _folder(entry: Document, folder: str, place: Place) -> Case:
    """Return the case of a folder as a whole: can it be judged, and is everything in order but its connections?"""
    findings = findings_in(entry.get("findings", []), "findings")
    said = {finding.message for finding in findings}
    problems = [
        Finding(
            rule=f"result.{text_at(problem, 'kind')}",
            severity=Severity.ERROR,
            subject=folder,
            message=text_at(problem, "says"),
            evidence=(),
            fix="Correct it in the files of this folder.",
        )
        for problem in objects_in(entry.get("problems", []), "problems")
        if text_at(problem, "says") not in said
    ]
    error = optional_at(entry, "error")
    failed = problems or any(finding.severity is Severity.ERROR for finding in findings)
    state = CaseState.BROKEN if error else CaseState.FAILED if failed else CaseState.PASSED
    if state is CaseState.PASSED and _is_dark(entry):
        state, error = CaseState.OPEN, "nothing is known about any of its connections"
    return Case(
        id=folder, name=folder, group=folder, state=state, findings=(*findings, *problems), why=error, place=place
    )


def _is_dark(entry: Document) -> bool:
    """Return True for a folder none of whose connections can be assessed: it is no yes."""
    counts = entry.get("counts")
    return (
        isinstance(counts, dict) and bool(counts.get("not-assessed")) and not (counts.get("up") or counts.get("down"))
    )


def _connection(broken: Document, folder: str, path: PurePath, place: Place) -> Case:
    findings = findings_in(broken.get("findings", []), "breaks.findings")
    if not any(finding.severity is Severity.ERROR for finding in findings):
        made = Finding(
            rule=optional_at(broken, "cause") or "result.down",
            severity=Severity.ERROR,
            subject=text_at(broken, "name"),
            message=optional_at(broken, "says"),
            evidence=(),
            fix=optional_at(broken, "fix"),
        )
        findings = (*findings, made)
    return Case(
        id=f"{folder}/{text_at(broken, 'leg')}",
        name=f"{folder}: {text_at(broken, 'name')}",
        group=folder,
        state=CaseState.FAILED,
        findings=findings,
        place=_place(path, [file for file in broken.get("files", []) if isinstance(file, str)], place),
    )


def _place(folder: PurePath, files: Iterable[str], otherwise: Place | None = None) -> Place:
    file = next(filter(None, files), "")
    return Place(file=str(folder / file)) if file or otherwise is None else otherwise


def _time(entry: Document, key: str) -> datetime:
    try:
        return parse_instant(text_at(entry, key), datetime.max)  # noqa: DTZ901 - never used: there is a text
    except InputError:
        raise NotResults(f"the key {key} has no time") from None
