"""The theatre: the bytes that are shown are those of a handshake, and tell the guide's five steps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pkikit.design.legs import legs_of
from pkikit.handshake.tls import TlsRange, TlsVersion
from pkikit.model.trace import Outcome, Side
from simulator.wire.memory import MemoryDialler
from simulator.wire.theatre import Play, perform
from simulator.world.issued_world import IssuedWorld, issue_world
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


def test_record_lengths_add_up_to_flights(issued: IssuedWorld) -> None:
    """Records are whole: lengths add up to flights, and heads are bounded."""
    for flight in play(issued).flights:
        assert flight.length == sum(r.length for r in flight.records)
        assert all(len(r.head) <= 64 * 3 for r in flight.records)
