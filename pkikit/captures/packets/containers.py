"""pcap and pcapng files as packets, one after the other, in bounded memory. Nothing that a file announces is believed.

dpkt reads pcapng files too, but only the first interface and no secrets; so the two containers are read here.
Sources: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from pkikit.errors import EncodingError
from pkikit.files.streams.peeked import Readable

PCAPNG = b"\x0a\x0d\x0d\x0a"
_PCAP = {
    b"\xd4\xc3\xb2\xa1": ("<", 1_000_000), b"\xa1\xb2\xc3\xd4": (">", 1_000_000),
    b"\x4d\x3c\xb2\xa1": ("<", 1_000_000_000), b"\xa1\xb2\x3c\x4d": (">", 1_000_000_000),
}  # fmt: skip
MAX_PACKET, MAX_BLOCK, MAX_SECRETS = 262_144 + 65_536, 64 * 1024 * 1024, 16 * 1024 * 1024
MAX_CAPTURE, MAX_PACKETS, MAX_INTERFACES = 2 * 1024**3, 500_000, 4096
MAX_BLOCKS, MAX_SKIPPED, MAX_OPTIONS = 100_000, 64 * 1024 * 1024, 64  # blocks, and their bytes, that are no packets
_CHUNK = 1 << 18
_SECTION, _INTERFACE, _OLD_PACKET, _SIMPLE, _ENHANCED, _SECRETS = 0x0A0D0D0A, 1, 2, 3, 6, 10
_PACKETS = frozenset({_OLD_PACKET, _SIMPLE, _ENHANCED})
_TLS_KEY_LOG = 0x544C534B
_RESOLUTION, _OFFSET, _END = 9, 14, 0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECONDS = 1_000_000
_LAST_SECOND = 253_402_300_799  # of the year 9999


class Packet(NamedTuple):
    """One packet. link: its link-layer type. missing: bytes that the capture cut off. ticks, resolution, offset: its time."""

    number: int
    link: int
    data: bytes
    missing: int = 0
    ticks: int = 0
    resolution: int = _MICROSECONDS
    offset: int = 0

    @property
    def at(self) -> datetime:
        """Its time; far beyond what a calendar has, the last second or the first that it has."""
        whole, rest = divmod(self.ticks, self.resolution)
        seconds = min(max(whole + self.offset, 0), _LAST_SECOND)
        return _EPOCH + timedelta(seconds=seconds, microseconds=rest * _MICROSECONDS // self.resolution)


@dataclass(frozen=True, slots=True)
class _Interface:
    link: int
    snap: int
    resolution: int
    offset: int


def is_capture(head: bytes) -> bool:
    """Return True for the first bytes of a pcap or pcapng file."""
    return head[:4] == PCAPNG or head[:4] in _PCAP


class CaptureReader:
    """Reads one capture. `secrets` has the key log lines of the blocks that were read so far; `damage`: why it ends early."""

    def __init__(self, stream: Readable, where: str) -> None:
        self._stream, self._where = stream, where
        self._left = MAX_CAPTURE
        self._buffer, self._at = b"", 0
        self._interfaces: list[_Interface] = []
        self._order = "<"
        self._number = self._skipped = self._others = 0
        self.secrets: list[bytes] = []
        self.damage = ""
        self._secret_bytes = 0

    def packets(self) -> Iterator[Packet]:
        """Yield the packets. A file that is cut off or damaged ends where it can no longer be read.

        Yields:
            One packet after the other.

        Raises:
            EncodingError: the file does not begin like a capture.
        """
        magic = self._take(4)
        if magic == PCAPNG:
            found = self._blocks()
        elif magic in _PCAP:
            found = self._records(*_PCAP[magic])
        else:
            raise EncodingError("is not a packet capture", where=self._where)
        try:
            for packet in found:
                yield packet
                if packet.number >= MAX_PACKETS:
                    self.damage = f"only the first {MAX_PACKETS:,} packets were read; split the file (editcap -c)"
                    return
        except _Broken as error:
            self.damage = str(error)

    def _take(self, size: int) -> bytes:
        """Return exactly that many bytes, or fewer at the end of the file.

        Args:
            size: how many.

        Returns:
            The bytes.

        Raises:
            _Broken: more was read than a capture may have.
        """
        end = self._at + size
        if end > len(self._buffer):
            self._fill(size)
            end = size
        data = self._buffer[self._at : end]
        self._at = end
        return data

    def _fill(self, size: int) -> None:
        """Read ahead: a compressed stream is slow in small pieces.

        Args:
            size: how many bytes are needed.

        Raises:
            _Broken: more was read than a capture may have.
        """
        found = bytearray(self._buffer[self._at :])
        while len(found) < size and (more := self._stream.read(max(_CHUNK, size - len(found)))):
            found += more
            self._left -= len(more)
        if self._left < 0:
            raise _Broken(f"only the first {MAX_CAPTURE >> 20} MB were read")
        self._buffer, self._at = bytes(found), 0

    def _exactly(self, size: int) -> bytes:
        data = self._take(size)
        if len(data) < size:
            raise _Broken(f"the file is cut off after packet {self._number}")
        return data

    # pcap

    def _records(self, order: str, resolution: int) -> Iterator[Packet]:
        header = self._take(20)
        if len(header) < 20:
            raise _Broken("the file is cut off in its header")
        link = struct.unpack(order + "I", header[16:])[0] & 0x0FFFFFFF
        face = _Interface(link, 0, resolution, 0)
        while head := self._take(16):
            if len(head) < 16:
                raise _Broken(f"the file is cut off after packet {self._number}")
            seconds, fraction, kept, length = struct.unpack(order + "IIII", head)
            yield self._packet(face, seconds * resolution + fraction, self._body(kept), length)

    def _body(self, kept: int) -> bytes:
        if not 0 < kept <= MAX_PACKET:
            what = f"announces {kept} bytes" if kept else "is empty"
            raise _Broken(f"packet {self._number + 1} {what}: the file is damaged")
        return self._exactly(kept)

    def _packet(self, face: _Interface, ticks: int, data: bytes, length: int) -> Packet:
        self._number += 1
        missing = max(0, min(length, MAX_PACKET) - len(data))
        return Packet(self._number, face.link, data, missing, ticks, face.resolution, face.offset)

    # pcapng

    def _blocks(self) -> Iterator[Packet]:
        kind_bytes = PCAPNG
        while kind_bytes:
            if len(kind_bytes) < 4:
                raise _Broken(f"the file is cut off after packet {self._number}")
            kind = struct.unpack(self._order + "I", kind_bytes)[0]
            if kind_bytes == PCAPNG:
                kind = _SECTION
                start = self._exactly(8)
                self._order = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}.get(start[4:], "")
                if not self._order:
                    raise _Broken("a section has no byte order: the file is damaged")
                length, read = struct.unpack(self._order + "I", start[:4])[0], 12
                self._interfaces = []
            else:
                length, read = struct.unpack(self._order + "I", self._exactly(4))[0], 8
            yield from self._block(kind, length, read)
            kind_bytes = self._take(4)

    def _block(self, kind: int, length: int, read: int) -> Iterator[Packet]:
        if length < read + 4 or length % 4 or length > MAX_BLOCK:
            raise _Broken(f"a block after packet {self._number} announces {length} bytes: the file is damaged")
        if kind not in _PACKETS:
            self._others += 1
            self._skipped += length
            if self._others > MAX_BLOCKS or self._skipped > MAX_SKIPPED:
                raise _Broken(f"too much after packet {self._number} cannot be a packet, so the rest was not read")
        if kind not in {*_PACKETS, _INTERFACE, _SECRETS}:
            self._skip(length - read)
            return
        if kind != _SECRETS and length > MAX_PACKET + 4096:
            raise _Broken(f"a block after packet {self._number} announces {length} bytes: the file is damaged")
        body = self._exactly(length - read)[:-4]
        try:
            if kind == _INTERFACE:
                self._add_interface(body)
            elif kind == _SECRETS:
                self._add_secrets(body)
            else:
                yield self._of_block(kind, body)
        except struct.error:
            raise _Broken(f"a block after packet {self._number} is too short: the file is damaged") from None

    def _skip(self, length: int) -> None:
        while length:
            part = min(length, 1 << 20)
            self._exactly(part)
            length -= part

    def _of_block(self, kind: int, body: bytes) -> Packet:
        ticks, number = 0, 0
        if kind == _ENHANCED:
            number, high, low, kept, length = struct.unpack(self._order + "IIIII", body[:20])
            ticks, body = (high << 32) + low, body[20:]
        elif kind == _OLD_PACKET:
            number, _, high, low, kept, length = struct.unpack(self._order + "HHIIII", body[:20])
            ticks, body = (high << 32) + low, body[20:]
        else:
            length, body = struct.unpack(self._order + "I", body[:4])[0], body[4:]
            kept = length
        if number >= len(self._interfaces):
            raise _Broken(f"packet {self._number + 1} is of interface {number}, which the file does not describe")
        face = self._interfaces[number]
        if kind == _SIMPLE:
            kept = min(length, face.snap or length, len(body))
        if kept > len(body):
            raise _Broken(f"packet {self._number + 1} announces {kept} bytes: the file is damaged")
        return self._packet(face, ticks, body[:kept], length)

    def _add_interface(self, body: bytes) -> None:
        link, _, snap = struct.unpack(self._order + "HHI", body[:8])
        resolution, offset = _MICROSECONDS, 0
        for code, value in self._options(body[8:]):
            if code == _RESOLUTION and value:
                exponent = value[0] & 0x7F
                resolution = 2 ** min(exponent, 63) if value[0] & 0x80 else 10 ** min(exponent, 18)
            elif code == _OFFSET and len(value) == 8:
                offset = struct.unpack(self._order + "q", value)[0]
        if len(self._interfaces) < MAX_INTERFACES:
            self._interfaces.append(_Interface(link, snap, resolution, offset))

    def _options(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        place = 0
        for _ in range(MAX_OPTIONS):
            if len(data) < place + 4:
                return
            code, length = struct.unpack_from(self._order + "HH", data, place)
            if code == _END:
                return
            yield code, data[place + 4 : place + 4 + length]
            place += 4 + length + -length % 4

    def _add_secrets(self, body: bytes) -> None:
        kind, length = struct.unpack(self._order + "II", body[:8])
        self._secret_bytes += length
        if kind == _TLS_KEY_LOG and self._secret_bytes <= MAX_SECRETS:
            self.secrets.append(body[8 : 8 + length])


class _Broken(Exception):
    """The rest of the file cannot be read; the text says why."""
