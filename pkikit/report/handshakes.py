"""Judge what a handshake recorded, and the chain that arrived in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from cryptography import x509

from pkikit.judge.diagnose import CHECKED, diagnose_trace
from pkikit.judge.verify import verify_certificate
from pkikit.model.findings import Evidence, Verdict, merge_verdicts
from pkikit.model.leg import NameCheck, Purpose
from pkikit.model.trace import HandshakeTrace, Outcome
from pkikit.rules.catalogue import is_about_trust, rank_causes
from pkikit.rules.connection_rules import UNEXPLAINED

if TYPE_CHECKING:
    from pkikit.net.probe import Probe


def judge_trace(trace: HandshakeTrace, subject: str) -> tuple[Verdict, tuple[str, ...]]:
    """Explain why a recorded handshake failed.

    Args:
        trace: what was recorded.
        subject: the file or the server, for messages.

    Returns:
        The verdict, and the ids of the causes, the most probable one first.
    """
    findings = diagnose_trace(trace, subject)
    if not findings and trace.outcome is not Outcome.ACCEPTED:
        seen = "a complete handshake, and no data after it" if trace.steps else "no step at all"
        evidence = Evidence(label="trace", expected="an answer from the server", seen=seen, where=subject)
        findings = (UNEXPLAINED.finding(subject, [evidence]),)
    verdict = Verdict(question=f"why did the handshake of {subject} fail?", findings=findings, checked=CHECKED)
    return verdict, rank_causes(findings)


def judge_chain(
    chain: Sequence[x509.Certificate],
    trusted: Sequence[x509.Certificate] | None,
    *,
    at: datetime,
    checks: Sequence[NameCheck] = (),
    purpose: Purpose | None = Purpose.SERVER,
) -> Verdict:
    """Judge a chain as the machine that receives it does.

    Args:
        chain: the certificates, leaf first.
        trusted: the trusted CA list of that machine; None leaves trust open: the chain is judged as if its own CAs were trusted.
        at: the time judged, aware UTC.
        checks: the names that the machine looks for.
        purpose: the role of the leaf; None if nobody looks at it.

    Returns:
        The verdict, without findings about trust if nobody knows the list.
    """
    leaf, *sent = chain
    verdict = verify_certificate(
        leaf, sent=sent, trusted_ca_list=trusted if trusted is not None else chain, purpose=purpose, at=at, name_checks=checks,
        known=chain,
    )  # fmt: skip
    kept = tuple(f for f in verdict.findings if trusted is not None or not is_about_trust(f.rule))
    return replace(verdict, findings=kept)


def judge_probe(
    done: Probe, trusted: Sequence[x509.Certificate] | None, checks: Sequence[NameCheck], target: str, *, at: datetime
) -> tuple[Verdict, tuple[str, ...]]:
    """Judge a handshake with a real server.

    Args:
        done: the result of the dial.
        trusted: the trusted CA list that judges the server's chain; None leaves trust open.
        checks: the names that the server's certificate must have.
        target: the server, for messages.
        at: the time judged, aware UTC.

    Returns:
        The trace's findings together with those about the chain, and the causes, the most probable one first.
    """
    of_trace, _ = judge_trace(done.trace, target)
    verdicts = [of_trace]
    if done.chain:
        on_chain = judge_chain(done.chain, trusted, at=at, checks=checks)
        known = {f.rule for f in on_chain.findings}
        # The judge knows more about a failure than the trace: its evidence names the certificates.
        kept = tuple(
            f
            for f in of_trace.findings
            if f.rule not in known and not (known and (is_about_trust(f.rule) or f.rule == UNEXPLAINED.id))
        )
        verdicts = [replace(of_trace, findings=kept), on_chain]
    verdict = merge_verdicts(f"does {target} answer, and is its certificate accepted?", verdicts)
    return verdict, rank_causes(verdict.findings)
