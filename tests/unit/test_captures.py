"""Captures of every form give the same connection; what is missing or damaged is said, and nothing raises."""

from __future__ import annotations

import gzip
import io
import random
import struct
from datetime import UTC, datetime

import pytest

from pkikit.captures.analysis import CaptureAnalyzer
from pkikit.captures.capture_contents import CaptureContents
from pkikit.captures.packets.containers import CaptureReader, Packet
from pkikit.captures.packets.layers import Ignored, Segment, peek, segment_of
from pkikit.captures.packets.streams import MAX_WAITING, Arrival, Streams
from pkikit.design.legs import legs_of
from pkikit.handshake.decoding.handshake_messages import authorities_in, certificates_in
from pkikit.handshake.decoding.hellos import extension_fields
from pkikit.handshake.decoding.key_log import KeyLog
from pkikit.handshake.decoding.protection import Undecodable
from pkikit.handshake.decoding.tls_bytes import Bytes
from pkikit.handshake.tls import TlsRange, TlsVersion
from pkikit.model.captured_tls import Handshake
from pkikit.model.trace import Side
from simulator.wire.capture import Capture
from tests.support.captured import Recorded
from tests.support.packets import (
    ACK,
    COOKED,
    COOKED2,
    ETHERNET,
    FIN,
    NULL,
    RAW,
    RST,
    SYN,
    Wire,
    block,
    linked,
    pcap,
    pcapng,
)  # fmt: skip
from tests.support.worlds import AT, C1, E1, WorldBuilder

V12 = TlsRange(lowest=TlsVersion.TLS_1_2, highest=TlsVersion.TLS_1_2)


@pytest.fixture(scope="module")
def pieces() -> list[tuple[bool, bytes]]:
    """The bytes of a whole TLS 1.2 connection, as both sides send them."""
    world = WorldBuilder().world
    leg = next(leg for leg in legs_of(world.deployment) if (leg.client, leg.server, leg.port) == (C1, E1, 7001))
    made = Recorded(world, AT, V12)
    made.dial(leg)
    return [(side, data) for _, side, data in made.capture._conversations[0].pieces]


def packets_of(pieces: list[tuple[bool, bytes]], wire: Wire | None = None, size: int = 700) -> list[bytes]:
    """Packets of a connection: opened, data in segments, closed."""
    wire = wire or Wire()
    made, places = wire.opening(), {True: 0, False: 0}
    for side, data in pieces:
        for start in range(0, len(data), size):
            part = data[start : start + size]
            made.append(wire.packet(side, places[side], part))
            places[side] += len(part)
    return [*made, *(wire.packet(side, places[side], flags=FIN | ACK) for side in (True, False))]


def read(*files: bytes) -> CaptureContents:
    """What some files of one machine contain."""
    analyzer = CaptureAnalyzer(KeyLog())
    for data in files:
        analyzer.read(io.BytesIO(data), "the capture")
    return analyzer.finish()


def is_whole(captured: CaptureContents) -> bool:
    """The connection is complete: chains of both sides, and its request was answered."""
    (found,) = captured.connections
    chains = (found.server_chain, found.client_chain)
    return found.handshake is Handshake.COMPLETE and all(chain and len(chain.certificates) == 2 for chain in chains)


@pytest.mark.parametrize("link", [RAW, ETHERNET, NULL, COOKED, COOKED2])
@pytest.mark.parametrize("addresses", [("10.0.0.1", "10.0.0.2"), ("2001:db8::1", "2001:db8::2")], ids=["v4", "v6"])
def test_link_layer_gives_the_connection(
    pieces: list[tuple[bool, bytes]], link: int, addresses: tuple[str, str]
) -> None:
    wire = Wire(client=(addresses[0], 40_000), server=(addresses[1], 7001))
    captured = read(pcap([linked(p, link) for p in packets_of(pieces, wire)], link))
    assert is_whole(captured)
    assert captured.connections[0].client.address == addresses[0]
    assert captured.connections[0].server_name == E1


def test_vlan_tags_are_read(pieces: list[tuple[bool, bytes]]) -> None:
    assert is_whole(read(pcap([linked(p, ETHERNET, vlan=7) for p in packets_of(pieces)], ETHERNET)))


@pytest.mark.parametrize("nano", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_pcap_of_each_form_has_the_right_time(pieces: list[tuple[bool, bytes]], order: str, nano: bool) -> None:
    captured = read(pcap(packets_of(pieces), order=order, nano=nano))
    assert is_whole(captured)
    whole = datetime.fromtimestamp(1_764_000_003, UTC)
    assert captured.connections[0].events[0].at.replace(microsecond=0) == whole


@pytest.mark.parametrize("order", ["<", ">"])
def test_interfaces_of_pcapng_have_their_own_link_layer_and_clock(pieces: list[tuple[bool, bytes]], order: str) -> None:
    """dpkt would read every packet as one of the first interface."""
    packets = [(n % 2, linked(p, ETHERNET if n % 2 else RAW)) for n, p in enumerate(packets_of(pieces))]
    captured = read(pcapng(packets, (RAW, ETHERNET), order=order))
    assert is_whole(captured)
    assert {e.at.year for e in captured.connections[0].events} == {2025}


def test_order_copies_and_overlaps_do_not_matter(pieces: list[tuple[bool, bytes]]) -> None:
    """Segments shuffled after the opening, some twice, some overlapping, and sequence numbers that begin again at zero."""
    wire = Wire(start=(1 << 32) - 300)
    packets = packets_of(pieces, wire, size=100)
    chance, places = random.Random(7), {True: 0, False: 0}
    for side, data in pieces:
        packets.append(wire.packet(side, places[side], data[: len(data) // 2 + 9]))
        places[side] += len(data)
    middle = packets[3:]
    for start in range(0, len(middle), 12):
        part = middle[start : start + 12]
        chance.shuffle(part)
        middle[start : start + 12] = part
    assert is_whole(read(pcap([*packets[:3], *middle, *chance.sample(middle, 20)])))


def test_connection_may_begin_in_one_file_and_end_in_the_next(pieces: list[tuple[bool, bytes]]) -> None:
    packets = packets_of(pieces)
    assert is_whole(read(pcap(packets[:6]), pcap(packets[6:])))


def test_starttls_is_found_behind_lines_in_clear(pieces: list[tuple[bool, bytes]]) -> None:
    clear = [(True, b"<stream:stream to='example.com'>"), (False, b"<proceed/>")]
    captured = read(pcap(packets_of([*clear, *pieces], Wire(server=("10.0.0.2", 9999)))))
    assert is_whole(captured)
    assert captured.connections[0].events[0].what == "in clear before TLS: XMPP stream"


def test_packets_cut_off_by_the_capture_are_not_guessed(pieces: list[tuple[bool, bytes]]) -> None:
    captured = read(pcap(packets_of(pieces), snap=96))
    (found,) = captured.connections
    assert found.handshake is Handshake.UNKNOWN
    assert any("tcpdump -s 0" in note for note in found.not_assessed)
    assert any("cut off by the capture" in note for note in captured.notes)


def test_lost_packet_is_not_guessed(pieces: list[tuple[bool, bytes]]) -> None:
    packets = packets_of(pieces)
    del packets[5]
    (found,) = read(pcap(packets)).connections
    assert found.handshake is Handshake.UNKNOWN


def test_connection_that_began_before_the_capture_is_counted(pieces: list[tuple[bool, bytes]]) -> None:
    captured = read(pcap(packets_of(pieces)[-4:]))
    assert not captured.connections
    assert captured.middle + captured.others == 1


def test_fragments_are_not_assessed(pieces: list[tuple[bool, bytes]]) -> None:
    packets = [bytearray(p) for p in packets_of(pieces)]
    for packet in packets[3:]:
        packet[6] |= 0x20
    captured = read(pcap(map(bytes, packets)))
    assert any("fragments" in note for note in captured.notes)


def test_refused_port_is_told_where_tls_is_expected() -> None:
    wire = Wire()
    refused = [wire.packet(True, 0, flags=SYN), wire.packet(False, 0, flags=RST | ACK)]
    (found,) = read(pcap(refused)).connections
    assert found.handshake is Handshake.FAILED
    other = Wire(server=("10.0.0.2", 3306))
    assert read(pcap([other.packet(True, 0, flags=SYN), other.packet(False, 0, flags=RST | ACK)])).connections == []


def test_same_ports_again_are_another_connection(pieces: list[tuple[bool, bytes]]) -> None:
    again = packets_of(pieces, Wire(start=900_000))
    captured = read(pcap([*packets_of(pieces), *again]))
    assert [c.handshake for c in captured.connections] == [Handshake.COMPLETE] * 2


class Counting:
    """Counts what a connection brings."""

    def __init__(self) -> None:
        self.bytes = self.lost = 0

    def opened(self, by_first: bool, where: Arrival, *, answer: bool) -> None:
        """Nothing to count."""

    def data(self, by_first: bool, data: bytes, where: Arrival) -> None:
        """Count."""
        self.bytes += len(data)

    def gap(self, by_first: bool, missing: int, where: Arrival) -> None:
        """Count."""
        self.lost += missing

    def closed(self, by_first: bool, where: Arrival, *, reset: bool) -> None:
        """Nothing to count."""

    def finish(self) -> None:
        """Nothing to count."""

    def wants(self, by_first: bool) -> bool:
        """Everything."""
        return True


def test_bytes_that_wait_for_a_lost_one_are_bounded() -> None:
    heard = Counting()
    streams = Streams(lambda source, target: heard)
    wire = Wire()
    for n, raw in enumerate([*wire.opening(), *(wire.packet(True, 1 + k * 1000, bytes(1000)) for k in range(3000))]):
        segment = segment_of(Packet(n, RAW, raw))
        assert isinstance(segment, Segment)
        streams.add(segment, Packet(n, RAW, b""))
        assert streams._waiting <= MAX_WAITING + 2000
    streams.finish()
    assert (heard.bytes, heard.lost) == (3_000_000, 1)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (pcap([bytes(60)])[:30], "cut off"),
        (pcap([]) + struct.pack("<IIII", 0, 0, 0xFFFFFFF0, 0xFFFFFFF0), "announces"),
        (pcap([]) + bytes(4096), "empty"),
        (pcapng([(3, bytes(60))]), "interface 3"),
        (pcapng([]) + block(6, b"1234"), "too short"),
        (pcapng([]) + struct.pack("<II", 6, 0xFFFFFFF0), "announces"),
        (pcapng([]) + struct.pack("<II", 6, 3), "announces"),
        (b"\x0a\x0d\x0d\x0a" + bytes(8), "byte order"),
    ],
)
def test_damaged_capture_ends_with_a_sentence(data: bytes, words: str) -> None:
    reader = CaptureReader(io.BytesIO(data), "x")
    list(reader.packets())
    assert words in reader.damage


def test_mutated_captures_never_raise(pieces: list[tuple[bool, bytes]]) -> None:
    whole, chance = pcap([linked(p, ETHERNET) for p in packets_of(pieces)], ETHERNET), random.Random(3)
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 40)):
            data[chance.randrange(24, len(data))] = chance.randrange(256)
        read(bytes(data)[: chance.randrange(100, len(data))])


def test_gzip_of_a_capture_is_one(pieces: list[tuple[bool, bytes]], tmp_path: object) -> None:
    from pathlib import Path

    from pkikit.captures.answer import diagnose_captures

    path = Path(str(tmp_path)) / "a.pcap.gz"
    path.write_bytes(gzip.compress(pcap(packets_of(pieces))))
    assert diagnose_captures([path]).verdict.accepted


def test_most_packets_are_passed_over_without_taking_them_apart(pieces: list[tuple[bool, bytes]]) -> None:
    """What a quick look says about a packet is what taking it apart says."""
    wire6 = Wire(client=("2001:db8::1", 40_000), server=("2001:db8::2", 5061))
    for wire in (Wire(), wire6):
        for link in (RAW, ETHERNET, NULL, COOKED, COOKED2):
            for raw in packets_of(pieces, wire):
                packet = Packet(1, link, linked(raw, link))
                segment, seen = segment_of(packet), peek(packet)
                assert isinstance(segment, Segment)
                opens_or_ends = segment.syn or segment.fin or segment.rst
                if not segment.data and not opens_or_ends:
                    assert seen is Ignored.EMPTY
                else:
                    assert isinstance(seen, tuple)
                    assert seen[1] is not opens_or_ends
    udp = bytearray(packets_of(pieces)[0])
    udp[9] = 17
    assert peek(Packet(1, ETHERNET, linked(bytes(udp), ETHERNET, vlan=3))) is Ignored.OTHER


def test_end_of_a_long_connection_is_seen(pieces: list[tuple[bool, bytes]]) -> None:
    """Its bytes are passed over once it is known; who closes is not. The same ports again are looked at again."""
    long = [*pieces, *[(False, b"\x17\x03\x03\x03\xe8" + bytes(1000))] * 40]
    packets = packets_of(long)
    packets[-2:] = packets[:-3:-1]  # the server closes first
    captured = read(pcap([*packets, *packets_of(pieces, Wire(start=7_000_000))]))
    assert [c.handshake for c in captured.connections] == [Handshake.COMPLETE] * 2
    assert [c.closed_by for c in captured.connections] == [Side.SERVER, Side.CLIENT]


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ("analysis.MAX_SEGMENTS", "segments that have to be looked at"),
        ("analysis.MAX_PACKETS", "more than 3; split"),
        ("analysis.MAX_WORK", "very many handshakes"),
        ("packets.streams.MAX_FLOWS", "TCP connections"),
        ("packets.containers.MAX_PACKETS", "only the first 3 packets"),
    ],
)
def test_limit_is_told(
    pieces: list[tuple[bool, bytes]], monkeypatch: pytest.MonkeyPatch, limit: str, words: str
) -> None:
    monkeypatch.setattr(f"pkikit.captures.{limit}", 3)
    packets = [p for n in range(4) for p in packets_of(pieces, Wire(client=("10.0.0.1", 41_000 + n)))]
    captured = read(pcap(packets))
    assert captured.packets < len(packets)
    assert any(words in note for note in captured.notes)


def test_blocks_that_are_no_packets_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pkikit.captures.packets.containers.MAX_BLOCKS", 10)
    reader = CaptureReader(io.BytesIO(pcapng([(0, bytes(60))]) + block(0x77, bytes(8)) * 20), "x")
    assert len(list(reader.packets())) == 1
    assert "cannot be a packet" in reader.damage


def test_time_beyond_every_calendar_is_a_time() -> None:
    assert Packet(1, RAW, b"", ticks=2**64 - 1).at.year == 9999
    assert Packet(1, RAW, b"", resolution=10**9, offset=-(2**63)).at.year == 1970


@pytest.mark.parametrize("first", [True, False])
def test_lab_writes_who_closed(pieces: list[tuple[bool, bytes]], first: bool) -> None:
    """Without the goodbye of TLS, the FIN tells."""
    capture = Capture(lambda: AT)
    tap = capture.tap(("10.0.0.1", 40_000), ("10.0.0.2", 5061))
    for side, data in [*pieces, (first, b""), (not first, b""), (first, b"")]:
        tap(side, data)
    (found,) = read(*capture.pcap("10.0.0.1")).connections
    assert found.closed_by is (Side.CLIENT if first else Side.SERVER)
    assert found.handshake is Handshake.COMPLETE
    assert sum(event.what.startswith("FIN") for event in found.events) == 2


def test_message_of_very_many_parts_is_not_read_to_its_end() -> None:
    """A list of CA names and one of certificates stop at a limit; any other message of too many parts says so."""
    names = b"\0\2\x30\0" * 5_000
    request = b"\1\1\0\2\4\1" + len(names).to_bytes(2) + names
    assert len(authorities_in(request, tls13=False)) == 500
    listing = b"\0\0\1\x30" * 5_000
    assert len(certificates_in(len(listing).to_bytes(3) + listing, tls13=False)) == 64
    with pytest.raises(Undecodable, match="parts"):
        extension_fields(Bytes((20_000).to_bytes(2) + b"\xff\xf0\0\0" * 5_000))
