"""What crossed the lab's wires as a pcapng file that Wireshark and tshark open and decrypt.

The lab records at the party that dials, in both directions, and writes a TCP conversation. The file contains the TLS
session secrets (Decryption Secrets Block), so only its owner may read it. It contains no private keys.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from socket import inet_aton

from dpkt import pcap, pcapng
from dpkt.ip import IP, IP_PROTO_TCP
from dpkt.tcp import TCP, TH_ACK, TH_FIN, TH_PUSH, TH_SYN

from pkikit.files import write_private

MAX_RECORDED = 256 * 1024 * 1024
_RAW_IP = 101  # LINKTYPE_RAW: packets begin with their IP header
_PCAP_SIZE, _PCAP_FILES = 20 * 1024 * 1024, 20  # administrator guide X15.5: 20 files of 20 MB each
_SEGMENT = 16 * 1024
_DECRYPTION_SECRETS, _TLS_KEY_LOG = 0x0A, 0x544C534B  # pcapng, "Decryption Secrets Block"

End = tuple[str, int]
Tap = Callable[[bool, bytes], None]


@dataclass
class Conversation:
    """One TCP connection: client, server, and every piece of data with its time and direction; no data: that end closes."""

    client: End
    server: End
    began: datetime
    pieces: list[tuple[datetime, bool, bytes]] = field(default_factory=list)


class Capture:
    """Collects the conversations of a running lab; `write` makes the file."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._conversations: list[Conversation] = []
        self._recorded = 0

    def tap(self, client: End, server: End) -> Tap:
        """Return a function to call with (sent by the client, bytes) for each piece of a new conversation.

        No bytes: that end closes its direction. If nobody is told to close, the client closed first.
        """
        conversation = Conversation(client, server, self._now())
        self._conversations.append(conversation)

        def record(from_client: bool, data: bytes) -> None:
            self._recorded += len(data)
            if self._recorded <= MAX_RECORDED:
                conversation.pieces.append((self._now(), from_client, data))

        return record

    def pcap(self, of: str, address: str = "", port: int = 0) -> list[bytes]:
        """Return what was recorded as files in the older pcap format, without session secrets.

        Args:
            of: the address of the machine that captures.
            address: keep the conversations with this address alone; empty: all.
            port: keep the conversations with this port at one end alone; 0: all.

        Returns:
            Files of at most 20 MB, at most 20 of them; the last packets are left out beyond that, as on the product.
        """
        kept = [
            c
            for c in self._conversations
            if of in {c.client[0], c.server[0]}
            and (not address or address in {c.client[0], c.server[0]})
            and (not port or port in {c.client[1], c.server[1]})
        ]
        packets = sorted((p for c in kept for p in _packets(c)), key=lambda packet: packet[0])
        files: list[bytes] = []
        stream = io.BytesIO()
        writer = pcap.Writer(stream, linktype=_RAW_IP)
        for instant, packet in packets:
            if stream.tell() + len(packet) > _PCAP_SIZE:
                files.append(stream.getvalue())
                stream = io.BytesIO()
                writer = pcap.Writer(stream, linktype=_RAW_IP)
            writer.writepkt(packet, ts=instant.timestamp())
        return [*files, stream.getvalue()][:_PCAP_FILES]

    def write(self, path: Path, key_log: bytes = b"") -> None:
        """Write everything recorded so far, in the order in which it happened; mode 0600."""
        stream = io.BytesIO()
        writer = pcapng.Writer(stream, snaplen=0, linktype=_RAW_IP)
        if key_log:
            stream.write(_secrets(key_log))
        packets = [p for conversation in self._conversations for p in _packets(conversation)]
        packets.sort(key=lambda packet: packet[0])
        for instant, packet in packets:
            writer.writepkt(packet, ts=instant.timestamp())
        write_private(path, stream.getvalue())


def _secrets(key_log: bytes) -> bytes:
    """Return a block in the machine's byte order, as the writer's other blocks are."""
    padded = key_log + b"\0" * (-len(key_log) % 4)
    length = 20 + len(padded)
    return (
        struct.pack("=IIII", _DECRYPTION_SECRETS, length, _TLS_KEY_LOG, len(key_log))
        + padded
        + struct.pack("=I", length)
    )


def _packets(conversation: Conversation) -> list[tuple[datetime, bytes]]:
    """Yield a complete conversation with its sequence numbers: three packets to open, the data in segments, two to close."""
    sequence = {True: 1000, False: 5000}
    made: list[tuple[datetime, bytes]] = []

    def add(at: datetime, from_client: bool, flags: int, data: bytes = b"") -> None:
        source, target = conversation.client, conversation.server
        if not from_client:
            source, target = target, source
        acknowledged = sequence[not from_client] if flags & TH_ACK else 0
        segment = TCP(
            sport=source[1],
            dport=target[1],
            seq=sequence[from_client],
            ack=acknowledged,
            flags=flags,
            win=65535,
            data=data,
        )
        packet = IP(src=inet_aton(source[0]), dst=inet_aton(target[0]), p=IP_PROTO_TCP, ttl=64, data=segment)
        packet.len = len(packet)
        made.append((at, bytes(packet)))
        sequence[from_client] += len(data) + (1 if flags & (TH_SYN | TH_FIN) else 0)

    add(conversation.began, True, TH_SYN)
    add(conversation.began, False, TH_SYN | TH_ACK)
    add(conversation.began, True, TH_ACK)
    last, closed = conversation.began, dict.fromkeys((True, False), False)
    for last, from_client, data in conversation.pieces:
        if closed[from_client]:
            continue
        if not data:
            add(last, from_client, TH_FIN | TH_ACK)
            closed[from_client] = True
        for start in range(0, len(data), _SEGMENT):
            add(last, from_client, TH_PUSH | TH_ACK, data[start : start + _SEGMENT])
    for from_client in (True, False):
        if not closed[from_client]:
            add(last, from_client, TH_FIN | TH_ACK)
    return made
