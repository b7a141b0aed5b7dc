"""One acceptance decision: does the holder of a trusted CA list accept this certificate, in this role, at this instant?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache

from cryptography import x509

from pkikit.judge import rules
from pkikit.judge.advice import situated, situated_name
from pkikit.judge.name_matching import NameMatch, PresentedNames, match_name, name_rule, presented_names
from pkikit.judge.registry import Subject, finding, run_rules
from pkikit.judge.revocation.revocation_status import judge_revocation
from pkikit.judge.rules.chain_rules import (
    PathQuestion,
    missing_basic_constraints,
    outside_validity,
    purpose_missing,
    weak_in_path,
)
from pkikit.judge.rules.trust_rules import twin_in_list
from pkikit.judge.trust import Anchor, CertificatePath, build_path, in_the_way, is_sound, shadowed
from pkikit.model.certificates.facts import title
from pkikit.model.findings import Evidence, Finding, Severity, Verdict, merge_verdicts
from pkikit.model.leg import NameCheck, Purpose
from pkikit.model.revocation import RevocationQuestion
from pkikit.values.names import is_ip_address

# From the finding that a name is missing, and what was looked for, to the finding that says whose name it is.
Refine = Callable[[Finding, NameCheck], Finding]


def as_found(found: Finding, check: NameCheck) -> Finding:
    """No more is known than that the name is missing."""
    return found


def verify_certificate(
    leaf: x509.Certificate,
    *,
    sent: Sequence[x509.Certificate] = (),
    trusted_ca_list: Sequence[x509.Certificate],
    purpose: Purpose,
    at: datetime,
    name_checks: Sequence[NameCheck] = (),
    refine: Refine = as_found,
    known: Sequence[x509.Certificate] = (),
    clock_offset: timedelta = timedelta(0),
    revocation: RevocationQuestion | None = None,
    question: str = "",
    verifier: str = "",
    presenter: str = "",
    verifier_is_expressway: bool = True,
) -> Verdict:
    """Judge chain, validity, purpose, names and, where asked for, revocation.

    Args:
        leaf: the server certificate that is shown.
        sent: what is sent behind it, in any order.
        trusted_ca_list: the verifier's list.
        purpose: in which role the leaf is shown.
        at: the verifier's time, aware UTC.
        name_checks: each must be satisfied.
        refine: says a missing name more exactly, where the caller knows whose it is.
        known: certificates that the verifier does not have but a diagnosis may compare with.
        clock_offset: how far the verifier's clock is off, if known; told as evidence.
        revocation: settings and data of the verifier; None asks nothing about revocation.
        question: the sentence that is answered.
        verifier: the machine that verifies, for the text of a fix; empty when unknown.
        presenter: the machine that shows the leaf, likewise.
        verifier_is_expressway: whether a fix may name a page of the verifier.
    """
    asked = PathQuestion(
        at=at,
        purpose=purpose,
        sent=tuple(sent),
        trusted_ca_list=tuple(trusted_ca_list),
        known=tuple(known),
        clock_offset=clock_offset,
        verifier=verifier,
        presenter=presenter,
        verifier_is_expressway=verifier_is_expressway,
    )
    path = path_asked(leaf, asked)
    subject = title(leaf)
    findings, ran = run_rules(Subject.PATH, subject, path, asked)
    checked = list(ran)
    if twins := twin_in_list(path):
        findings.append(finding(rules.trust_rules.AMBIGUOUS, subject, twins, severity=Severity.WARNING))
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
    presented = presented_names(leaf)

    def refined(found: Finding, check: NameCheck) -> Finding:
        return situated_name(refine(found, check), check.any_of, presented, asked)

    further = [judge_names(presented, name_checks, subject, refined)]
    if revocation is not None and path.anchor is Anchor.TRUSTED:
        further.insert(0, judge_revocation(path, revocation, at))
    return merge_verdicts(
        question or f"is {subject} accepted as TLS {purpose.value}?",
        [
            Verdict(question="", findings=tuple(situated(f, path, asked) for f in findings), checked=tuple(checked)),
            *further,
        ],
    )


def path_asked(leaf: x509.Certificate, asked: PathQuestion) -> CertificatePath:
    """The path, with what is in the way of a better one."""
    path = build_path(leaf, sent=asked.sent, trusted_ca_list=asked.trusted_ca_list, at=asked.at)
    if is_sound(path, asked.at):
        return path
    blocking = in_the_way(path, sent=asked.sent, trusted_ca_list=asked.trusted_ca_list, at=asked.at)
    needed = shadowed(path, sent=asked.sent, trusted_ca_list=asked.trusted_ca_list, at=asked.at)
    return replace(path, in_the_way=blocking, shadowed=needed)


def judge_names(
    presented: PresentedNames, checks: Iterable[NameCheck], subject: str, refine: Refine = as_found
) -> Verdict:
    """Are the names that somebody looks for there?"""
    findings: list[Finding] = []
    checked: list[str] = []
    for check in checks:
        checked += [rules.name_rules.REFERENCE, "names.common-name-only", "names.ip-address-used"]
        matches = [match_name(name, presented, sip=check.sip) for name in check.any_of]
        hit = next((m for m in matches if m.matched), None)
        if hit is None:
            findings.append(refine(_not_found(matches, check, presented, subject), check))
        else:
            findings += _accepted_but(hit, subject)
    return Verdict(
        question=f"does {subject} hold the names looked for?",
        findings=tuple(findings),
        checked=tuple(dict.fromkeys(checked)),
    )


def _accepted_but(hit: NameMatch, subject: str) -> Iterator[Finding]:
    """Warnings about a name that was found, but in a form that the product's documents advise against."""
    if hit.presented.startswith("CN "):
        evidence = Evidence(
            label="subjectAltName", expected=f"dNSName {hit.reference}", seen="no SAN", where="subjectAltName"
        )
        yield finding("names.common-name-only", subject, [evidence])
    elif is_ip_address(hit.reference):
        evidence = Evidence(
            label="name looked for", expected="an FQDN", seen=f"the IP address {hit.reference}", where="subjectAltName"
        )
        yield finding("names.ip-address-used", subject, [evidence], severity=Severity.WARNING)


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
    return finding(name_rule(matches), subject, evidence)


@lru_cache(maxsize=1024)
def product_refuses(chain: tuple[x509.Certificate, ...]) -> Verdict:
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
