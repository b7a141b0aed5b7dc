"""Evidence, Finding, Answer, Verdict: a decision is a value.

`Verdict.accepted` is derived from the findings; `checked` lists the rules that ran, so that "no findings" and
"nothing was checked" never look alike.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from pkikit.errors import PkikitError
from pkikit.text import counted


class Severity(enum.StrEnum):
    """How much a finding weighs. ERROR: it will fail. WARNING: it works, or may not. INFO: worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


# How a note begins that says what nobody knows.
UNKNOWN = "Not assessed:"
# What a line of a log about a failure is compared with.
NO_FAILURE = "no failure"
MAX_EVIDENCE_PRINTED = 12
# The mark of a field that no JSON document has: it is neither written nor read.
IN_DOCUMENTS = "in documents"


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What was expected, what was found, and where.

    Attributes:
        label: what was compared, such as `leaf e1.example.com, not after`.
        expected: what the rule asks for.
        seen: what was found.
        where: the part of the certificate, the file, or the side of the connection; empty where the label says it.
        says: the same as a sentence for people; by default it is made of the other fields. No part of a JSON document.
    """

    label: str
    expected: str
    seen: str
    where: str = ""
    says: str = field(default="", compare=False, metadata={IN_DOCUMENTS: False})

    def __str__(self) -> str:
        """What people read: the sentence, or what is there and what is needed; of a line in a log only the line."""
        if self.says:
            return self.says
        # A reader knows that no failure is needed.
        needed = "" if self.expected == NO_FAILURE else f" (needed: {self.expected})"
        return f"{self.label}: {self.seen}{needed}"

    @property
    def with_place(self) -> str:
        """What people read, with the place where it is; a sentence names its place itself."""
        return f"{self} (in {self.where})" if self.where and not self.says else str(self)

    def to_json(self) -> dict[str, Any]:
        """A JSON object: `label`, `expected`, `seen`, `where`."""
        return {"label": self.label, "expected": self.expected, "seen": self.seen, "where": self.where}


def summary_of(evidence: Sequence[Evidence]) -> str:
    """Return the first piece of evidence and the number of others: the message of a finding without another one."""
    more = f" (and {len(evidence) - 1} more)" if len(evidence) > 1 else ""
    return f"{evidence[0]}{more}" if evidence else ""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A breach of one rule by one subject.

    Attributes:
        rule: id of the rule; `pkikit rules ID` prints the rule.
        severity: how much the finding weighs in this place.
        subject: the certificate, file, connection or deployment.
        message: what is wrong, in one sentence.
        evidence: what was expected and what was found, one piece for each place.
        fix: what to do, and on which machine.
    """

    rule: str
    severity: Severity
    subject: str
    message: str
    evidence: tuple[Evidence, ...]
    fix: str

    @property
    def is_unknown(self) -> bool:
        """True for a note that something was not assessed: it is no breach, and no yes."""
        return self.severity is Severity.INFO and self.message.startswith(UNKNOWN)

    @property
    def is_summary(self) -> bool:
        """True if the message only repeats the first piece of evidence."""
        return self.message == summary_of(self.evidence)

    @property
    def lines(self) -> tuple[str, ...]:
        """What was expected and what was found, at most twelve pieces of evidence, each with its place."""
        first = () if self.is_summary or not self.message else (self.message,)
        pieces = tuple(dict.fromkeys(e.with_place for e in self.evidence[:MAX_EVIDENCE_PRINTED]))
        more = len(self.evidence) - MAX_EVIDENCE_PRINTED
        return (*first, *pieces, *((f"… and {more} more",) if more > 0 else ()))

    def saying(self, sentence: str) -> Finding:
        """The same finding with a sentence for people in place of its first piece of evidence."""
        evidence = (replace(self.evidence[0], says=sentence), *self.evidence[1:])
        return replace(self, evidence=evidence, message=summary_of(evidence) if self.is_summary else self.message)

    def __str__(self) -> str:
        """What is wrong with which subject, by which rule; below it the evidence and the fix."""
        head = f"{self.severity.value.capitalize()} in {self.subject} [{self.rule}]"
        return "\n".join((head, *(f"  {line}" for line in self.lines), f"  Fix: {self.fix}"))

    def _repr_html_(self) -> str:
        """The same for a notebook."""
        from html import escape  # only notebooks need it

        items = "".join(f"<li>{escape(line)}</li>" for line in self.lines)
        return (
            f"<p><b>{escape(self.severity.value.capitalize())}</b> in {escape(self.subject)} "
            f"<code>{escape(self.rule)}</code></p><ul>{items}</ul><p><b>Fix:</b> {escape(self.fix)}</p>"
        )

    def to_json(self) -> dict[str, Any]:
        """A JSON object: `rule`, `severity`, `subject`, `message`, `evidence`, `fix`."""
        return asdict(self) | {
            "severity": self.severity.value,
            "evidence": [e.to_json() for e in self.evidence],
        }


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one rule says about one subject: its findings, none when the rule is kept."""

    rule: str
    findings: tuple[Finding, ...] = ()

    def with_findings(self, findings: Iterable[Finding]) -> Answer:
        """The same rule, asked the same question, with these findings."""
        return Answer(rule=self.rule, findings=tuple(findings))


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The answer to one question, with its reasons. `print(verdict)` explains it.

    Attributes:
        question: what was asked.
        findings: every breach that was found, warnings and notes included.
        checked: ids of the rules that ran.
    """

    question: str
    findings: tuple[Finding, ...] = ()
    checked: tuple[str, ...] = ()

    @classmethod
    def of(cls, question: str, *answers: Answer) -> Verdict:
        """The verdict that the answers of rules make: their findings, and every rule that was asked, once."""
        return cls(
            question=question,
            findings=tuple(found for answer in answers for found in answer.findings),
            checked=tuple(dict.fromkeys(answer.rule for answer in answers)),
        )

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that turn the answer into a no."""
        return tuple(f for f in self.findings if f.severity is Severity.ERROR)

    @property
    def accepted(self) -> bool:
        """True when no finding is an error."""
        return not self.errors

    @property
    def counts(self) -> str:
        """How many errors, warnings and notes there are and how many rules were checked, in words."""
        weights = [f.severity for f in self.findings]
        parts = [("error", weights.count(Severity.ERROR))]
        others = (("warning", weights.count(Severity.WARNING)), ("note", weights.count(Severity.INFO)))
        parts += [(what, number) for what, number in others if number]
        parts.append(("rule", len(self.checked)))
        return ", ".join(counted(number, what) for what, number in parts) + " checked"

    @property
    def headline(self) -> str:
        """The answer in one line: accepted or not, and how many findings there are."""
        return f"{'Accepted' if self.accepted else 'Not accepted'}: {self.counts}"

    def __str__(self) -> str:
        """The answer, the question, then each finding: what, where, expected and found, the fix, and the rule."""
        return "\n\n".join((f"{self.headline}\nQuestion: {self.question}", *(str(f) for f in self.findings)))

    def _repr_html_(self) -> str:
        """The same for a notebook; texts from certificates are escaped."""
        from html import escape  # only notebooks need it

        items = "".join(f"<li>{f._repr_html_()}</li>" for f in self.findings)
        findings = f"<ol>{items}</ol>" if items else ""
        return f"<div><p><b>{escape(self.headline)}</b><br>{escape(self.question)}</p>{findings}</div>"

    def require(self) -> Verdict:
        """Return this verdict if it is accepted.

        Returns:
            This verdict.

        Raises:
            Rejected: the verdict has an error; it carries the verdict.
        """
        if not self.accepted:
            raise Rejected(self)
        return self

    def to_json(self) -> dict[str, Any]:
        """A JSON object: `accepted`, `question`, `findings`, `checked`."""
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
