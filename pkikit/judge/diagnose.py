"""From what was seen to what to mend: rank findings, and read a trace where no world is known."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

from pkikit.judge.names import PresentedNames, match_name, name_rule, presented_names
from pkikit.judge.registry import finding
from pkikit.judge.rules.certificate import may_sign
from pkikit.model.findings import Evidence, Finding, Severity
from pkikit.model.trace import Alert, Failed, HandshakeTrace, NameJudged, NotConnected, Outcome, Side

# Areas in the order in which they have to be mended: without a connection no certificate is seen, without a chain no
# name matters; within an area, the special before the general.
_ORDER = (
    "dns.",
    "net.",
    "tls.",
    "encoding.",
    "cluster.peer-certificate-swapped",
    "key.mismatch",
    "trust.same-subject-ambiguous",
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
)


def _rank(rule_id: str) -> int:
    return next((i for i, prefix in enumerate(_ORDER) if rule_id.startswith(prefix)), len(_ORDER))


def rank_causes(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Rule ids of the errors, most probable root cause first, each once."""
    errors = dict.fromkeys(f.rule for f in findings if f.severity is Severity.ERROR)
    return tuple(sorted(errors, key=_rank))


# OpenSSL's X509_V_ERR_* numbers (judge.openssl_codes) and the root cause that each stands for.
VERIFY_CODES = MappingProxyType({
    2: "trust.issuer-unknown",
    7: "trust.chain-signature-invalid",
    9: "validity.not-yet-valid",
    10: "validity.expired",
    3: "revocation.crl-unavailable",
    8: "revocation.crl-untrusted",
    11: "revocation.crl-unavailable",
    12: "revocation.crl-expired",
    18: "trust.self-signed-leaf",
    19: "trust.issuer-unknown",
    20: "trust.issuer-unknown",
    21: "trust.intermediate-missing",
    23: "revocation.revoked",
    24: "ca.not-a-ca",
    25: "ca.path-length-exceeded",
    28: "oid.unsupported",
    34: "chain.critical-extension-unknown",
    47: "ca.name-constraint-violated",
    48: "ca.name-constraint-violated",
    51: "ca.name-constraint-violated",
    53: "ca.name-constraint-violated",
    66: "key.too-short",
    67: "key.too-short",
    68: "signature.digest-unsupported",
    73: "revocation.ocsp-unavailable",
    74: "revocation.ocsp-untrusted",
    75: "revocation.ocsp-unavailable",
    79: "ca.not-a-ca",
    94: "key.unreadable",
})  # fmt: skip
ALERTS = MappingProxyType({
    "unknown_ca": "trust.issuer-unknown",
    "certificate_expired": "validity.expired",
    "certificate_revoked": "revocation.revoked",
    "protocol_version": "tls.protocol-mismatch",
    "insufficient_security": "tls.cipher-mismatch",
    "handshake_failure": "tls.cipher-mismatch",
    "unsupported_certificate": "eku.client-auth-missing",
    "certificate_required": "tls.certificate-required",
})  # fmt: skip
_NOT_TLS_REASONS = (
    "wrong version number",
    "http request",
    "unknown protocol",
    "packet length too long",
    "record layer failure",
)


# What a trace can lead to; the names of a refused certificate may say it more exactly.
CHECKED = (
    *dict.fromkeys((
        "dns.name-unresolved", "net.unreachable", "tls.not-tls", *ALERTS.values(), *VERIFY_CODES.values(),
        "eku.client-auth-missing", "eku.server-auth-missing", "key.usage-unsuitable", "names.reference-not-presented",
    )),
)  # fmt: skip


def diagnose_trace(trace: HandshakeTrace, subject: str) -> tuple[Finding, ...]:
    """What a trace alone tells, without the certificates of both worlds: at most one finding, none when accepted."""
    if trace.outcome is Outcome.ACCEPTED:
        return ()
    rule_id, evidence = _first_cause(trace)
    if rule_id is None:
        return ()
    return (finding(rule_id, subject, [evidence]),)


def _first_cause(trace: HandshakeTrace) -> tuple[str | None, Evidence]:
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
        rule_id = purpose if error.code == 26 else VERIFY_CODES.get(error.code, "trust.issuer-unknown")
        return rule_id, Evidence(
            label="verify error",
            expected="0",
            seen=f"{error.code}: {error.name}",
            where=str(trace.rejected_by),
        )
    return _before_certificates(trace)


def _before_certificates(trace: HandshakeTrace) -> tuple[str | None, Evidence]:
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
    return ("tls.not-tls" if reasons else None), seen
