"""Traces and diagnosis: what one side alone would hide, and what is told when no certificate was seen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from OpenSSL.crypto import _ffi, _lib  # the library's own words, to compare ours with

from pkikit.design.legs import legs_of
from pkikit.handshake.pump import pump
from pkikit.handshake.recorder import Recorder, merge
from pkikit.handshake.tls import Handshake, TlsContext, TlsRange, TlsVersion
from pkikit.judge.diagnose import diagnose_trace
from pkikit.judge.legs.leg_verdict import judge_leg
from pkikit.judge.openssl_codes import VERIFY_ERROR_NAMES
from pkikit.model.findings import Rejected, Verdict
from pkikit.model.trace import HandshakeTrace, Outcome, Side
from simulator.wire.memory import MemoryDialler
from simulator.world.craft import SERVER
from tests.support.worlds import AT, C1, E1, WorldBuilder

ONLY_12 = TlsRange(lowest=TlsVersion.TLS_1_2, highest=TlsVersion.TLS_1_2)
ONLY_13 = TlsRange(lowest=TlsVersion.TLS_1_3, highest=TlsVersion.TLS_1_3)


def dial(builder: WorldBuilder, tls: TlsRange = ONLY_13) -> HandshakeTrace:
    leg = next(leg for leg in legs_of(builder.world.deployment) if leg.id.startswith(f"zone:uc-traversal:{C1}>{E1}"))
    return MemoryDialler(builder.world, AT, tls).dial(leg)


@pytest.mark.parametrize("tls", [ONLY_12, ONLY_13], ids=["1.2", "1.3"])
def test_trace_of_a_server_refusal_has_error_alert_and_chain(tls: TlsRange) -> None:
    """The server's verify error, its alert, and the chain it refused are all kept; in TLS 1.3 the client thought itself done."""
    trace = dial(WorldBuilder().reissue(C1, ekus=(SERVER,)), tls)
    assert trace.outcome is Outcome.REJECTED
    assert trace.rejected_by is Side.SERVER
    assert trace.verify_error is not None
    assert (trace.verify_error.code, trace.alert) == (26, "unsupported_certificate")
    assert len(trace.seen_by_server) == 3
    told = [str(s) for s in trace.steps if s.side is Side.CLIENT and "handshake complete" in str(s)]
    assert bool(told) is (tls is ONLY_13)


def test_trace_without_application_data_is_not_accepted() -> None:
    """The same trace without its last step is no success."""
    trace = dial(WorldBuilder())
    assert trace.outcome is Outcome.ACCEPTED
    assert trace.protocol == "TLSv1.3"
    cut = HandshakeTrace(steps=tuple(s for s in trace.steps if "200 OK" not in str(s)))
    assert cut.outcome is Outcome.REJECTED


def _with(suites: str) -> TlsRange:
    return TlsRange(lowest=TlsVersion.TLS_1_2, highest=TlsVersion.TLS_1_2, suites=suites)


GCM_128, GCM_256 = _with("ECDHE-ECDSA-AES128-GCM-SHA256"), _with("ECDHE-ECDSA-AES256-GCM-SHA384")


@pytest.mark.parametrize(("client", "server", "cause", "alert"), [
    pytest.param(*row, marks=[pytest.mark.fires(row[2])])
    for row in (
        (ONLY_12, ONLY_13, "tls.protocol-mismatch", "protocol_version"),
        (ONLY_13, ONLY_12, "tls.protocol-mismatch", "protocol_version"),
        (GCM_128, GCM_256, "tls.cipher-mismatch", "handshake_failure"),
    )
])  # fmt: skip
def test_trace_without_a_common_version_ends_with_an_alert(
    client: TlsRange, server: TlsRange, cause: str, alert: str
) -> None:
    """The handshake ends before any certificate is seen, and the alert says why."""
    trace = _between(client, server)
    assert trace.alert == alert
    assert [f.rule for f in diagnose_trace(trace, E1)] == [cause]


@pytest.mark.near_miss("tls.protocol-mismatch", "tls.cipher-mismatch", "tls.certificate-required", watched=False)
@pytest.mark.parametrize(
    ("client", "server"),
    [(TlsRange(), ONLY_12), (ONLY_13, TlsRange()), (GCM_128, TlsRange())],
    ids=["1.2", "1.3", "suite"],
)
def test_trace_with_one_common_version_and_suite_is_accepted(client: TlsRange, server: TlsRange) -> None:
    """One version and one suite that both sides have are enough."""
    trace = _between(client, server)
    assert trace.outcome is not Outcome.UNREACHABLE
    assert (trace.alert, trace.verify_error, diagnose_trace(trace, E1)) == (None, None, ())


@pytest.mark.fires("tls.certificate-required")
@pytest.mark.parametrize("tls", [ONLY_12, ONLY_13], ids=["1.2", "1.3"])
def test_trace_of_a_client_without_certificate_is_refused(tls: TlsRange) -> None:
    """The server asks for a certificate and the client has none."""
    trace = _between(tls, tls, client_has_certificate=False)
    assert trace.alert in {"certificate_required", "handshake_failure"}
    assert [f.rule for f in diagnose_trace(trace, E1)] == ["tls.certificate-required"]


def _between(client: TlsRange, server: TlsRange, *, client_has_certificate: bool = True) -> HandshakeTrace:
    """A handshake of C1 with E1 in memory, without a word after it; accepted when both sides finished."""
    parties = WorldBuilder().world.parties
    own = parties[C1] if client_has_certificate else replace(parties[C1], credential=None)
    sides = {}
    for side, party, tls in ((Side.CLIENT, own, client), (Side.SERVER, parties[E1], server)):
        context = TlsContext(party, at=AT, side=side, verify=True, tls=tls)
        sides[side] = Handshake(context, recorder=Recorder(side, lambda: AT))
    pump(sides[Side.CLIENT], sides[Side.SERVER])
    return merge(sides[Side.CLIENT].recorder, sides[Side.SERVER].recorder)


def test_verification_error_texts_match_openssl() -> None:
    """Our table of verification errors is that of the library in use."""
    for code, name in VERIFY_ERROR_NAMES.items():
        assert _ffi.string(_lib.X509_verify_cert_error_string(code)).decode() == name


def test_refused_verdict_raises_when_required() -> None:
    """A verdict that says no raises where a yes is required, and names its rules."""
    leg = legs_of(WorldBuilder().world.deployment)[0]
    assert judge_leg(leg, WorldBuilder().world, AT).by_client.require()
    bad = judge_leg(leg, WorldBuilder().reissue(C1, ekus=(SERVER,)).world, AT).by_server
    with pytest.raises(Rejected, match=r"eku\.client-auth-missing"):
        bad.require()
    assert Verdict(question="nothing").accepted
    assert Verdict(question="nothing").checked == ()
