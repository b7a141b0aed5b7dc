"""When two findings of two runs are the same: not by the words, which have dates and whole lists of names in them.

A finding is known by its rule, its case and its subject. What may change without anybody's doing is left out: times, serial
numbers, what else is in a certificate or a list, who needs a name as well.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass

from pkikit.ci_results.found_cases import Case
from pkikit.judge.checks.check import TRUSTED_CA_LIST
from pkikit.model.findings import Evidence, Finding, Severity
from pkikit.text import printable

_NEEDED = "needed by "
# Labels that say only what kind of thing was seen: what was seen tells two of them apart.
_GENERIC = frozenset({"name", "CA", "SRVName", "registration domain", "further server certificate"})
_CHANGING = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?(?:Z| UTC|\+00:00)?"  # a date, with time and zone
    r"|\b\d[\d,.]* days?\b"
    r"|\b[0-9a-fA-F]{8,}\b|(?:[0-9a-fA-F]{2}:){7,}[0-9a-fA-F]{2}"  # a serial number, a fingerprint
)
_WEIGHTS = {Severity.INFO: 0, Severity.WARNING: 1, Severity.ERROR: 2}


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What makes a finding the same in two runs.

    Attributes:
        rule: the id of its rule.
        subject: the certificate, list or deployment; empty where the case says it.
        name: the name that is missing, for a rule about names: two missing names are two findings.
        parts: what it is about in detail. A finding with fewer parts than before is known, one with another part is new.
        weight: how much it weighs; a known warning that became an error is new.
    """

    rule: str
    subject: str
    name: str
    parts: frozenset[str]
    weight: int

    @property
    def key(self) -> tuple[str, str, str]:
        """What two findings share that may be the same."""
        return self.rule, self.subject, self.name


def identity_of(finding: Finding, case: Case) -> Identity:
    """Return what makes a finding of a case the same in another run."""
    subject = "" if finding.subject in {case.id, case.name} else _steady(finding.subject)
    evidence = tuple(e for e in finding.evidence if not e.label.startswith(_NEEDED))
    about_names = finding.rule.startswith("names.") and evidence
    return Identity(
        rule=finding.rule,
        subject=subject,
        name=_steady(evidence[0].expected) if about_names else "",
        parts=frozenset(map(_part, evidence)),
        weight=_WEIGHTS[finding.severity],
    )


def _part(evidence: Evidence) -> str:
    seen = _steady(evidence.seen) if evidence.label in _GENERIC else ""
    # Other certificates in the list of the machine that verifies come and go.
    return f"{_steady(evidence.label)}|{'' if evidence.where == TRUSTED_CA_LIST else _steady(evidence.expected)}|{seen}"


def _steady(text: str) -> str:
    """Return a text without what changes from run to run; escaped, as a document that is read back has it."""
    return _CHANGING.sub("#", printable(text, 500))


def fingerprint(finding: Finding, case: Case) -> str:
    """Return 64 hexadecimal digits by which a pipeline knows a finding again."""
    identity = identity_of(finding, case)
    return hashlib.sha256(json.dumps([_steady_id(case.id), *identity.key]).encode()).hexdigest()


def _steady_id(case_id: str) -> str:
    return printable(case_id, 1000)
