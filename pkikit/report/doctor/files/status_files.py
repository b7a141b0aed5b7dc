"""The answer about a CRL or an OCSP answer by itself: is it current, can OpenSSL use it, what does it say?"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from cryptography import x509
from cryptography.x509 import ocsp

from pkikit.judge.revocation.revocation_list import signed_by, unknown_critical, unreadable_part
from pkikit.model.certificates.canonical_name import canonical, format_name
from pkikit.model.certificates.facts import extension, format_time, subject_of
from pkikit.model.findings import Answer, Evidence, Verdict
from pkikit.report.doctor.diagnosis import (
    Context,
    Diagnosis,
    Row,
)
from pkikit.rules.revocation_rules import (
    CRL_CRITICAL,
    CRL_EXPIRED,
    CRL_UNSUPPORTED,
    CRL_UNTRUSTED,
    OCSP_UNAVAILABLE,
    REVOKED,
)
from pkikit.text import counted, printable


def of_crl(where: str, crls: Sequence[x509.CertificateRevocationList], context: Context) -> Diagnosis:
    """Answer about the CRLs of a file.

    Args:
        where: the file.
        crls: its CRLs.
        context: what somebody said about it.

    Returns:
        The answer.
    """
    answers = [answer for crl in crls for answer in _judge_crl(where, crl, context)]
    verdict = Verdict.of(f"can {where} be used at {format_time(context.at)}?", *answers)
    quoted = shlex.quote(where)
    lacks = (
        [] if context.trusted is not None else ["Whether its CA signed it: give the CA's certificate (--trust FILE)."]
    )
    return Diagnosis.judged(
        verdict,
        thing=where,
        kind="crl",
        what="a certificate revocation list" if len(crls) == 1 else f"{len(crls)} certificate revocation lists",
        facts=tuple(row for crl in crls[:3] for row in _crl_rows(crl)),
        not_assessed=(*lacks, "Which certificates it revokes: ask about one with pkikit verify."),
        next_steps=(
            f"Ask whether a certificate is revoked:\npkikit verify CERT --trust FILE --crl {quoted}",
            f"See what is in it:\npkikit decode {quoted}",
        ),
        deeper=f"pkikit decode {quoted}",
    )


def _crl_rows(crl: x509.CertificateRevocationList) -> Iterator[Row]:
    yield "Issuer", printable(format_name(crl.issuer))
    until = f" to {format_time(crl.next_update_utc)}" if crl.next_update_utc else ", no next update"
    yield "Current", f"{format_time(crl.last_update_utc)}{until}"
    yield "Revoked", counted(len(crl), "certificate")


def _judge_crl(where: str, crl: x509.CertificateRevocationList, context: Context) -> Iterator[Answer]:
    """Yield what the rules about CRLs say that need no certificate."""
    issuer = printable(format_name(crl.issuer))
    following = crl.next_update_utc
    expired = following is not None and following < context.at
    yield CRL_EXPIRED.judge(
        issuer,
        [Evidence(label="next update", expected=f"after {format_time(context.at)}", seen=format_time(following), where=where)]
        if expired and following is not None else [],
    )  # fmt: skip
    broken = unreadable_part(crl) or unknown_critical(crl)
    yield CRL_CRITICAL.judge(
        issuer, [Evidence(label="CRL", expected="one that OpenSSL reads", seen=broken, where=where)] if broken else []
    )
    scope = extension(crl, x509.IssuingDistributionPoint)
    odd = (
        "a delta CRL" if extension(crl, x509.DeltaCRLIndicator) is not None
        else "an indirect CRL" if scope is not None and scope.indirect_crl
        else "a partial CRL" if scope is not None and (scope.only_some_reasons or scope.only_contains_attribute_certs)
        else ""
    )  # fmt: skip
    yield CRL_UNSUPPORTED.judge(
        issuer, [Evidence(label="CRL", expected="a complete one", seen=odd, where=where)] if odd else []
    )
    if context.trusted is not None:
        signers = [c for c in context.trusted if subject_of(c) == canonical(crl.issuer)]
        signed = any(signed_by(crl, c) for c in signers)
        seen = "another key" if signers else "the CA is not in the list"
        evidence = Evidence(label="signed by", expected="the CA of the list given", seen=seen, where=where)
        yield CRL_UNTRUSTED.judge(issuer, [] if signed else [evidence])


def of_answer(where: str, answers: Sequence[ocsp.OCSPResponse], context: Context) -> Diagnosis:
    """Answer about the OCSP answers of a file.

    Args:
        where: the file.
        answers: its OCSP answers.
        context: what somebody said about it.

    Returns:
        The answer.
    """
    from pkikit.view.description import describe_ocsp

    described = [describe_ocsp(answer, context.at) for answer in answers[:3]]
    verdict = Verdict.of(f"what does {where} say?", *(a for facts in described for a in _judge_answer(where, facts)))
    quoted = shlex.quote(where)
    rows: list[Row] = []
    for facts in described:
        rows += [
            ("Status", str(facts.get("certificate_status") or facts["response_status"])),
            ("Serial", str(facts.get("serial", ""))),
            ("Current", f"{facts.get('this_update', '')} to {facts.get('next_update') or 'no next update'}"),
            ("Responder", str(facts.get("responder", ""))),
        ]
    return Diagnosis.judged(
        verdict,
        thing=where,
        kind="ocsp-answer",
        what="an OCSP answer",
        facts=tuple(rows),
        not_assessed=("Whether the right responder signed it, and for which certificate: pkikit verify checks both.",),
        next_steps=(
            f"Check a certificate with it:\npkikit verify CERT --trust FILE --ocsp {quoted}",
            f"See what is in it:\npkikit decode {quoted}",
        ),
        deeper=f"pkikit decode {quoted}",
    )


def _judge_answer(where: str, facts: dict[str, object]) -> Iterator[Answer]:
    status = facts.get("certificate_status")
    revoked = status == "revoked"
    evidence = Evidence(
        label="status", expected="good", seen=f"revoked at {facts.get('revoked_at')}" if revoked else "", where=where
    )
    yield REVOKED.judge(f"certificate {facts.get('serial')}", [evidence] if revoked else [])
    if revoked or (status == "good" and not facts.get("stale")):
        yield OCSP_UNAVAILABLE.kept
        return
    seen = (
        f"next update was due at {facts.get('next_update')}"
        if facts.get("stale")
        else str(status or facts["response_status"])
    )
    yield OCSP_UNAVAILABLE.judge(
        where, [Evidence(label="answer", expected="good, and current", seen=seen, where=where)]
    )
