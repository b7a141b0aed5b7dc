"""The theatre: the bytes that are shown are those of a handshake, and tell the guide's five steps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pkikit.design.legs import legs_of
from pkikit.handshake.tls import TlsRange, TlsVersion
from pkikit.model.leg import NameCheck, Protocol
from pkikit.model.trace import Outcome, Side
from pkikit.model.world import Speaks
from pkikit.worlds.issued_world import IssuedWorld, issue_world
from simulator.connections.play_log import PlayLog
from simulator.wire.memory import MemoryDialler
from simulator.wire.theatre import Play, perform
from tests.support.worlds import AT, deployment

RSA = TlsRange(highest=TlsVersion.TLS_1_2, suites="AES256-GCM-SHA384")
TWELVE = TlsRange(highest=TlsVersion.TLS_1_2)


@pytest.fixture(scope="module")
def issued() -> IssuedWorld:
    return issue_world(deployment(), at=AT)


def play(issued: IssuedWorld, tls: TlsRange | None = None) -> Play:
    leg = next(leg for leg in legs_of(deployment()) if leg.id.startswith("zone:uc-traversal"))
    return perform(leg, issued.world, AT, tls)


def messages(played: Play) -> list[str]:
    return [m for flight in played.flights for record in flight.records for m in record.messages]


def test_tls12_handshake_has_the_five_steps_of_the_guide(issued: IssuedWorld) -> None:
    """Hello, certificate, verification before the pre-master secret, and then everything is encrypted."""
    played = play(issued, RSA)
    told = messages(played)
    assert told[:4] == ["ClientHello", "ServerHello", "Certificate", "CertificateRequest"]
    assert told.index("Certificate") < told.index("ClientKeyExchange") < told.index("Finished")
    assert "ServerKeyExchange" not in told
    exchange = next(f for f in played.flights if "ClientKeyExchange" in f.title)
    assert any("certificate accepted at depth 0" in line for line in exchange.decided)
    after = played.flights[played.flights.index(exchange) + 2 :]
    assert all(r.content == "encrypted" for flight in after for r in flight.records)
    assert played.trace.outcome is Outcome.ACCEPTED


def test_tls_versions_differ_in_key_exchange_and_visible_certificate(issued: IssuedWorld) -> None:
    """ECDHE has a key exchange of the server; TLS 1.3 shows no certificate to who looks on."""
    assert "ServerKeyExchange" in messages(play(issued, TWELVE))
    thirteen = play(issued)
    assert thirteen.protocol == "TLSv1.3"
    assert "Certificate" not in messages(thirteen)
    assert any("certificate accepted" in line for flight in thirteen.flights for line in flight.decided)


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("tls", [None, TWELVE])
def test_theatre_ends_like_the_memory_dialler(issued: IssuedWorld, side: Side, tls: TlsRange | None) -> None:
    """Whoever trusts nobody: the play and the memory dialler tell the same end."""
    leg = play(issued).leg
    fqdn = leg.client if side is Side.CLIENT else leg.server
    world = issued.world.with_party(replace(issued.world.parties[fqdn], trusted_ca_list=()))
    played, dialled = perform(leg, world, AT, tls).trace, MemoryDialler(world, AT, tls).dial(leg)
    assert played.outcome is dialled.outcome is Outcome.REJECTED
    assert played.rejected_by is dialled.rejected_by is side
    assert played.verify_error == dialled.verify_error
    assert played.alert == dialled.alert


def test_steps_name_every_message_and_end_with_the_outcome(issued: IssuedWorld) -> None:
    """No dead step: each one has a message or a decision, and the last one says how it ended."""
    played = play(issued)
    assert all(s.message or s.remarks for s in played.steps)
    assert all(s.message.is_decoded for s in played.steps if s.message)
    assert {"EncryptedExtensions", "CertificateRequest", "SIP OPTIONS"} <= {
        s.message.title for s in played.steps if s.message
    }
    assert played.steps[-1].side is None
    assert played.steps[-1].remarks[0].text == "The connection is up: e1 answered SIP/2.0 200 OK."


def test_refused_tls13_client_is_content_first_and_logs_after_the_alert(issued: IssuedWorld) -> None:
    """The order of decisions and log lines is the one in which they happen."""
    leg = play(issued).leg
    world = issued.world.with_party(replace(issued.world.parties[leg.server], trusted_ca_list=()))
    steps = perform(leg, world, AT, log=PlayLog(leg, world, AT)).steps
    told = [(s.side, r.text.partition(":")[0]) for s in steps for r in s.remarks]
    content, refused = (
        (Side.CLIENT, "considers the handshake complete"),
        (Side.SERVER, "refuses the chain at “Lab Issuing CA”"),
    )
    assert told.index(content) < told.index(refused) < told.index((Side.CLIENT, "gives up"))
    alert = next(n for n, s in enumerate(steps) if s.message and s.message.name == "Alert")
    assert steps[alert - 1].logs[0][0] is Side.SERVER
    assert "Inbound TLS Negotiation Error" in steps[alert - 1].logs[0][1]
    assert 'Detail="tlsv1 alert unknown ca"' in steps[alert + 1].logs[0][1]
    assert steps[-1].logs == steps[alert - 1].logs + steps[alert + 1].logs
    assert steps[-1].bad


def test_wrong_name_is_told_before_its_close_notify(issued: IssuedWorld) -> None:
    leg = replace(play(issued).leg, server_name_checks=(NameCheck(any_of=("other.example.com",), why="test"),))
    steps = perform(leg, issued.world, AT).steps
    judged = next(n for n, s in enumerate(steps) if any("does not find other.example.com" in r.text for r in s.remarks))
    assert steps[judged + 1].message is not None
    assert steps[judged + 1].message.title == "close_notify"
    sent = [(s.side, s.message.name) for s in steps[judged + 2 :] if s.message]
    assert set(sent) <= {(Side.SERVER, "NewSessionTicket")}


def test_tunnels_show_what_both_ends_recorded() -> None:
    """SSH is not TLS: no message is decoded, each step is something that an end did."""
    world = issue_world(deployment(), at=AT, rsa=False).world
    leg = next(leg for leg in legs_of(deployment()) if leg.protocol is Protocol.SSH)
    played = perform(leg, world, AT)
    assert played.is_ssh
    assert played.up
    assert all(s.remarks and not s.message for s in played.steps)


def test_record_lengths_add_up_to_flights(issued: IssuedWorld) -> None:
    """Records are whole: lengths add up to flights, and heads are bounded."""
    for flight in play(issued).flights:
        assert flight.length == sum(r.length for r in flight.records)
        assert all(len(r.head) <= 64 * 3 for r in flight.records)


def test_connection_that_is_never_made_has_no_handshake(issued: IssuedWorld) -> None:
    """A closed port and a name without an address: one step, its log line, and the end."""
    leg = play(issued).leg
    closed = replace(issued.world, blocked=frozenset({(leg.server, leg.port)}))
    unknown = replace(issued.world, unresolved=frozenset({leg.reference_name}))
    for world, told in ((closed, "Connection refused"), (unknown, "does not resolve")):
        played = perform(leg, world, AT, log=PlayLog(leg, world, AT))
        assert len(played.steps) == 2
        assert told in played.steps[0].remarks[0].text
        assert "External Server Communication Failure" in played.steps[0].logs[0][1]
        assert played.steps[-1].remarks[0].text.startswith("The connection is down before any handshake")
        assert played.trace.outcome is Outcome.UNREACHABLE


@pytest.mark.parametrize("side", list(Side))
def test_side_without_tls_sends_plain_sip(issued: IssuedWorld, side: Side) -> None:
    leg = play(issued).leg
    fqdn = leg.client if side is Side.CLIENT else leg.server
    world = issued.world.with_party(replace(issued.world.parties[fqdn], speaks=Speaks.PLAIN))
    played = perform(leg, world, AT, log=PlayLog(leg, world, AT))
    plain = [(s.side, s.message.title) for s in played.steps if s.message and s.message.name == "Plain text"]
    assert plain == [(side, "SIP OPTIONS" if side is Side.CLIENT else "SIP 400 Bad Request")]
    assert not played.up
    assert played.steps[-1].bad
