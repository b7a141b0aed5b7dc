"""From a packet to its TCP segment: link layer, IP and TCP, taken apart by dpkt."""

from __future__ import annotations

import enum
import ipaddress
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pkikit.captures.packets.containers import Packet
from pkikit.extras import optional_packages

with optional_packages():
    import dpkt
    from dpkt.ethernet import Ethernet
    from dpkt.ip import IP
    from dpkt.ip6 import IP6, IP6FragmentHeader
    from dpkt.loopback import Loopback
    from dpkt.sll import SLL
    from dpkt.sll2 import SLL2
    from dpkt.tcp import TCP, TH_ACK, TH_FIN, TH_RST, TH_SYN

End = tuple[str, int]
_TCP = 6
# What dpkt raises on bytes that are not what they say.
_MALFORMED = (dpkt.Error, ValueError, IndexError, TypeError, KeyError, AttributeError, struct.error, OverflowError,
              RecursionError)  # fmt: skip


class Ignored(enum.StrEnum):
    """Why a packet has no segment."""

    OTHER = "packets of other protocols"
    FRAGMENT = "IP fragments"
    MALFORMED = "malformed packets"
    LINK = "packets of a link layer that pkikit does not read"
    EMPTY = "packets that only acknowledge"
    SETTLED = "packets of connections that are known already"


@dataclass(frozen=True, slots=True)
class Segment:
    """A TCP segment. missing: bytes of its data that the capture cut off."""

    source: End
    target: End
    sequence: int
    acknowledged: int
    flags: int
    data: bytes
    missing: int

    @property
    def syn(self) -> bool:
        """It opens a direction."""
        return bool(self.flags & TH_SYN)

    @property
    def ack(self) -> bool:
        """It acknowledges."""
        return bool(self.flags & TH_ACK)

    @property
    def fin(self) -> bool:
        """It ends a direction."""
        return bool(self.flags & TH_FIN)

    @property
    def rst(self) -> bool:
        """It aborts the connection."""
        return bool(self.flags & TH_RST)


def _raw(data: bytes) -> Any:
    return IP6(data) if data[:1] and data[0] >> 4 == 6 else IP(data)


# Link-layer types by number (tcpdump.org/linktypes); 12 and 14 are raw IP on some systems.
_LINKS: dict[int, Callable[[bytes], Any]] = {
    0: Loopback, 1: Ethernet, 12: _raw, 14: _raw, 101: _raw, 108: Loopback, 113: SLL, 228: IP, 229: IP6, 276: SLL2,
}  # fmt: skip


# Bytes in front of the type of the next layer, and in front of that layer.
_HEADERS = {1: (12, 14), 113: (14, 16), 276: (0, 20)}
_RAW, _NULL = frozenset({12, 14, 101, 228, 229}), frozenset({0, 108})
_EXTENSIONS = frozenset({0, 43, 44, 51, 60, 135, 139, 140})  # of IPv6
_IPV4, _IPV6, _VLANS = b"\x08\x00", b"\x86\xdd", frozenset({b"\x81\x00", b"\x88\xa8", b"\x91\x00"})
_OPENS_OR_ENDS = TH_SYN | TH_FIN | TH_RST

Key = bytes
"""Addresses and ports of a direction, as they are in a packet."""


def peek(packet: Packet) -> tuple[Key, bool] | Ignored | None:
    """Look at a packet without taking it apart: most packets of a large capture are of no interest.

    Args:
        packet: a packet as it was captured.

    Returns:
        Its direction, and True if it only brings data; why it has no segment; or None if only taking it apart can tell.
    """
    data = packet.data
    try:
        start = _network(packet.link, data)
        if start is None:
            return None
        if start < 0:
            return Ignored.OTHER
        if data[start] >> 4 == 4:
            if data[start + 9] != _TCP:
                return Ignored.OTHER
            tcp = start + (data[start] & 0xF) * 4
            end = start + (data[start + 2] << 8) + data[start + 3]
            addresses = data[start + 12 : start + 20]
            if data[start + 6] & 0x3F or data[start + 7] or end == start:
                return None
        else:
            if data[start + 6] != _TCP:
                return None if data[start + 6] in _EXTENSIONS else Ignored.OTHER
            tcp = start + 40
            end = tcp + (data[start + 4] << 8) + data[start + 5]
            addresses = data[start + 8 : start + 40]
            if end == tcp:
                return None
        flags, begin = data[tcp + 13], tcp + (data[tcp + 12] >> 4) * 4
    except IndexError:
        return None
    if flags & _OPENS_OR_ENDS:
        return addresses + data[tcp : tcp + 4], False
    return Ignored.EMPTY if begin == end else (addresses + data[tcp : tcp + 4], True)


def _network(link: int, data: bytes) -> int | None:
    """Return where IP begins; -1 for another protocol, None if that is not clear at once."""
    if link in _HEADERS:
        at, start = _HEADERS[link]
        kind = data[at : at + 2]
        for _ in range(2):
            if kind not in _VLANS or link != 1:
                break
            kind, start = data[start + 2 : start + 4], start + 4
        if kind in {_IPV4, _IPV6}:
            return start
        return -1 if len(kind) == 2 and kind[0] >= 6 and kind not in _VLANS and link == 1 else None
    if link in _RAW or link in _NULL:
        start = 4 if link in _NULL else 0
        return start if data[start] >> 4 in {4, 6} else None
    return None


def segment_of(packet: Packet) -> Segment | Ignored:
    """Return the TCP segment of a packet, or why there is none.

    Args:
        packet: a packet as it was captured, possibly cut off.

    Returns:
        The segment.
    """
    read = _LINKS.get(packet.link)
    if read is None:
        return Ignored.LINK
    try:
        layer = read(packet.data)
        if not isinstance(layer, IP | IP6):
            layer = layer.data
        if not isinstance(layer, IP | IP6):
            return Ignored.OTHER
        return _segment(layer, packet.missing)
    except _MALFORMED:
        return Ignored.MALFORMED


def _segment(layer: Any, cut: int) -> Segment | Ignored:
    if layer.p != _TCP:
        return Ignored.OTHER
    if isinstance(layer, IP):
        if layer.mf or layer.offset:
            return Ignored.FRAGMENT
        announced = layer.len - layer.hl * 4 if layer.len else 0
    else:
        fragment = next((h for h in layer.all_extension_headers if isinstance(h, IP6FragmentHeader)), None)
        if fragment is not None and (fragment.frag_off or fragment.m_flag):
            return Ignored.FRAGMENT
        announced = layer.plen - sum(h.length for h in layer.all_extension_headers) if layer.plen else 0
    tcp = layer.data
    if not isinstance(tcp, TCP):
        return Ignored.MALFORMED
    data = tcp.data if isinstance(tcp.data, bytes) else bytes(tcp.data)
    missing = max(0, announced - tcp.off * 4 - len(data)) if announced else cut
    return Segment(
        (_address(layer.src), tcp.sport), (_address(layer.dst), tcp.dport), tcp.seq, tcp.ack, tcp.flags, data, missing
    )


@lru_cache(maxsize=65_536)
def _address(packed: bytes) -> str:
    return str(ipaddress.ip_address(packed))
