"""Diagnosis from what was recorded: traces as JSON, event log lines, what openssl printed, and hostile forms of each."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkikit.design.legs import legs_of
from pkikit.errors import InputError
from pkikit.judge.diagnose import CHECKED, diagnose_trace
from pkikit.judge.logs.log_text import CHECKED as TEXT_RULES
from pkikit.judge.logs.log_text import diagnose_lines, diagnose_text
from pkikit.model.codec.trace import trace_from_json, trace_to_json
from pkikit.model.trace import Outcome
from pkikit.rules.catalogue import all_rules, rank_causes
from simulator.wire.memory import MemoryDialler
from tests.support.worlds import AT, CASES, E1, Case, WorldBuilder

# What a trace alone cannot tell from another cause: the pairs that it may answer with instead.
ALIKE = {
    "trust.issuer-unknown": {"trust.intermediate-missing", "trust.self-signed-leaf"},
    "trust.intermediate-missing": {"trust.issuer-unknown"},
    "trust.chain-signature-invalid": {"trust.issuer-unknown"},
    "trust.cross-signed-copy": {"trust.issuer-unknown"},
    "trust.same-subject-ambiguous": {"trust.chain-signature-invalid", "trust.issuer-unknown", "trust.self-signed-leaf"},
    "ca.basic-constraints-missing": {"ca.not-a-ca"},
    "ca.not-a-ca": {"trust.issuer-unknown", "trust.intermediate-missing"},
    "key.mismatch": {"tls.cipher-mismatch", "tls.not-tls", "tls.certificate-required"},
    "key.too-short": {"tls.cipher-mismatch", "tls.not-tls", "tls.certificate-required"},
    "cluster.peer-certificate-swapped": {
        "names.reference-not-presented", "tls.cipher-mismatch", "tls.not-tls", "tls.certificate-required",
    },
}  # fmt: skip
_NAMES = {"names.reference-not-presented"}


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.id)
def test_trace_of_a_broken_world_survives_json_and_names_the_cause(case: Case) -> None:
    """Every broken world: the trace read back is the same, and its one finding is the cause or what looks just like it."""
    world = case.broken(WorldBuilder()).world
    dialler = MemoryDialler(world, AT)
    leg = next(leg for leg in legs_of(world.deployment) if case.affected(leg))
    trace = dialler.dial(leg)
    again = trace_from_json(json.dumps(trace_to_json(trace)), where="x")
    assert again == trace
    (found,) = diagnose_trace(again, leg.server)
    near = {case.rule, *ALIKE.get(case.rule, ())} | (_NAMES if case.rule.startswith("names.") else set())
    assert found.rule in near
    assert found.rule in {rule.id for rule in all_rules()}
    assert found.evidence
    assert found.fix


def test_accepted_trace_has_no_cause_and_lists_what_was_checked() -> None:
    """There is no finding, and the verdict lists the rules that were checked."""
    leg = legs_of(WorldBuilder().world.deployment)[0]
    trace = MemoryDialler(WorldBuilder().world, AT).dial(leg)
    assert trace.outcome is Outcome.ACCEPTED
    assert diagnose_trace(trace, "x") == ()
    assert {*CHECKED, *TEXT_RULES} <= {rule.id for rule in all_rules()}


GOOD = trace_to_json(MemoryDialler(WorldBuilder().world, AT).dial(legs_of(WorldBuilder().world.deployment)[0]))


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("[]", "is not a JSON object"),
        ("{", "is not JSON"),
        ("{}", "use: steps: is missing"),
        ('{"format": 99, "steps": []}', "format: must be a number from 0 to 1"),
        ('{"format": true, "steps": []}', "format: must be a number from 0 to 1"),
        ('{"steps": 3}', "steps: must be a list"),
        ('{"steps": [], "more": 1}', "'more' is not known; allowed are steps, seen_by_client, seen_by_server"),
        ('{"steps": [7]}', r"steps\[0\]: must be an object with seq, at, side, kind"),
        ('{"steps": [{"kind": "Failed"}]}', r"steps\[0\].seq: is missing"),
        ('{"steps": [{"kind": "Failed", "side": "client", "at": "2026-11-24", "seq": 1}]}', r"steps\[0\].reason: is missing"),
        ('{"steps": [{"kind": "Surprise"}]}', "has no known kind; there are NotConnected, "),
        ('{"steps": [{"kind": "Failed", "reason": "x", "side": "left", "at": "2026-11-24", "seq": 1}]}', "side: is not known; allowed are client, server"),
        ('{"steps": [{"kind": "Failed", "reason": "x", "side": "client", "at": "noon", "seq": 1}]}', r"steps\[0\].at: must be a time in ISO-8601"),
        ('{"steps": [{"kind": "Failed", "reason": 7, "side": "client", "at": "2026-11-24", "seq": "1"}]}', r"steps\[0\].seq: must be a whole number"),
        ('{"steps": [], "seen_by_client": ["x"]}', r"seen_by_client\[0\]: must be one certificate in PEM"),
        ('{"steps": [], "seen_by_client": "x"}', "seen_by_client: must be a list"),
        ('{"steps": [], "seen_by_client": ["\\ud800"]}', "must be one certificate in PEM"),
        ("[" * 100_000, "is not JSON"),
        (json.dumps({"steps": [GOOD["steps"][0]] * 2001}), "at most 2000"),
    ],
)  # fmt: skip
def test_json_that_is_not_a_trace_is_refused_with_its_place(document: str, said: str) -> None:
    """The error is one sentence with the place in the document."""
    with pytest.raises(InputError, match=said):
        trace_from_json(document, where="t.json")


@given(st.integers(0, len(GOOD["steps"]) - 1), st.sampled_from(["seq", "at", "side", "kind", "state", "name", "code"]),
       st.none() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2))  # fmt: skip
def test_mutated_trace_is_read_or_refused_with_one_sentence(index: int, key: str, value: Any) -> None:
    """Any field replaced by anything: read, or refused in one sentence."""
    document = json.loads(json.dumps(GOOD))
    document["steps"][index][key] = value
    try:
        trace = trace_from_json(json.dumps(document), where="x")
    except InputError:
        return
    diagnose_trace(trace, "x")


EVENT = (
    '2026-11-24T09:10:11.123+00:00 e1 tvcs: UTCTime="2026-11-24 09:10:11,123" Module="network.sip" Level="INFO": '
    'Event="{event}" Service="SIP" Src-ip="10.0.0.5" Src-port="25013" Dst-ip="10.0.0.9" Dst-port="7001" '
    'Detail="{detail}" Protocol="TLS" Level="1"'
)
TEXTS = [
    (EVENT.format(event="TLS Negotiation Error", detail="self signed certificate in certificate chain"), "trust.issuer-unknown"),
    (EVENT.format(event="TLS Negotiation Error", detail="unable to get local issuer certificate"), "trust.issuer-unknown"),
    (EVENT.format(event="TLS Negotiation Error", detail="certificate has expired"), "validity.expired"),
    (EVENT.format(event="TLS Negotiation Error", detail="Peer's TLS certificate identity was unacceptable"), "names.reference-not-presented"),
    (EVENT.format(event="TLS Negotiation Error", detail="error:14094418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca"), "trust.issuer-unknown"),
    (EVENT.format(event="TLS Negotiation Error", detail="wrong version number"), "tls.not-tls"),
    (EVENT.format(event="TLS Negotiation Error", detail="no shared cipher"), "tls.cipher-mismatch"),
    (EVENT.format(event="TLS Negotiation Error", detail="unsupported protocol"), "tls.protocol-mismatch"),
    (EVENT.format(event="TLS Negotiation Error", detail="unsuitable certificate purpose"), "eku.client-auth-missing"),
    (EVENT.format(event="TLS Negotiation Error", detail="CRL has expired"), "revocation.crl-expired"),
    (EVENT.format(event="TLS Negotiation Error", detail="certificate revoked"), "revocation.revoked"),
    (EVENT.format(event="Outbound TLS Negotiation Error", detail="Connection refused"), "net.unreachable"),
    ("error 20 at 0 depth lookup: unable to get local issuer certificate", "trust.issuer-unknown"),
    ("error 10 at 1 depth lookup: certificate has expired", "validity.expired"),
    ("error 26 at 0 depth lookup: unsuitable certificate purpose", "eku.client-auth-missing"),
    ("verify error:num=21:unable to verify the first certificate\nVerify return code: 21 (unable to verify the first certificate)", "trust.intermediate-missing"),
    ("    Verify return code: 18 (self-signed certificate)", "trust.self-signed-leaf"),
    ("Verification error: hostname mismatch\nVerify return code: 62 (hostname mismatch)", "names.reference-not-presented"),
    ("40A7:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../ssl/record/ssl3_record.c:354:", "tls.not-tls"),
    ("40A7:error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required:rec_layer_s3.c:907:SSL alert number 116", "tls.certificate-required"),
    ("connect:errno=111", "net.unreachable"),
    ("error 47 at 0 depth lookup: permitted subtree violation", "ca.name-constraint-violated"),
    ("error 79 at 1 depth lookup: invalid CA certificate", "ca.not-a-ca"),
    ("140735:error:0B080074:x509 certificate routines:X509_check_private_key:key values mismatch", "key.mismatch"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "rule"), TEXTS)
def test_text_of_an_error_names_its_cause_and_line(text: str, rule: str) -> None:
    """The first cause, with the line as evidence."""
    verdict, causes = diagnose_text(f"something else\n{text}\n", where="log.txt")
    assert causes[:1] == (rule,)
    assert not verdict.accepted
    assert verdict.errors[0].evidence[0].label.startswith("line 2")


@pytest.mark.parametrize("text", ["Verify return code: 0 (ok)", "cert.pem: OK", "Verification: OK"])
def test_text_of_a_success_is_accepted(text: str) -> None:
    """A success that the text states, and no failure: accepted."""
    verdict, causes = diagnose_text(text, where="log.txt")
    assert causes == ()
    assert verdict.accepted
    assert verdict.checked


@pytest.mark.parametrize(
    "text",
    [
        EVENT.format(event="TLS Negotiation Success", detail="unknown ca"),
        EVENT.format(event="Call Connected", detail="certificate has expired"),
        "nothing of interest",
        "error 0",
        "",
        "0 errors, 0 warnings",
    ],
)
def test_text_without_success_or_failure_has_no_verdict(text: str) -> None:
    """Neither a failure nor a success: one sentence, and no verdict."""
    with pytest.raises(InputError, match=r"in it reports a connection|none of them reports a connection"):
        diagnose_text(text, where="log.txt")


@given(st.text(max_size=400))
def test_any_text_is_read_and_quoted_safely(text: str) -> None:
    """Any text is read, and quotes from it are printable."""
    diagnosis = diagnose_lines(text.splitlines(), where="x")
    assert all(e.seen.isprintable() for f in diagnosis.verdict.findings for e in f.evidence)
    assert diagnosis.verdict.accepted == (not diagnosis.causes)


def test_causes_are_ranked_by_what_must_be_fixed_first() -> None:
    """Without a connection no certificate is seen; without a chain no name matters."""
    text = "hostname mismatch\ncertificate has expired\nConnection refused\nunable to get local issuer certificate"
    verdict, causes = diagnose_text(text, where="x")
    assert causes == ("net.unreachable", "trust.issuer-unknown", "validity.expired", "names.reference-not-presented")
    assert rank_causes(verdict.findings) == causes


def test_reports_of_verify_and_check_are_read_once_per_finding() -> None:
    """Findings of a verdict, or of all legs of a check, each once; what is no report is not taken for one."""
    from pkikit.judge.legs.leg_verdict import judge_all_legs
    from pkikit.model.codec.findings import read_findings

    world = WorldBuilder().reissue(E1, without=(E1,)).world
    legs = [{"findings": [f.to_json() for f in v.findings]} for v in judge_all_legs(world, AT)]
    found = read_findings(json.dumps({"accepted": False, "legs": legs}))
    assert found is not None
    assert rank_causes(found) == ("names.peer-fqdn-missing",)
    assert len(found) == len(set(found))
    single = read_findings(json.dumps({"findings": [found[0].to_json()]}))
    assert single == found[:1]
    for other in ("[]", "{", '{"steps": []}', '{"legs": 3}', '{"legs": [7]}', '{"findings": "x"}', "[" * 100_000):
        assert read_findings(other) is None
    assert read_findings('{"findings": [7, {"rule": 3}, {"rule": "x", "severity": "bad"}]}') == ()
