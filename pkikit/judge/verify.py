"""One acceptance decision: does the holder of a trusted CA list accept this certificate, in this role, at this instant?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache

from cryptography import x509

from pkikit.judge import rules
from pkikit.judge.facts import title
from pkikit.judge.names import NameMatch, PresentedNames, match_name, presented_names
from pkikit.judge.registry import Subject, finding, run_rules
from pkikit.judge.rules.chain import (
    PathQuestion,
    missing_basic_constraints,
    outside_validity,
    purpose_missing,
    weak_in_path,
)
from pkikit.judge.trust import build_path
from pkikit.model.findings import Evidence, Finding, Severity, Verdict
from pkikit.model.leg import NameCheck, Purpose
from pkikit.model.names import is_ip_address


def verify_certificate(
    leaf: x509.Certificate,
    *,
    sent: Sequence[x509.Certificate] = (),
    trusted_ca_list: Sequence[x509.Certificate],
    purpose: Purpose,
    at: datetime,
    name_checks: Sequence[NameCheck] = (),
    known: Sequence[x509.Certificate] = (),
    clock_offset: timedelta = timedelta(0),
    question: str = "",
) -> Verdict:
    """Judge chain, validity, purpose and names.

    Args:
        leaf: the server certificate that is shown.
        sent: what is sent behind it, in any order.
        trusted_ca_list: the verifier's list.
        purpose: in which role the leaf is shown.
        at: the verifier's time, aware UTC.
        name_checks: each must be satisfied.
        known: certificates that the verifier does not have but a diagnosis may compare with.
        clock_offset: how far the verifier's clock is off, if known; told as evidence.
        question: the sentence that is answered.
    """
    asked = PathQuestion(
        at=at,
        purpose=purpose,
        sent=tuple(sent),
        trusted_ca_list=tuple(trusted_ca_list),
        known=tuple(known),
        clock_offset=clock_offset,
    )
    path = build_path(leaf, sent=asked.sent, trusted_ca_list=asked.trusted_ca_list, at=at)
    subject = title(leaf)
    findings, checked = run_rules(Subject.PATH, subject, path, asked)
    eku = "eku.server-auth-missing" if purpose is Purpose.SERVER else "eku.client-auth-missing"
    seen = [
        *outside_validity(path, asked),
        *((eku, evidence) for evidence in purpose_missing(path, asked)),
        *weak_in_path(path),
    ]
    for rule_id in ("validity.expired", "validity.not-yet-valid", eku, "key.too-short", "signature.digest-unsupported"):
        checked.append(rule_id)
        evidence = tuple(e for rule, e in seen if rule == rule_id)
        if evidence:
            findings.append(finding(rule_id, subject, evidence))
    names = judge_names(presented_names(leaf), name_checks, subject)
    return Verdict(
        question=question or f"is {subject} accepted as TLS {purpose.value}?",
        findings=tuple(findings) + names.findings,
        checked=tuple(checked) + names.checked,
    )


def judge_names(presented: PresentedNames, checks: Iterable[NameCheck], subject: str) -> Verdict:
    """Are the names that somebody looks for there? Which rule of the `names` area speaks is refined by `judge.legs`."""
    findings: list[Finding] = []
    checked: list[str] = []
    for check in checks:
        checked += [rules.names.REFERENCE, "names.common-name-only"]
        matches = [match_name(name, presented) for name in check.any_of]
        hit = next((m for m in matches if m.matched), None)
        if hit is None:
            findings.append(_not_found(matches, check, presented, subject))
        elif hit.presented.startswith("CN "):
            evidence = Evidence(
                label="subjectAltName",
                expected=f"dNSName {hit.reference}",
                seen="no names",
                where="subjectAltName",
            )
            findings.append(finding("names.common-name-only", subject, [evidence]))
    return Verdict(
        question=f"does {subject} hold the names looked for?",
        findings=tuple(findings),
        checked=tuple(dict.fromkeys(checked)),
    )


def _not_found(matches: Sequence[NameMatch], check: NameCheck, presented: PresentedNames, subject: str) -> Finding:
    evidence = [
        Evidence(
            label=f"name looked for ({check.why})",
            expected=" or ".join(check.any_of),
            seen=presented.shown(),
            where="subjectAltName",
        ),
        *(Evidence(label="why not", expected=m.reference, seen=m.why, where="subjectAltName") for m in matches),
    ]
    if any("wildcard" in m.why for m in matches):
        rule_id = "names.wildcard-unsupported"
    elif all(is_ip_address(m.reference) for m in matches):
        rule_id = "names.ip-address-used"
    else:
        rule_id = rules.names.REFERENCE
    return finding(rule_id, subject, evidence)


@lru_cache(maxsize=1024)
def product_objections(chain: tuple[x509.Certificate, ...]) -> Verdict:
    """What the product refuses in a chain that OpenSSL accepted: a CA without BasicConstraints (guide, 'Points to be Aware')."""
    evidence = tuple(missing_basic_constraints(chain[1:]))
    findings = (finding("ca.basic-constraints-missing", title(chain[0]), evidence),) if evidence else ()
    return Verdict(
        question="does the product accept the chain?",
        findings=findings,
        checked=("ca.basic-constraints-missing",),
    )


def as_warning(found: Finding) -> Finding:
    """The same finding, weighing less."""
    return replace(found, severity=Severity.WARNING)
