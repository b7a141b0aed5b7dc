"""How a case went that was played without a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pkikit.model.findings import Finding
from pkikit.view.connections.check_report import CheckReport
from simulator.clinic.case import Case
from simulator.clinic.solver import NOT_SOUGHT, Solution
from simulator.events import Event


@dataclass(frozen=True, kw_only=True)
class PlayResult:
    """How a case went: the legs while it was broken, and whether the fix brought every leg up.

    refused: what a page or the CA objected to, as findings.
    """

    case: Case
    broken: CheckReport
    refused: tuple[Finding, ...] = ()
    log: tuple[Event, ...]
    mended: CheckReport
    solution: Solution = NOT_SOUGHT

    @property
    def fixes(self) -> tuple[str, ...]:
        """What was done, as one types it."""
        return tuple(self.case.remedies) or self.solution.lines

    @property
    def fixed(self) -> bool:
        """True if every connection is up for which there is a fix."""
        return self.solution.settles(self.mended)

    @property
    def causes(self) -> tuple[str, ...]:
        """What was refused, then the first cause of each leg that is down, most frequent first."""
        return causes_of(self.broken, self.refused)

    @property
    def right(self) -> bool:
        """True if the diagnosis names the case's causes before all others, and the fix helps."""
        wanted = self.case.causes
        return set(self.causes[: len(wanted)]) == set(wanted) and self.fixed

    def to_json(self) -> dict[str, Any]:
        """Return the document of `expressway-sim clinic CASE --json`."""
        case = self.case
        return {
            "accepted": self.right,
            "case": case.id,
            "ticket": case.ticket,
            "title": case.title,
            "symptom": case.symptom,
            "hints": list(case.hints),
            "cause": case.cause,
            "also": list(case.also),
            "causes": list(self.causes),
            "fix": case.fix,
            "mend": case.fix,
            "fixes": list(self.fixes),
            "fixed": self.fixed,
            "mended": self.fixed,
            "left": sorted(self.solution.left),
            "refused": [f.to_json() for f in self.refused],
            "log": [str(event) for event in self.log],
            "legs": [leg.to_json() for leg in self.broken.legs],
        }


def causes_of(report: CheckReport, refused: tuple[Finding, ...] = ()) -> tuple[str, ...]:
    """Return rule ids: of what was refused, then of the legs that are down."""
    first = [leg.causes[0] for leg in report.down if leg.causes]
    return tuple(dict.fromkeys([*(f.rule for f in refused), *sorted(first, key=lambda rule: -first.count(rule))]))
