"""Decoding of recorded handshakes: real ones of both versions and every suite, refused ones, and bytes that somebody changed."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from functools import cache

import pytest
from OpenSSL import SSL

from pkikit.design.legs import legs_of
from pkikit.handshake.decoding.decoder import MAX_MESSAGES, Decoded, decode
from pkikit.handshake.decoding.suites import NAMES
from pkikit.handshake.tls import TlsRange, TlsVersion
from pkikit.model.leg import Leg
from pkikit.model.trace import Side
from pkikit.worlds.issued_world import IssuedWorld, issue_world
from simulator.wire.memory import MemoryDialler, answer, ask, hear, is_up
from tests.support.worlds import AT, deployment

Pieces = list[tuple[Side, bytes]]
TWELVE = TlsRange(highest=TlsVersion.TLS_1_2)
_13 = ["ClientHello", "ServerHello", "ChangeCipherSpec", "EncryptedExtensions", "CertificateRequest", "Certificate",
       "CertificateVerify", "Finished", "ChangeCipherSpec", "Certificate", "CertificateVerify", "Finished",
       "NewSessionTicket", "NewSessionTicket", "SIP OPTIONS", "SIP 200 OK", "close_notify"]  # fmt: skip
_12 = ["ClientHello", "ServerHello", "Certificate", "ServerKeyExchange", "CertificateRequest", "ServerHelloDone",
       "Certificate", "ClientKeyExchange", "CertificateVerify", "ChangeCipherSpec", "Finished", "ChangeCipherSpec",
       "Finished", "SIP OPTIONS", "SIP 200 OK", "close_notify"]  # fmt: skip


@dataclass(frozen=True)
class Recorded:
    pieces: Pieces
    key_log: bytes
    suite: str
    up: bool

    def decoded(self) -> tuple[Decoded, ...]:
        return decode(self.pieces, self.key_log, AT)


@cache
def issued(*, rsa: bool = True) -> IssuedWorld:
    return issue_world(deployment(), at=AT, rsa=rsa)


def traversal() -> Leg:
    return next(leg for leg in legs_of(deployment()) if leg.id.startswith("zone:uc-traversal"))


def record(tls: TlsRange | None = None, *, rsa: bool = True, distrusts: Side | None = None) -> Recorded:
    """Dial in memory and keep what crosses the wire; the client hangs up in the end."""
    leg, world, log, pieces = traversal(), issued(rsa=rsa).world, bytearray(), []
    if distrusts is not None:
        fqdn = leg.client if distrusts is Side.CLIENT else leg.server
        world = world.with_party(replace(world.parties[fqdn], trusted_ca_list=()))
    client, server = MemoryDialler(world, AT, tls, keylog=lambda line: log.extend(line + b"\n")).sides(leg)

    def pass_on() -> None:
        for side, other in ((client, server), (server, client)):
            if data := side.outgoing():
                other.feed(data)
                pieces.append((side.recorder.side, data))

    for _ in range(6):
        client.advance()
        pass_on()
        server.advance()
        pass_on()
    suite = client.connection.get_cipher_name() or ""
    up = is_up(client, server)
    if up:
        for act in (lambda: ask(leg, client), lambda: answer(leg, server), lambda: hear(leg, client), client.close):
            act()
            pass_on()
    return Recorded(pieces, bytes(log), suite, up)


def titles(messages: tuple[Decoded, ...]) -> list[str]:
    return [m.title for m in messages]


def test_every_message_of_tls13_and_tls12_is_decoded_by_name() -> None:
    assert titles(record().decoded()) == _13
    assert titles(record(TWELVE).decoded()) == _12
    only_hellos_in_clear = [m.title for m in record().decoded() if not m.encrypted]
    assert only_hellos_in_clear == ["ClientHello", "ServerHello", "ChangeCipherSpec", "ChangeCipherSpec"]


def test_every_suite_that_the_lab_can_negotiate_is_decrypted() -> None:
    """One suite at a time, with keys of both kinds: the whole conversation is read, under the negotiated suite."""
    negotiated = set()
    for name in NAMES.values():
        if name.startswith("TLS_"):
            continue
        weak = ":@SECLEVEL=0" if "NULL" in name else ""
        for rsa in (True, False):
            found = record(TlsRange(highest=TlsVersion.TLS_1_2, suites=name + weak), rsa=rsa)
            if not found.up:
                continue
            negotiated.add(found.suite)
            messages = found.decoded()
            assert found.suite == name
            assert titles(messages)[-3:] == ["SIP OPTIONS", "SIP 200 OK", "close_notify"], name
            assert all(m.is_decoded for m in messages), name
            assert ("Chosen cipher suite", name) in messages[1].fields
    assert negotiated == {name for name in NAMES.values() if not name.startswith("TLS_")}


def test_every_suite_of_tls13_is_decrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    make = SSL.Context.set_cipher_list
    for name in (name for name in NAMES.values() if name.startswith("TLS_")):

        def alone(context: SSL.Context, suites: bytes, name: str = name) -> None:
            make(context, suites)
            context.set_tls13_ciphersuites(name.encode())

        monkeypatch.setattr(SSL.Context, "set_cipher_list", alone)
        found = record()
        assert found.suite == name
        assert titles(found.decoded()) == _13


@pytest.mark.parametrize("tls", [None, TWELVE], ids=["1.3", "1.2"])
def test_client_that_is_refused_reads_the_alert_after_its_own_finished(tls: TlsRange | None) -> None:
    messages = record(tls, distrusts=Side.SERVER).decoded()
    last = messages[-1]
    assert (last.side, last.title) == (Side.SERVER, "Alert: unknown_ca")
    assert ("Number", "48") in last.fields
    assert "Finished" in [m.name for m in messages if m.side is Side.CLIENT]
    assert last.encrypted is (tls is None)


def test_certificates_are_described_and_secrets_never_shown() -> None:
    for found in (record(), record(TWELVE), record(replace(TWELVE, suites="AES256-GCM-SHA384"))):
        shown = repr(found.decoded())
        leaf = issued(rsa=True).world.parties[traversal().server].credential
        assert leaf is not None
        assert f"{leaf.leaf.serial_number:x}" in shown
        assert "e1.example.com, cluster-e.example.com" in shown
        for line in found.key_log.decode().splitlines():
            assert line.split()[2] not in shown
        assert "PRIVATE" not in shown


def test_encrypted_records_without_keys_say_so() -> None:
    found = record()
    messages = decode(found.pieces, b"garbage\nCLIENT_RANDOM 00 00\n", AT)
    assert titles(messages)[:3] == ["ClientHello", "ServerHello", "ChangeCipherSpec"]
    unread = [m for m in messages if not m.is_decoded]
    assert unread
    assert {m.fields for m in unread} == {(("Why", "encrypted, and the key log has no keys for it"),)}


@pytest.mark.parametrize("tls", [None, TWELVE, replace(TWELVE, suites="ECDHE-RSA-AES256-SHA384")],
                         ids=["1.3", "1.2", "cbc"])  # fmt: skip
def test_changed_or_truncated_bytes_never_raise(tls: TlsRange | None) -> None:
    """Bytes changed, cut, doubled and left out, in clear and in encrypted records: a line that says so, and no exception."""
    found, chance = record(tls), random.Random(7)
    unread = 0
    for _ in range(250):
        pieces = [(side, bytearray(data)) for side, data in found.pieces]
        _, data = chance.choice(pieces)
        place = chance.randrange(len(data))
        kind = chance.randrange(4)
        if kind == 0:
            data[place] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del data[place:]
        elif kind == 2:
            data[place:place] = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 40)))
        else:
            del data[place : place + chance.randrange(1, 40)]
        messages = decode([(side, bytes(data)) for side, data in pieces], found.key_log, AT)
        unread += not all(m.is_decoded and "Not decoded" not in dict(m.fields) for m in messages)
    assert unread > 100


def test_one_changed_byte_of_an_encrypted_record_costs_that_record_alone() -> None:
    found = record()
    place = next(n for n, (side, _) in enumerate(found.pieces) if n and side is Side.CLIENT)
    side, data = found.pieces[place]
    changed = bytearray(data)
    changed[30] ^= 1  # in the client's Certificate
    pieces = [*found.pieces[:place], (side, bytes(changed)), *found.pieces[place + 1 :]]
    messages = decode(pieces, found.key_log, AT)
    broken = [m for m in messages if not m.is_decoded]
    assert [m.fields[0][1] for m in broken] == ["the record does not fit the session's keys: it was changed on the way"]
    assert [m.title for m in messages if m.side is Side.CLIENT][2:4] == ["not decoded", "CertificateVerify"]


def test_hostile_streams_are_bounded() -> None:
    """Many tiny records, a huge message, and no TLS at all."""
    flood = b"\x15\x03\x03\x00\x02\x01\x00" * 5000
    assert len(decode([(Side.CLIENT, flood)], b"", AT)) == MAX_MESSAGES
    huge = b"\x16\x03\x01\x00\x04\x0b\xff\xff\xff"
    assert [m.fields for m in decode([(Side.SERVER, huge)], b"", AT)] == [
        (("Why", "a message announces 16777215 bytes"),)
    ]
    plain = decode([(Side.CLIENT, b"<stream:stream to='a\x1b[31m'>")], b"", AT)
    assert plain[0].title == "XMPP stream"
    assert "\x1b" not in repr(plain[0].fields)
    cut = decode([(Side.CLIENT, record().pieces[0][1][:200])], b"", AT)
    assert [m.name for m in cut] == ["not decoded"]
    assert "ends in the middle" in cut[0].fields[0][1]


def test_application_lines_with_credentials_are_left_out() -> None:
    message = decode(
        [(Side.CLIENT, b"GET / HTTP/1.1\r\nAuthorization: Basic c2VjcmV0\r\nCookie: session=1\r\n\r\n")], b"", AT
    )[0]
    assert message.title == "HTTP GET"
    assert "c2VjcmV0" not in repr(message)
    assert "session=1" not in repr(message)


@pytest.mark.parametrize("suite", sorted(NAMES))
def test_suite_of_another_version_is_not_decoded_and_does_not_raise(suite: int) -> None:
    random_bytes = bytes(range(32))

    def handshake(kind: int, body: bytes) -> bytes:
        message = bytes([kind]) + len(body).to_bytes(3) + body
        return b"\x16\3\3" + len(message).to_bytes(2) + message

    labels = ("CLIENT_RANDOM", "SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_HANDSHAKE_TRAFFIC_SECRET")
    log = "\n".join(f"{label} {random_bytes.hex()} {'ab' * 32}" for label in labels).encode()
    hello = handshake(1, b"\3\3" + random_bytes + b"\0\0\2\x13\1\1\0")
    for extension in (b"\0\6\0\x2b\0\2\3\4", b""):  # TLS 1.3, TLS 1.2
        chosen = handshake(2, b"\3\3" + random_bytes + b"\0" + suite.to_bytes(2) + b"\0" + extension)
        change, data = b"\x14\3\3\0\1\1", b"\x17\3\3\0\x40" + bytes(64)
        found = decode([(Side.CLIENT, hello), (Side.SERVER, chosen + change + data)], log, AT)
        assert [m.name for m in found] == ["ClientHello", "ServerHello", "ChangeCipherSpec", "not decoded"]
