"""Rule, Evidence, Finding, Verdict: a decision is a value.

`Verdict.accepted` is derived from the findings; `checked` lists the rules that ran, so that "no findings" and
"nothing was checked" never look alike.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from pkikit.errors import PkikitError


class Severity(enum.StrEnum):
    """How much a finding weighs. ERROR: it will fail. WARNING: it works, or may not. INFO: worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One normative statement, in our words, with its source and what mends a breach."""

    id: str
    severity: Severity
    requirement: str
    source: str
    fix: str
    versions: str = "X8.1-"


# What a line of a log about a failure is compared with.
NO_FAILURE = "no failure"


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What was looked at: expected against seen, and where."""

    label: str
    expected: str
    seen: str
    where: str = ""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A breach of one rule by one subject."""

    rule: str
    severity: Severity
    subject: str
    message: str
    evidence: tuple[Evidence, ...]
    fix: str

    def to_json(self) -> dict[str, Any]:
        """The finding of INTERFACES: rule, severity, subject, message, evidence, fix."""
        return asdict(self) | {
            "severity": self.severity.value,
            "evidence": [asdict(e) for e in self.evidence],
        }


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The answer to one question, with its reasons."""

    question: str
    findings: tuple[Finding, ...] = ()
    checked: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that turn the answer into a no."""
        return tuple(f for f in self.findings if f.severity is Severity.ERROR)

    @property
    def accepted(self) -> bool:
        """True when no finding is an error."""
        return not self.errors

    def require(self) -> Verdict:
        """Return this verdict when it is accepted.

        Raises:
            Rejected: the verdict has an error; it carries the verdict.
        """
        if not self.accepted:
            raise Rejected(self)
        return self

    def to_json(self) -> dict[str, Any]:
        """`accepted`, `question`, `findings`, `checked`."""
        return {
            "accepted": self.accepted,
            "question": self.question,
            "findings": [f.to_json() for f in self.findings],
            "checked": list(self.checked),
        }


class Rejected(PkikitError):
    """A verdict has errors, and the caller required an accepted one. `verdict` holds the reasons."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(f"{verdict.question}: no ({', '.join(f.rule for f in verdict.errors)})")
        self.verdict = verdict


def merge_verdicts(question: str, verdicts: Iterable[Verdict]) -> Verdict:
    """One verdict over several: all findings, all rules that ran, in order and without repetition."""
    several = tuple(verdicts)
    return Verdict(
        question=question,
        findings=tuple(dict.fromkeys(f for v in several for f in v.findings)),
        checked=tuple(dict.fromkeys(rule for v in several for rule in v.checked)),
    )
