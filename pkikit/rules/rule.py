"""What a rule is: one normative statement as a value, which makes its own finding.

The rules are only data: no rule imports cryptography, pydantic or a reader of certificates, so that `pkikit rules`
starts fast. A function of `pkikit.judge.checks`, or the judge that sees a breach, finds it.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from pkikit.model.findings import Answer, Evidence, Finding, Severity, summary_of
from pkikit.model.tables.features import EVERY_VERSION

GENERAL = 9


class Subject(enum.StrEnum):
    """What a rule applies to."""

    CERTIFICATE = "certificate"  # one server certificate
    REQUEST = "request"  # one certificate signing request
    CA = "ca"  # one CA certificate
    TRUST_LIST = "trust-list"  # a trusted CA list as a whole
    PATH = "path"  # the certificates from a leaf to where its path ends
    NAMES = "names"  # the names of a certificate, beside those that somebody looks for
    PRESENTED = "presented"  # a certificate beside the machine that presents it
    FILE = "file"
    UPLOAD = "upload"  # a server certificate beside the trusted CA list of the same machine
    CONNECTION = "connection"
    DEPLOYMENT = "deployment"
    ACME = "acme"  # an order for a certificate
    ANSWER = "answer"  # what a CA returned for a request
    REPLACEMENT = "replacement"  # a certificate beside the one that it replaces
    REVOCATION = "revocation"  # the revocation status of the certificates of a path


class Step(enum.IntEnum):
    """The order in which causes have to be fixed: a step matters only once the steps before it work.

    Without a connection nobody sees a certificate; without a chain no name matters.
    """

    NAME_RESOLUTION = 0
    CONNECTION = 1
    TLS = 2
    FILE = 3
    OWN_CERTIFICATE = 4
    TRUST = 5
    AUTHORITY = 6
    REVOCATION = 7
    VALIDITY = 8
    PURPOSE = 9
    SIGNATURE = 10
    KEY = 11
    NAMES = 12
    LOGIN = 13
    OTHER = 14
    SYMPTOM = 15  # reports that something failed and gives no reason: after every rule that gives one


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One normative statement, in our words, with everything that the project knows about it.

    Attributes:
        id: `area.name`, stable across releases.
        severity: how much a breach weighs, unless the judge that finds it knows better.
        applies_to: what the rule is about; a judge runs the rules that apply to its subject.
        requirement: what has to be true.
        source: the document, section or measurement that asks for it; "ours" where none does.
        fix: what to do about a breach, where no more is known than the rule.
        versions: the product versions that the rule holds for, both ends included.
        openssl: numbers of the OpenSSL verification errors (x509_vfy.h) that report a breach; the lab reports it by the
            first of them. A number that several rules carry does not say alone which of them is broken.
        alerts: numbers of the TLS alerts (RFC 8446 §6) by which the far side reports a breach.
        step: the place of a breach among the causes of a failure.
        order: the place within that step, 1 first: the special comes before the general.
    """

    id: str
    severity: Severity
    applies_to: tuple[Subject, ...]
    requirement: str
    source: str
    fix: str
    versions: str = EVERY_VERSION
    openssl: tuple[int, ...] = ()
    alerts: tuple[int, ...] = ()
    step: Step = Step.OTHER
    order: int = GENERAL

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def area(self) -> str:
        """The first part of the id, such as `names`."""
        return self.id.partition(".")[0]

    @cached_property
    def kept(self) -> Answer:
        """The answer about a subject that keeps the rule."""
        return Answer(rule=self.id)

    @property
    def rank(self) -> tuple[Step, int]:
        """The place among the causes of one failure: fix the lowest first."""
        return self.step, self.order

    def finding(
        self, subject: str, evidence: Iterable[Evidence], *, message: str = "", severity: Severity | None = None
    ) -> Finding:
        """Return a breach of this rule.

        Args:
            subject: what breaks it, as people call it.
            evidence: what was expected and what was seen.
            message: one sentence; by default the first piece of evidence, or else the requirement.
            severity: how much it weighs here; by default the severity of the rule.

        Returns:
            The finding, with the rule's fix.
        """
        pieces = tuple(evidence)
        return Finding(
            rule=self.id,
            severity=severity or self.severity,
            subject=subject,
            message=message or summary_of(pieces) or self.requirement,
            evidence=pieces,
            fix=self.fix,
        )

    def judge(
        self, subject: str, evidence: Iterable[Evidence], *, message: str = "", severity: Severity | None = None
    ) -> Answer:
        """Answer for one subject: broken if there is evidence, kept if there is none. `Verdict.of` takes the answer."""
        pieces = tuple(evidence)
        if not pieces:
            return self.kept
        return Answer(rule=self.id, findings=(self.finding(subject, pieces, message=message, severity=severity),))
