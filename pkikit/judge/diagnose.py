"""Explain a failure from the trace of a handshake, when no world is known."""

from __future__ import annotations

from types import MappingProxyType

from pkikit.judge.checks.certificate_checks import may_sign
from pkikit.judge.matching.name_matching import match_name, name_rule
from pkikit.judge.openssl_codes import PURPOSE, REJECTED
from pkikit.model.certificates.facts import presented_names
from pkikit.model.certificates.presented_names import PresentedNames
from pkikit.model.findings import Evidence, Finding
from pkikit.model.tables.alerts import ALERT_NAMES
from pkikit.model.trace import Alert, Failed, HandshakeTrace, NameJudged, Negotiated, NotConnected, Outcome, Side
from pkikit.rules.catalogue import CATALOGUE, RULES
from pkikit.rules.certificate_rules import CLIENT_AUTH_MISSING, OID_UNSUPPORTED, SERVER_AUTH_MISSING
from pkikit.rules.chain_rules import KEY_USAGE_UNSUITABLE
from pkikit.rules.connection_rules import (
    CONNECTION_CUT,
    NO_CERTIFICATE,
    NOT_TLS,
    PROTOCOL,
    SSH_ALGORITHM,
    UNEXPLAINED,
    UNREACHABLE,
    UNRESOLVED,
)
from pkikit.rules.rule import Rule

# The alerts that name a cause by themselves; the others can have several.
_TELLING_ALERTS = (40, 42, 43, 44, 45, 46, 48, 70, 71, 116)
ALERTS = MappingProxyType({ALERT_NAMES[number]: CATALOGUE.by_alert[number] for number in _TELLING_ALERTS})
_NOT_TLS_REASONS = (
    "wrong version number",
    "http request",
    "unknown protocol",
    "packet length too long",
    "record layer failure",
)
# What asyncssh and the lab's tunnels print if one side does not take the kind of key of the other.
_SSH_ALGORITHM_REASONS = ("Unable to find compatible server host key", "not in sshd_pfwd_pubkeyalgorithms")
_CUT_REASONS = ("unexpected eof", "reset by peer", "closed", "broken pipe")

# Rules that a trace can lead to; the names of a refused certificate may narrow them down.
CHECKED = tuple(
    dict.fromkeys(
        rule.id
        for rule in (
            UNRESOLVED, UNREACHABLE, NOT_TLS, *ALERTS.values(), *(r for r in RULES if r.openssl), OID_UNSUPPORTED,
            CONNECTION_CUT, SSH_ALGORITHM, UNEXPLAINED,
        )
    )
)  # fmt: skip


def diagnose_trace(trace: HandshakeTrace, subject: str) -> tuple[Finding, ...]:
    """Explain a handshake by its trace alone, without the certificates of both worlds.

    Returns one finding; None when the handshake was accepted, and when both sides completed it and the record ends there.
    A rejection without a reason is a finding, too: `diagnose.failure-unexplained`.
    """
    if trace.outcome is Outcome.ACCEPTED or _ends_well(trace):
        return ()
    rule, evidence = _first_cause(trace)
    return (rule.finding(subject, [evidence]),)


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


def _first_cause(trace: HandshakeTrace) -> tuple[Rule, Evidence]:
    for step in trace.steps:
        detail = step.detail
        if isinstance(detail, NotConnected):
            rule = UNREACHABLE if detail.resolved else UNRESOLVED
            return rule, Evidence(label="connection", expected="TCP connection", seen=detail.reason, where="network")
        if isinstance(detail, NameJudged) and not detail.matched:
            wanted = " or ".join(detail.looked_for)
            seen = trace.seen_by_client if step.side is Side.CLIENT else trace.seen_by_server
            presented = presented_names(seen[0]) if seen else PresentedNames()
            seen_names = presented.describe() if seen else "not presented"
            rule = name_rule([match_name(name, presented) for name in detail.looked_for])
            return rule, Evidence(label="name", expected=wanted, seen=seen_names, where=step.side.value)
    error = trace.verify_error
    if error is not None:
        rejecting_server = trace.rejected_by is Side.SERVER
        seen = trace.seen_by_server if rejecting_server else trace.seen_by_client
        purpose = CLIENT_AUTH_MISSING if rejecting_server else SERVER_AUTH_MISSING
        if seen and not may_sign(seen[0]):
            purpose = KEY_USAGE_UNSUITABLE  # OpenSSL has one number for both
        known = {REJECTED: OID_UNSUPPORTED, PURPOSE: purpose}
        rule = known.get(error.code) or CATALOGUE.by_openssl.get(error.code, UNEXPLAINED)
        return rule, Evidence(
            label="verify error",
            expected="0",
            seen=f"{error.code}: {error.name}",
            where=str(trace.rejected_by),
        )
    return _before_certificates(trace)


def _before_certificates(trace: HandshakeTrace) -> tuple[Rule, Evidence]:
    reasons = " / ".join(s.detail.reason for s in trace.steps if isinstance(s.detail, Failed))
    seen = Evidence(label="handshake", expected="a TLS handshake", seen=reasons or "closed", where="TLS")
    if any(reason in reasons for reason in _NOT_TLS_REASONS) and not any(
        isinstance(s.detail, Alert) for s in trace.steps
    ):
        return NOT_TLS, seen
    if "peer did not return a certificate" in reasons:
        # TLS 1.2 has no alert for this: the server sends handshake_failure, and only its own reason names the cause.
        return NO_CERTIFICATE, seen
    if any(reason in reasons for reason in _SSH_ALGORITHM_REASONS):
        return SSH_ALGORITHM, seen
    if trace.alert is not None and trace.alert in ALERTS:
        return ALERTS[trace.alert], seen
    if "unsupported protocol" in reasons or "no protocols available" in reasons:
        return PROTOCOL, seen
    if trace.alert is None and any(reason in reasons for reason in _CUT_REASONS):
        return CONNECTION_CUT, seen
    return UNEXPLAINED, seen
