"""What a step of a plan did in a running lab."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pkikit.model.findings import Finding


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """The result of one step.

    Attributes:
        says: one sentence.
        pending: it works only after a restart.
        changed: False if everything was as the step wants it before.
        warnings: the product's, about an uploaded file.
    """

    says: str
    pending: bool = False
    changed: bool = True
    warnings: tuple[Finding, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "says": self.says,
            "pending": self.pending,
            "changed": self.changed,
            "warnings": [finding.to_json() for finding in self.warnings],
        }
