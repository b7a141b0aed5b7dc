"""From what was seen to what to mend: rank findings, and read a trace where no world is known."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

from pkikit.judge.name_matching import PresentedNames, match_name, name_rule, presented_names
from pkikit.judge.openssl_codes import PURPOSE, VERIFY_CODES
from pkikit.judge.registry import finding
from pkikit.judge.rules.certificate_rules import may_sign
from pkikit.judge.rules.connection_rules import CLUSTER_LINK, CONNECTION_CUT, CREDENTIALS, REFUSED, UNEXPLAINED
from pkikit.model.findings import Evidence, Finding, Severity
from pkikit.model.trace import Alert, Failed, HandshakeTrace, NameJudged, Negotiated, NotConnected, Outcome, Side

# Areas in the order in which they have to be mended: without a connection no certificate is seen, without a chain no
# name matters; within an area, the special before the general.
# A rule that only reports a symptom comes after every rule that gives a reason.
SYMPTOMS = (REFUSED, CONNECTION_CUT, "tls.handshake-failed", "tunnel.link-down", CLUSTER_LINK, UNEXPLAINED)
_ORDER = (
    "dns.",
    "net.unreachable",
    "tls.",
    "encoding.",
    "cluster.peer-certificate-swapped",
    "key.mismatch",
    "trust.same-subject-ambiguous",
    "trust.cross-signed-copy",
    "trust.self-signed-leaf",
    "trust.intermediate-missing",
    "trust.issuer-unknown",
    "trust.",
    "ca.basic-constraints-missing",
    "ca.",
    "revocation.",
    "validity.",
    "eku.",
    "signature.",
    "key.",
    "names.wildcard-unsupported",
    "names.ip-address-used",
    "names.",
    CREDENTIALS,
)


def rank(rule_id: str) -> int:
    """Place of a rule among the causes: the lowest is the one to fix first."""
    if rule_id in SYMPTOMS:
        return len(_ORDER) + 1 + SYMPTOMS.index(rule_id)
    return next((i for i, prefix in enumerate(_ORDER) if rule_id.startswith(prefix)), len(_ORDER))


def rank_causes(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Rule ids of the errors, most probable root cause first, each once."""
    errors = dict.fromkeys(f.rule for f in findings if f.severity is Severity.ERROR)
    return tuple(sorted(errors, key=rank))


# The lab's own handshakes report what the product refuses by the number of "certificate rejected".
_LAB_CODES = MappingProxyType({28: "oid.unsupported"})
ALERTS = MappingProxyType({
    "unknown_ca": "trust.issuer-unknown",
    "certificate_expired": "validity.expired",
    "certificate_revoked": "revocation.revoked",
    "protocol_version": "tls.protocol-mismatch",
    "insufficient_security": "tls.cipher-mismatch",
    "handshake_failure": "tls.cipher-mismatch",
    "unsupported_certificate": "eku.client-auth-missing",
    "certificate_required": "tls.certificate-required",
    "bad_certificate": REFUSED,
    "certificate_unknown": REFUSED,
})  # fmt: skip
_NOT_TLS_REASONS = (
    "wrong version number",
    "http request",
    "unknown protocol",
    "packet length too long",
    "record layer failure",
)
_CUT_REASONS = ("unexpected eof", "reset by peer", "closed", "broken pipe")

# What a trace can lead to; the names of a refused certificate may say it more exactly.
CHECKED = (
    *dict.fromkeys((
        "dns.name-unresolved", "net.unreachable", "tls.not-tls", *ALERTS.values(), *VERIFY_CODES.values(),
        *_LAB_CODES.values(), CONNECTION_CUT, "eku.client-auth-missing", "eku.server-auth-missing", "key.usage-unsuitable",
        "names.reference-not-presented", UNEXPLAINED,
    )),
)  # fmt: skip


def diagnose_trace(trace: HandshakeTrace, subject: str) -> tuple[Finding, ...]:
    """What a trace alone tells, without the certificates of both worlds: one finding.

    None when it was accepted, and when both sides completed the handshake and the record ends there. A rejection
    without a reason is a finding, too: `diagnose.failure-unexplained`.
    """
    if trace.outcome is Outcome.ACCEPTED or _ends_well(trace):
        return ()
    rule_id, evidence = _first_cause(trace)
    return (finding(rule_id, subject, [evidence]),)


def _ends_well(trace: HandshakeTrace) -> bool:
    """True when both sides completed the handshake, and neither refused or gave up until the record ends."""
    complete = {step.side for step in trace.steps if isinstance(step.detail, Negotiated)}
    bad = any(
        isinstance(s.detail, Failed)
        or (isinstance(s.detail, Alert) and s.detail.fatal)
        or (isinstance(s.detail, NameJudged) and not s.detail.matched)
        for s in trace.steps
    )
    return len(complete) == 2 and not bad and trace.verify_error is None


def _first_cause(trace: HandshakeTrace) -> tuple[str, Evidence]:
    for step in trace.steps:
        detail = step.detail
        if isinstance(detail, NotConnected):
            rule_id = "net.unreachable" if detail.resolved else "dns.name-unresolved"
            return rule_id, Evidence(label="connection", expected="TCP connection", seen=detail.reason, where="network")
        if isinstance(detail, NameJudged) and not detail.matched:
            wanted = " or ".join(detail.looked_for)
            seen = trace.seen_by_client if step.side is Side.CLIENT else trace.seen_by_server
            presented = presented_names(seen[0]) if seen else PresentedNames()
            shown = presented.shown() if seen else "not presented"
            rule_id = name_rule([match_name(name, presented) for name in detail.looked_for])
            return rule_id, Evidence(label="name", expected=wanted, seen=shown, where=step.side.value)
    error = trace.verify_error
    if error is not None:
        rejecting_server = trace.rejected_by is Side.SERVER
        seen = trace.seen_by_server if rejecting_server else trace.seen_by_client
        purpose = "eku.client-auth-missing" if rejecting_server else "eku.server-auth-missing"
        if seen and not may_sign(seen[0]):
            purpose = "key.usage-unsuitable"  # OpenSSL has one number for both
        known = {**VERIFY_CODES, **_LAB_CODES, PURPOSE: purpose}
        rule_id = known.get(error.code, UNEXPLAINED)
        return rule_id, Evidence(
            label="verify error",
            expected="0",
            seen=f"{error.code}: {error.name}",
            where=str(trace.rejected_by),
        )
    return _before_certificates(trace)


def _before_certificates(trace: HandshakeTrace) -> tuple[str, Evidence]:
    reasons = " / ".join(s.detail.reason for s in trace.steps if isinstance(s.detail, Failed))
    seen = Evidence(label="handshake", expected="a TLS handshake", seen=reasons or "closed", where="TLS")
    if any(reason in reasons for reason in _NOT_TLS_REASONS) and not any(
        isinstance(s.detail, Alert) for s in trace.steps
    ):
        return "tls.not-tls", seen
    if "peer did not return a certificate" in reasons:
        # TLS 1.2 has no alert for this: the server sends handshake_failure, and only its own reason names the cause.
        return "tls.certificate-required", seen
    if trace.alert is not None and trace.alert in ALERTS:
        return ALERTS[trace.alert], seen
    if "unsupported protocol" in reasons or "no protocols available" in reasons:
        return "tls.protocol-mismatch", seen
    if trace.alert is None and any(reason in reasons for reason in _CUT_REASONS):
        return CONNECTION_CUT, seen
    return UNEXPLAINED, seen
