"""The first cause from a capture is the lab's, where a capture can know it; where it cannot, it says so."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import pytest
from cryptography import x509

from pkikit.captures.answer import CaptureAnswer, diagnose_captures
from pkikit.design.legs import legs_of
from pkikit.errors import InputError
from pkikit.handshake.tls import TlsRange, TlsVersion
from pkikit.model.leg import Leg, Protocol
from pkikit.model.trace import HandshakeTrace, Outcome, Side
from pkikit.model.world import World
from pkikit.rules.connection_rules import CIPHER, NO_CERTIFICATE, REFUSED, UNEXPLAINED
from pkikit.rules.trust_rules import ISSUER_UNKNOWN, SELF_SIGNED_LEAF
from tests.support.captured import Recorded
from tests.support.cli import run
from tests.support.packets import ACK, FIN, Wire, pcap
from tests.support.worlds import AT, C1, CASES, E1, Case, WorldBuilder

V12, V13 = (TlsRange(lowest=v, highest=v) for v in (TlsVersion.TLS_1_2, TlsVersion.TLS_1_3))
# After the handshake, a machine that refuses a name or a revoked certificate closes: nothing on the wire says why.
_AFTERWARDS = ("names.", "revocation.", "cluster.")
# What one alert stands for, where the capture does not have what tells them apart.
_ONLY_THE_ALERT = MappingProxyType(
    {
        "certificates-swapped-without-keys": (CIPHER.id, NO_CERTIFICATE.id),
        "request-discarded-before-the-answer": (CIPHER.id, NO_CERTIFICATE.id),
        "key-of-1024-bits": (CIPHER.id, NO_CERTIFICATE.id),
        "call-manager-and-tomcat-with-one-subject": (SELF_SIGNED_LEAF.id,),
        "cross-signed-copy-before-the-root": (ISSUER_UNKNOWN.id,),
        "clock-two-days-behind": (REFUSED.id,),
        "server-auth-only-on-e": ("eku.client-auth-missing", UNEXPLAINED.id),
        "issuing-ca-limited-to-server-auth": ("eku.client-auth-missing", UNEXPLAINED.id),
    }
)


def is_seen(leg: Leg, world: World) -> bool:
    """The capture shows TLS of this leg."""
    return leg.protocol is not Protocol.SSH and {leg.client, leg.server} <= world.parties.keys()


def answer_of(
    world: World, legs: Iterable[Leg], folder: Path, tls: TlsRange, *, secrets: bool = True
) -> tuple[CaptureAnswer, dict[int, tuple[Leg, HandshakeTrace]]]:
    """The answer about a capture of these legs, and what happened on each client port."""
    made = Recorded(world, AT, tls)
    traces = {20_000 + n: (leg, made.dial(leg)) for n, leg in enumerate(legs)}
    return diagnose_captures([made.write(folder / "lab.pcapng", secrets=secrets)]), traces


def expected(case: Case) -> tuple[str, ...]:
    """The first causes that a capture may give."""
    if case.id in _ONLY_THE_ALERT:
        return _ONLY_THE_ALERT[case.id]
    if case.rule == "trust.intermediate-missing":  # if nobody sends it, it could be a root
        return (case.rule, ISSUER_UNKNOWN.id)
    return (UNEXPLAINED.id,) if case.rule.startswith(_AFTERWARDS) else (case.rule,)


def seen_legs(case: Case, world: World) -> list[Leg]:
    """At most four legs that the case breaks, and two others."""
    legs = [leg for leg in legs_of(world.deployment) if is_seen(leg, world)]
    return [leg for leg in legs if case.affected(leg)][:4] + [leg for leg in legs if not case.affected(leg)][:2]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_first_cause_of_a_capture_is_that_of_the_lab(case: Case, tmp_path: Path) -> None:
    """In clear for TLS 1.2; every third case also in TLS 1.3 with its key log."""
    world = case.broken(WorldBuilder()).world
    versions = (V12, V13) if CASES.index(case) % 3 == 0 else (V12,)
    for tls in versions:
        (tmp_path / str(tls.lowest)).mkdir()
        answer, traces = answer_of(world, seen_legs(case, world), tmp_path / str(tls.lowest), tls)
        for made in answer.assessments:
            leg, trace = traces[made.connection.client.port]
            assert made.is_down == (trace.outcome is not Outcome.ACCEPTED), leg.id
            if made.is_down:
                assert made.causes[0] in expected(case), leg.id
                assert made.connection.events[-1].packet > 3
            if made.state == "down" and trace.rejected_by is not None:
                assert made.refused_by is trace.rejected_by
        assert answer.verdict.accepted == (not any(a.is_down for a in answer.assessments))


def traversal(world: World) -> Leg:
    """c1 dials e1."""
    return next(leg for leg in legs_of(world.deployment) if (leg.client, leg.server, leg.port) == (C1, E1, 7001))


def broken(case_id: str) -> World:
    """The world of a case."""
    return next(case for case in CASES if case.id == case_id).broken(WorldBuilder()).world


def test_tls13_without_keys_shows_the_alert_of_the_client_only(tmp_path: Path) -> None:
    """OpenSSL as client sends its alert in clear, before it has keys to write with; a server's is encrypted."""
    case = next(case for case in CASES if case.id == "leaf-expired")
    world = case.broken(WorldBuilder()).world
    answer, traces = answer_of(world, seen_legs(case, world)[:4], tmp_path, V13, secrets=False)
    assert answer.causes == ("validity.expired", UNEXPLAINED.id)
    by_client = [a for a in answer.assessments if traces[a.connection.client.port][1].rejected_by is Side.CLIENT]
    assert by_client
    for made in answer.assessments:
        assert made.connection.server_chain is None
        assert any("--keylog" in note for note in made.connection.not_assessed)
        refuses = made in by_client
        assert (made.state, made.refused_by) == (("down", Side.CLIENT) if refuses else ("not assessed", None))
        assert made.causes == (("validity.expired",) if refuses else (UNEXPLAINED.id,))
    assert "--keylog" in answer.verdict.findings[-1].fix


def test_tls13_without_keys_is_up_when_it_has_answers(tmp_path: Path) -> None:
    world = WorldBuilder().world
    answer, _ = answer_of(world, [traversal(world)], tmp_path, V13, secrets=False)
    assert [a.state for a in answer.assessments] == ["up"]
    assert answer.assessments[0].connection.server_name == E1


def test_key_log_file_decrypts(tmp_path: Path) -> None:
    made = Recorded(WorldBuilder().world, AT, V13)
    made.dial(traversal(made.world))
    capture, keys = made.write(tmp_path / "a.pcapng", secrets=False), tmp_path / "keys.log"
    keys.write_bytes(made.key_log)
    done = run("pkikit", "diagnose", capture, "--keylog", keys, "--json")
    assert done.returncode == 0, done.stderr
    (connection,) = json.loads(done.stdout)["connections"]
    assert connection["state"] == "up"
    assert connection["client_certificate_requested"] is True
    assert [c["subject"] for c in connection["client_certificates"]["certificates"]]
    assert connection["server_certificates"]["packet"] == 5


def test_log_of_the_same_sockets_and_the_capture_are_one_answer(tmp_path: Path) -> None:
    """The alert 42 gives no reason; the log of the machine that sent it does. Line and packet are both evidence."""
    made = Recorded(broken("clock-two-days-behind"), AT, V12)
    case = next(case for case in CASES if case.id == "clock-two-days-behind")
    leg = seen_legs(case, made.world)[0]
    trace = made.dial(leg)
    alone = diagnose_captures([made.write(tmp_path / "a.pcapng")])
    (failed,) = alone.assessments
    ends = failed.connection
    inbound = trace.rejected_by is not None and trace.rejected_by.value == "server"
    line = (
        f'{AT + timedelta(seconds=2):%Y-%m-%dT%H:%M:%S}+00:00 e1 tvcs: Event="{"Inbound" if inbound else "Outbound"} TLS'
        f' Negotiation Error" Service="SIP" Src-ip="{ends.client.address}" Src-port="{ends.client.port}"'
        f' Dst-ip="{ends.server.address}" Dst-port="{ends.server.port}"'
        ' Detail="certificate is not yet valid" Protocol="TLS" Level="1" UTCTime="x"\n'
    )
    log = tmp_path / "log.txt"
    log.write_text(line)
    both = diagnose_captures([tmp_path / "a.pcapng", log])
    assert alone.causes[0] == REFUSED.id
    assert both.causes[0] == "validity.not-yet-valid"
    assert len(both.assessments) == 1
    assert both.log is None
    labels = [evidence.label for evidence in both.verdict.findings[0].evidence]
    assert any(label.startswith("packet ") for label in labels)
    assert any("line 1" in label for label in labels)
    log.write_text(line.replace(str(ends.client.port), "1"))
    apart = diagnose_captures([tmp_path / "a.pcapng", log])
    assert apart.log is not None
    assert apart.causes[0] in {REFUSED.id, "validity.not-yet-valid"}


def test_chains_are_extracted_and_nothing_is_overwritten(tmp_path: Path) -> None:
    made = Recorded(WorldBuilder().world, AT, V12)
    made.dial(traversal(made.world))
    capture, out = made.write(tmp_path / "a.pcapng"), tmp_path / "out"
    for _ in range(2):  # the same again changes nothing
        assert run("pkikit", "diagnose", capture, "--extract", out).returncode == 0
    files = sorted(out.iterdir())
    assert [path.name.split("_")[0] for path in files] == ["client", "server"]
    leaf = x509.load_pem_x509_certificates(files[1].read_bytes())[0]
    assert leaf == made.world.parties[E1].credential.leaf  # type: ignore[union-attr]
    files[0].write_text("mine")
    done = run("pkikit", "diagnose", capture, "--extract", out)
    assert done.returncode == 2
    assert "exists already" in done.stderr
    assert files[0].read_text() == "mine"


def test_capture_without_tls_is_not_recognised(tmp_path: Path) -> None:
    wire, path = Wire(server=("10.0.0.2", 80)), tmp_path / "a.pcap"
    path.write_bytes(pcap([*wire.opening(), wire.packet(True, 0, b"GET / HTTP/1.1\r\n\r\n")]))
    with pytest.raises(InputError, match="no TLS handshake"):
        diagnose_captures([path])


def test_something_else_on_a_port_of_tls_is_told(tmp_path: Path) -> None:
    wire, path, data = Wire(), tmp_path / "a.pcap", b"OPTIONS sip:e1.example.com SIP/2.0\r\n\r\n"
    sent = [*wire.opening(), wire.packet(True, 0, data), wire.packet(False, 0, flags=FIN | ACK)]
    path.write_bytes(pcap(sent))
    answer = diagnose_captures([path])
    assert answer.causes == ("tls.not-tls",)
    assert "SIP OPTIONS" in str(answer.assessments[0].connection.events)


def test_json_of_a_log_alone_is_what_it_was(tmp_path: Path) -> None:
    """Nothing about captures in the answer about a log."""
    log = tmp_path / "log.txt"
    log.write_text('2026-01-01T00:00:00+00:00 e1 tvcs: Event="Inbound TLS Negotiation Error" Service="SIP" Src-ip="10.0.0.1"'
                   ' Src-port="25000" Dst-ip="10.0.0.2" Dst-port="5061" Detail="self signed certificate" Level="1"\n')  # fmt: skip
    done = run("pkikit", "diagnose", log, "--json")
    assert done.returncode == 1
    assert "connections" not in json.loads(done.stdout)
