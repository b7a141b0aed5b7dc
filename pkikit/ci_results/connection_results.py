"""Results of a check: one case for each connection."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pkikit.ci_results.cases import cases_of_promises
from pkikit.ci_results.found_cases import Case, CaseState, Place, Results
from pkikit.errors import PkikitError
from pkikit.files import read_bytes
from pkikit.files.deployment_folder import CERTIFICATE, TRUST
from pkikit.judge.checks.check import TRUSTED_CA_LIST
from pkikit.judge.legs.known_parts import State
from pkikit.model.findings import Finding
from pkikit.view.connections.check_report import CheckReport
from pkikit.view.connections.leg_report import LegReport
from pkikit.view.description import iso
from pkikit.view.short_names import ShortNames

_STATES = {State.UP: CaseState.PASSED, State.DOWN: CaseState.FAILED, State.NOT_ASSESSED: CaseState.OPEN}


def results_of_check(
    report: CheckReport, deployment: Path, certs: Path | None, promises: Mapping[str, Any] | None = None
) -> Results:
    """Return the results of a check.

    Args:
        report: what was found.
        deployment: the deployment file.
        certs: the folder with the certificates that were brought.
        promises: the keys of the document about promises and house rules; None if nobody judged them.

    Returns:
        One case for each connection, promise and house rule.
    """
    said = promises or {}
    expected = tuple(
        replace(case, place=Place(file=str(deployment))) for case in cases_of_promises(said, report.deployment)
    )
    names = ShortNames(leg.leg for leg in report.legs)
    lines = _Lines(deployment)
    return Results(
        program="expressway-sim",
        command="check",
        cases=(*(_case(leg, names, report.deployment, lines, certs) for leg in report.legs), *expected),
        accepted=report.accepted and all(case.state is CaseState.PASSED for case in expected),
        scope=report.deployment,
        at=iso(report.at),
        open_fails=True,
    )


class _Lines:
    """Where a deployment file names each machine."""

    def __init__(self, file: Path) -> None:
        self.file = file
        try:
            self._text = read_bytes(file).decode("utf-8", "replace").lower()
        except PkikitError:
            self._text = ""

    def place_of(self, *machines: str) -> Place:
        """Return the line that names the first of these machines that the file names."""
        for machine in machines:
            if found := re.search(rf"(?<![\w.-]){re.escape(machine.lower())}(?![\w.-])", self._text):
                return Place(file=str(self.file), line=self._text.count("\n", 0, found.start()) + 1)
        return Place(file=str(self.file))


def _case(leg: LegReport, names: ShortNames, group: str, lines: _Lines, certs: Path | None) -> Case:
    ends = (leg.leg.server, leg.leg.client)
    closer = {f.subject: place for f in leg.findings if (place := _brought(leg, f, certs)) is not None}
    lacks = ", ".join(f"no {lack}" for lack in leg.lacks)
    return Case(
        id=leg.leg.id,
        name=names.connection(leg.leg),
        group=group,
        state=_STATES[leg.state],
        findings=leg.findings,
        why=lacks if leg.state is State.NOT_ASSESSED else f"{leg.outcome.value}, and no reason was found",
        place=lines.place_of(*ends),
        places=closer,
    )


def _brought(leg: LegReport, finding: Finding, certs: Path | None) -> Place | None:
    """Return the file that a finding is about, if it was brought: a trusted CA list, or a certificate."""
    if certs is None:
        return None
    about_list = any(e.where == TRUSTED_CA_LIST for e in finding.evidence)
    machines, name = (leg.judges_of(finding), TRUST) if about_list else (leg.holders_of(finding), CERTIFICATE)
    files = (certs / machine / name for machine in machines)
    return next((Place(file=str(file)) for file in files if file.is_file()), None)
