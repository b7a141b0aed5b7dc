"""Traces and diagnosis: what one side alone would hide, and what is told when no certificate was seen."""

from __future__ import annotations

import pytest
from OpenSSL.crypto import _ffi, _lib  # the library's own words, to compare ours with

from pkikit.design.legs import legs_of
from pkikit.errors import Rejected
from pkikit.handshake.recorder import Recorder, merge
from pkikit.handshake.tls import Handshake, TlsContext, TlsRange, TlsVersion, pump
from pkikit.judge.diagnose import ALERTS, VERIFY_CODES, diagnose_trace
from pkikit.judge.legs import judge_leg
from pkikit.judge.openssl_codes import VERIFY_ERROR_NAMES
from pkikit.judge.registry import Subject, catalogue, declare
from pkikit.model.findings import Severity, Verdict
from pkikit.model.trace import HandshakeTrace, Outcome, Side
from simulator.forge import SERVER
from simulator.sip.memory import MemoryDialler
from tests.support.worlds import AT, C1, E1, Bench

ONLY_12 = TlsRange(lowest=TlsVersion.TLS_1_2, highest=TlsVersion.TLS_1_2)
ONLY_13 = TlsRange(lowest=TlsVersion.TLS_1_3, highest=TlsVersion.TLS_1_3)


def dial(bench: Bench, tls: TlsRange = ONLY_13) -> HandshakeTrace:
    leg = next(leg for leg in legs_of(bench.world.deployment) if leg.id.startswith(f"zone:uc-traversal:{C1}>{E1}"))
    return MemoryDialler(bench.world, AT, tls).dial(leg)


@pytest.mark.parametrize("tls", [ONLY_12, ONLY_13], ids=["1.2", "1.3"])
def test_rejected_by_the_server(tls: TlsRange) -> None:
    """The server's verify error, its alert, and the chain it refused are all kept; in TLS 1.3 the client thought itself done."""
    trace = dial(Bench().reissue(C1, ekus=(SERVER,)), tls)
    assert trace.outcome is Outcome.REJECTED
    assert trace.rejected_by is Side.SERVER
    assert trace.verify_error is not None
    assert (trace.verify_error.code, trace.alert) == (26, "unsupported_certificate")
    assert len(trace.seen_by_server) == 3
    told = [str(s) for s in trace.steps if s.side is Side.CLIENT and "handshake complete" in str(s)]
    assert bool(told) is (tls is ONLY_13)


def test_accepted_only_with_application_data() -> None:
    """The same trace without its last step is no success."""
    trace = dial(Bench())
    assert trace.outcome is Outcome.ACCEPTED
    assert trace.protocol == "TLSv1.3"
    cut = HandshakeTrace(steps=tuple(s for s in trace.steps if "200 OK" not in str(s)))
    assert cut.outcome is Outcome.REJECTED


@pytest.mark.parametrize(("client", "server", "cause"), [(ONLY_12, ONLY_13, "tls.protocol-mismatch")])
def test_no_common_version(client: TlsRange, server: TlsRange, cause: str) -> None:
    """No certificate is seen; the alert says it."""
    parties = Bench().world.parties
    sides = {}
    for side, fqdn, tls in ((Side.CLIENT, C1, client), (Side.SERVER, E1, server)):
        context = TlsContext(parties[fqdn], at=AT, side=side, verify=True, tls=tls)
        sides[side] = Handshake(context, recorder=Recorder(side, lambda: AT))
    assert not pump(sides[Side.CLIENT], sides[Side.SERVER])
    trace = merge(sides[Side.CLIENT].recorder, sides[Side.SERVER].recorder)
    assert trace.alert == "protocol_version"
    assert [f.rule for f in diagnose_trace(trace, E1)] == [cause]


def test_alert_of_no_common_cipher() -> None:
    """handshake_failure before any certificate means that no cipher suite fits: tls.cipher-mismatch."""
    assert ALERTS["handshake_failure"] == ALERTS["insufficient_security"] == "tls.cipher-mismatch"


def test_openssl_agrees_on_its_words() -> None:
    """Our table of verification errors is that of the library in use."""
    for code, name in VERIFY_ERROR_NAMES.items():
        assert _ffi.string(_lib.X509_verify_cert_error_string(code)).decode() == name


def test_every_diagnosis_is_a_rule() -> None:
    """Codes and alerts lead to ids of the catalogue, or to the revocation rules that INTERFACES reserves."""
    known = {r.id for r in catalogue()} | {"revocation.crl-expired", "revocation.revoked"}
    assert set(VERIFY_CODES.values()) | set(ALERTS.values()) <= known


def test_two_rules_with_one_id_are_refused() -> None:
    """An id is public and never reused."""
    with pytest.raises(ValueError, match="two rules"):
        declare("validity.expired", Severity.ERROR, on=Subject.PATH, requirement="x", source="x", fix="x")


def test_require() -> None:
    """A verdict that says no raises where a yes is required, and names its rules."""
    leg = legs_of(Bench().world.deployment)[0]
    assert judge_leg(leg, Bench().world, AT).by_client.require()
    bad = judge_leg(leg, Bench().reissue(C1, ekus=(SERVER,)).world, AT).by_server
    with pytest.raises(Rejected, match=r"eku\.client-auth-missing"):
        bad.require()
    assert Verdict(question="nothing").accepted
    assert Verdict(question="nothing").checked == ()
