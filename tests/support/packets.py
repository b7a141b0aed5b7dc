"""Packets as a capture has them, of one TCP connection: any link layer, any order."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from socket import AF_INET, AF_INET6, inet_pton

from dpkt.ip import IP, IP_PROTO_TCP
from dpkt.ip6 import IP6
from dpkt.sll import SLL
from dpkt.sll2 import SLL2
from dpkt.tcp import TCP, TH_ACK, TH_FIN, TH_PUSH, TH_RST, TH_SYN

SYN, ACK, FIN, RST, PUSH = TH_SYN, TH_ACK, TH_FIN, TH_RST, TH_PUSH
RAW, ETHERNET, NULL, COOKED, COOKED2 = 101, 1, 0, 113, 276


@dataclass(frozen=True, kw_only=True)
class Wire:
    """A connection that packets are made for."""

    client: tuple[str, int] = ("10.0.0.1", 40_000)
    server: tuple[str, int] = ("10.0.0.2", 5061)
    start: int = 1000

    def packet(self, from_client: bool, place: int, data: bytes = b"", flags: int = ACK | PUSH) -> bytes:
        """An IP packet whose data begins `place` bytes after the SYN."""
        source, target = (self.client, self.server) if from_client else (self.server, self.client)
        sequence = (self.start + place + (0 if flags & SYN else 1)) % (1 << 32)
        tcp = TCP(sport=source[1], dport=target[1], seq=sequence, ack=1, flags=flags, win=1000, data=data)
        if ":" in source[0]:
            made = IP6(
                src=inet_pton(AF_INET6, source[0]), dst=inet_pton(AF_INET6, target[0]), nxt=IP_PROTO_TCP, data=tcp
            )
            made.plen = len(tcp)
        else:
            made = IP(src=inet_pton(AF_INET, source[0]), dst=inet_pton(AF_INET, target[0]), p=IP_PROTO_TCP, data=tcp)
            made.len = len(made)
        return bytes(made)

    def opening(self) -> list[bytes]:
        """SYN, SYN-ACK, ACK."""
        return [
            self.packet(True, 0, flags=SYN), self.packet(False, 0, flags=SYN | ACK), self.packet(True, 0, flags=ACK),
        ]  # fmt: skip


def linked(packet: bytes, link: int, vlan: int = 0) -> bytes:
    """The packet with the header of a link layer."""
    kind = 0x86DD if packet[0] >> 4 == 6 else 0x0800
    if link == ETHERNET:
        tag = struct.pack(">HHH", 0x8100, vlan, kind) if vlan else struct.pack(">H", kind)
        return bytes(12) + tag + packet + (b"\0" * max(0, 46 - len(packet)))
    if link == COOKED:
        return bytes(SLL(ethtype=kind)) + packet
    if link == COOKED2:
        return bytes(SLL2(ethtype=kind)) + packet
    if link == NULL:
        return struct.pack("<I", 30 if kind == 0x86DD else 2) + packet
    return packet


def pcap(packets: Iterable[bytes], link: int = RAW, *, order: str = "<", nano: bool = False, snap: int = 0) -> bytes:
    """A pcap file, a packet each second."""
    made = struct.pack(order + "IHHiIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, snap or 262_144, link)
    for number, packet in enumerate(packets):
        kept = packet[:snap] if snap else packet
        made += struct.pack(order + "IIII", 1_764_000_000 + number, 500 if nano else 5, len(kept), len(packet)) + kept
    return made


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    """A block of pcapng."""
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + size + body + size


def pcapng(
    packets: Iterable[tuple[int, bytes]], links: Iterable[int] = (RAW,), *, order: str = "<", first: bytes = b""
) -> bytes:
    """A pcapng file; each packet names its interface. Every second interface counts in nanoseconds."""
    made = block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)
    for number, link in enumerate(links):
        options = struct.pack(order + "HHB3xHH", 9, 1, 9, 0, 0) if number % 2 else b""
        made += block(1, struct.pack(order + "HHI", link, 0, 0) + options, order)
    made += first
    for number, (interface, packet) in enumerate(packets):
        ticks = (1_764_000_000 + number) * (10**9 if interface % 2 else 10**6)
        head = struct.pack(order + "IIIII", interface, ticks >> 32, ticks & 0xFFFFFFFF, len(packet), len(packet))
        made += block(6, head + packet, order)
    return made
