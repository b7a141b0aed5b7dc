"""One acceptance decision: does the holder of a trusted CA list accept this certificate, in this role, at this instant?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from cryptography import x509

from pkikit.judge.advice import situate, situate_name
from pkikit.judge.checks import chain_checks, extension_checks, trust_checks
from pkikit.judge.matching.name_matching import NOT_THERE, NameMatch, NameReason, match_check, name_rule
from pkikit.judge.paths.trust import Anchor, CertificatePath, build_path, find_obstacles, find_shadowed, is_sound
from pkikit.judge.questions import PathQuestion
from pkikit.judge.revocation.revocation_status import judge_revocation
from pkikit.model.certificates.facts import presented_names, title
from pkikit.model.certificates.presented_names import PresentedNames
from pkikit.model.findings import Answer, Evidence, Finding, Severity, Verdict, merge_verdicts
from pkikit.model.leg import NameCheck, Purpose
from pkikit.model.revocation import RevocationQuestion
from pkikit.rules.chain_rules import BASIC_CONSTRAINTS_MISSING
from pkikit.rules.name_rules import COMMON_NAME_ONLY, IP_ADDRESS_USED, REFERENCE
from pkikit.rules.trust_rules import SAME_SUBJECT_AMBIGUOUS
from pkikit.text import listed
from pkikit.values.memo import once_per_object

# Takes the finding about a missing name and the name check; returns the finding that says whose name it is.
Refine = Callable[[Finding, NameCheck], Finding]


def keep_finding(found: Finding, check: NameCheck) -> Finding:
    """Return the finding unchanged: nobody knows more than that the name is missing."""
    return found


def verify_certificate(
    leaf: x509.Certificate,
    *,
    sent: Sequence[x509.Certificate] = (),
    trusted_ca_list: Sequence[x509.Certificate],
    purpose: Purpose | None,
    at: datetime,
    name_checks: Sequence[NameCheck] = (),
    refine: Refine = keep_finding,
    known: Sequence[x509.Certificate] = (),
    clock_offset: timedelta = timedelta(0),
    revocation: RevocationQuestion | None = None,
    question: str = "",
    verifier: str = "",
    verifier_list: str = "",
    presenter: str = "",
    verifier_is_expressway: bool = True,
) -> Verdict:
    """Judge chain, validity, purpose, names and, when asked, revocation.

    Args:
        leaf: the certificate that the other side presents.
        sent: the certificates that it sends behind the leaf, in any order.
        trusted_ca_list: the verifier's list.
        purpose: the role of the leaf in the handshake; None if the verifier looks at no extended key usage.
        at: the verifier's time, aware UTC.
        name_checks: the certificate must satisfy each of them.
        refine: makes the finding about a missing name more exact, when the caller knows whose name it is.
        known: certificates that the verifier does not have, but a diagnosis may compare with.
        clock_offset: how far the verifier's clock is off, if known; it appears as evidence.
        revocation: settings and data of the verifier; None skips revocation.
        question: the sentence that the verdict answers.
        verifier: the machine that verifies, for the text of a fix; empty when unknown.
        verifier_list: the name of the list that the verifier reads, where it has several.
        presenter: the machine that presents the leaf, likewise.
        verifier_is_expressway: whether a fix may name a page of the verifier.

    Returns:
        The verdict; its findings say what to fix.
    """
    asked = PathQuestion(
        at=at,
        purpose=purpose,
        sent=tuple(sent),
        trusted_ca_list=tuple(trusted_ca_list),
        known=tuple(known),
        clock_offset=clock_offset,
        verifier=verifier,
        verifier_list=verifier_list,
        presenter=presenter,
        verifier_is_expressway=verifier_is_expressway,
    )
    path = explain_path(leaf, asked)
    subject, question = (
        title(leaf),
        question or f"is {title(leaf)} accepted as {f'TLS {purpose.value}' if purpose else 'TLS peer'}?",
    )
    presented = presented_names(leaf)

    def name_fix(found: Finding, check: NameCheck) -> Finding:
        return situate_name(refine(found, check), check.any_of, presented, asked)

    further = [judge_names(presented, name_checks, subject, name_fix, asked)]
    if revocation is not None and path.anchor is Anchor.TRUSTED:
        further.insert(0, judge_revocation(path, revocation, at))
    return merge_verdicts(question, [_judge_chain(path, asked, subject, question), *further])


def _judge_chain(path: CertificatePath, asked: PathQuestion, subject: str, question: str) -> Verdict:
    """Judge the path; each finding gets the fix for its situation."""
    chain = Verdict.of(question, *_judge_path(path, asked, subject))
    return replace(chain, findings=tuple(situate(f, path, asked) for f in chain.findings))


def _judge_path(path: CertificatePath, asked: PathQuestion, subject: str) -> Iterator[Answer]:
    """Yield the answer of every rule about a path, its parts and where it ends."""
    yield from (check.on(subject, path, asked) for check in chain_checks.CHECKS)
    yield from (check.on(subject, path) for check in extension_checks.CHECKS)
    yield from (check.on(subject, path, asked) for check in trust_checks.CHECKS)
    yield SAME_SUBJECT_AMBIGUOUS.judge(subject, trust_checks.twin_in_list(path), severity=Severity.WARNING)
    yield from (check.on(subject, path, asked) for check in chain_checks.each_certificate(asked.purpose))


def explain_path(leaf: x509.Certificate, asked: PathQuestion) -> CertificatePath:
    """Build the path, and find out what is in the way of a better one."""
    path = build_path(leaf, sent=asked.sent, trusted_ca_list=asked.trusted_ca_list, at=asked.at)
    if is_sound(path, asked.at):
        return path
    blocking = find_obstacles(path, sent=asked.sent, trusted_ca_list=asked.trusted_ca_list, at=asked.at)
    needed = find_shadowed(path, sent=asked.sent, trusted_ca_list=asked.trusted_ca_list, at=asked.at)
    return replace(path, in_the_way=blocking, shadowed=needed)


def judge_names(
    presented: PresentedNames,
    checks: Iterable[NameCheck],
    subject: str,
    refine: Refine = keep_finding,
    asked: PathQuestion | None = None,
) -> Verdict:
    """Judge whether the certificate has a name for each check; `asked` knows the machines."""
    answers: list[Answer] = []
    for check in checks:
        matches = match_check(check, presented)
        hit = next((m for m in matches if m.matched), None)
        if hit is None and not check.binding:
            noted = REFERENCE.finding(
                subject, _evidence_of(matches, check, presented, asked), severity=Severity.WARNING
            )
            answers.append(Answer(rule=REFERENCE.id, findings=(noted,)))
        elif hit is None:
            missing = name_rule(matches).finding(subject, _evidence_of(matches, check, presented, asked))
            missing = refine(missing, check)
            answers += [Answer(rule=REFERENCE.id, findings=(missing,)), *_warn_about_form(None, subject)]
        else:
            answers += [Answer(rule=REFERENCE.id), *_warn_about_form(hit, subject)]
    return Verdict.of(f"does {subject} have the names looked for?", *answers)


def _warn_about_form(hit: NameMatch | None, subject: str) -> Iterator[Answer]:
    """Yield warnings about a name that matches, but in a form that the product's documents advise against."""
    in_common_name = hit is not None and hit.reason is NameReason.COMMON_NAME
    as_address = hit is not None and hit.reason is NameReason.ADDRESS_FOUND
    wanted = hit.reference if hit is not None else ""
    no_san = Evidence(
        label="subjectAltName",
        expected=f"dNSName {wanted}",
        seen="no SAN",
        where="subjectAltName",
        says=f"The certificate has no SAN; only its common name is {wanted}.",
    )
    address = Evidence(
        label="name looked for",
        expected="an FQDN",
        seen=f"the IP address {wanted}",
        where="subjectAltName",
        says=f"The connection goes to the IP address {wanted} instead of an FQDN.",
    )
    yield COMMON_NAME_ONLY.judge(subject, [no_san] if in_common_name else [])
    yield IP_ADDRESS_USED.judge(subject, [address] if as_address else [], severity=Severity.WARNING)


def _evidence_of(
    matches: Sequence[NameMatch], check: NameCheck, presented: PresentedNames, asked: PathQuestion | None
) -> list[Evidence]:
    return [
        Evidence(
            label=f"name looked for ({check.why})",
            expected=" or ".join((*check.any_of, *check.services)),
            seen=presented.describe(),
            where="subjectAltName",
            says=_say_missing(matches, check, presented, asked),
        ),
    ]


def _say_missing(
    matches: Sequence[NameMatch], check: NameCheck, presented: PresentedNames, asked: PathQuestion | None
) -> str:
    """Return the sentence about a certificate without the names of a check: who looks for what, and what is there.

    Args:
        matches: one for each name of the check.
        check: what one side looks for.
        presented: the names of the other side's certificate.
        asked: knows the machines, as far as anybody does.

    Returns:
        The sentence, and a second one if a name is nearly there.
    """
    wanted, has = listed((*check.any_of, *check.services), "or"), presented.describe()
    verifier, certificate = (asked.verifier, asked.the_certificate) if asked else ("", "the certificate")
    because = "" if check.why.startswith(("--", "reference name")) else f" ({check.why})"
    if verifier:
        says = f"{verifier} looks for {wanted}{because}, and {certificate} does not have it: it has {has}."
    else:
        says = f"{wanted}{because} is not in {certificate} (it has {has})."
    nearly = [f"{m.reference}: {m.why}." for m in matches if m.why != NOT_THERE]
    return " ".join((says, *nearly))


@once_per_object
def product_refuses(chain: tuple[x509.Certificate, ...]) -> Verdict:
    """Judge what the product refuses in a chain that OpenSSL accepts: a CA without BasicConstraints.

    chain: leaf first. Source: X12.5 guide, 'Points to be Aware'.
    """
    evidence = chain_checks.missing_basic_constraints(chain[1:])
    return Verdict.of("does the product accept the chain?", BASIC_CONSTRAINTS_MISSING.judge(title(chain[0]), evidence))


def permit(verdict: Verdict) -> Verdict:
    """Return the verdict of a side that notes what it finds and accepts all of it: errors become warnings."""
    findings = tuple(as_warning(f) if f.severity is Severity.ERROR else f for f in verdict.findings)
    return replace(verdict, findings=findings)


def as_warning(found: Finding) -> Finding:
    """Return the same finding as a warning."""
    return replace(found, severity=Severity.WARNING)
