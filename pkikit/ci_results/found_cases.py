"""What a command found, as pipelines see it: cases (a file, a connection, a folder), each with its state and its findings."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from pkikit.model.findings import Finding, Severity
from pkikit.rules.expectation_rules import NOT_ASSESSED as PROMISE_NOT_ASSESSED
from pkikit.rules.expectation_rules import NOTHING_PROMISED

# Ids for what no rule of the catalogue says, but a pipeline has to see.
NOT_ASSESSED, DOWN, UNREADABLE = "result.not-assessed", "result.down", "result.unreadable"


_OPEN = frozenset({NOT_ASSESSED, PROMISE_NOT_ASSESSED.id})


def is_open(finding: Finding) -> bool:
    """Return True if a finding says that something was not assessed."""
    return finding.is_unknown or finding.rule in _OPEN


class CaseState(enum.StrEnum):
    """The state of a case. OPEN: nobody knows, because something is missing. BROKEN: it could not be judged at all."""

    PASSED = "passed"
    FAILED = "failed"
    OPEN = "not-assessed"
    BROKEN = "error"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A file, and the line in it if it is known; 1 is the first."""

    file: str
    line: int | None = None


@dataclass(frozen=True, kw_only=True)
class Case:
    """One thing that was judged.

    Attributes:
        id: what identifies it in every run: the path of a file, the id of a connection, `folder/id` in a fleet.
        name: the same as people write it.
        state: whether it passed.
        group: what it belongs to, such as the deployment.
        findings: errors, warnings and notes about it.
        why: what is missing, for a case that is open; why it could not be judged, for one that is broken.
        remark: what people should know about a case that has passed.
        place: the file that it is about.
        places: closer places, by the subject of a finding.
    """

    id: str
    name: str
    state: CaseState
    group: str = ""
    findings: tuple[Finding, ...] = ()
    why: str = ""
    remark: str = ""
    place: Place | None = None
    places: Mapping[str, Place] = field(default_factory=lambda: MappingProxyType({}))

    @cached_property
    def all_findings(self) -> tuple[Finding, ...]:
        """The findings, and one that says so if the case is open or broken, or fails without a reason."""
        said = self._said
        return (*self.findings, said) if said is not None else self.findings

    @cached_property
    def open_findings(self) -> tuple[Finding, ...]:
        """What was not assessed, or is a promise about nothing: with one of these, a case without errors has not passed."""
        return tuple(f for f in self.all_findings if is_open(f) or f.rule == NOTHING_PROMISED.id)

    @property
    def _said(self) -> Finding | None:
        if self.state is CaseState.OPEN:
            return _finding(NOT_ASSESSED, Severity.INFO, self, self.why or "files are missing")
        if self.state is CaseState.BROKEN:
            return _finding(UNREADABLE, Severity.ERROR, self, self.why or "it cannot be read")
        if self.state is CaseState.FAILED and not any(f.severity is Severity.ERROR for f in self.findings):
            return _finding(DOWN, Severity.ERROR, self, self.why or "no reason was found")
        return None

    def place_of(self, finding: Finding) -> Place | None:
        """Return where a finding is, as closely as it is known."""
        return self.places.get(finding.subject, self.place)


_FIXES = {
    NOT_ASSESSED: "Give the files that are missing.",
    DOWN: "Run expressway-sim check on this deployment, and look at its causes.",
    UNREADABLE: "Repair or remove what cannot be read.",
}
_SAYS = {NOT_ASSESSED: "not assessed", DOWN: "down", UNREADABLE: "not readable"}


def _finding(rule: str, severity: Severity, case: Case, why: str) -> Finding:
    return Finding(
        rule=rule, severity=severity, subject=case.name, message=f"{_SAYS[rule]}: {why}", evidence=(), fix=_FIXES[rule]
    )


@dataclass(frozen=True, kw_only=True)
class Results:
    """Everything that a command found.

    Attributes:
        program: the program, such as `pkikit`.
        command: the command, such as `lint`; a baseline belongs to one command.
        cases: what was judged.
        accepted: the answer of the command.
        scope: what the run is about, such as the name of a deployment; tells uploads of one pipeline apart.
        at: the time that was judged, in ISO 8601.
        checked: ids of the rules that ran; empty if nobody counted.
        open_fails: a case that is not assessed makes the answer a no.
    """

    program: str
    command: str
    cases: tuple[Case, ...]
    accepted: bool
    scope: str = ""
    at: str = ""
    checked: tuple[str, ...] = ()
    open_fails: bool = False

    def fails(self, finding: Finding) -> bool:
        """Return True if a finding makes the answer a no."""
        return finding.severity is Severity.ERROR or (self.open_fails and finding.rule == NOT_ASSESSED)
