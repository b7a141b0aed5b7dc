"""TCP connections put together from segments: in order, without what was sent twice, in bounded memory.

Each connection has a listener, which gets its bytes in order with the number of the packet that brought them.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from pkikit.captures.packets.containers import Packet
from pkikit.captures.packets.layers import End, Segment

MAX_FLOWS = 30_000
MAX_WAITING, MAX_WAITING_ALL = 1 << 20, 64 << 20  # bytes that wait for earlier ones: of one direction, of all together
_HALF, _WHOLE, _OVERHEAD = 1 << 31, 1 << 32, 64


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where in the capture something is: number and time of a packet, and the file if there are several."""

    packet: int
    at: datetime
    file: str = ""


class Listener(Protocol):
    """Takes what one connection brings. `first` is the end that the connection is listed by."""

    def opened(self, by_first: bool, where: Arrival, *, answer: bool) -> None:
        """A SYN, or with `answer` the SYN of the other end."""

    def data(self, by_first: bool, data: bytes, where: Arrival) -> None:
        """Bytes in order."""

    def gap(self, by_first: bool, missing: int, where: Arrival) -> None:
        """Bytes are missing here."""

    def closed(self, by_first: bool, where: Arrival, *, reset: bool) -> None:
        """An end closes its direction (FIN) or aborts (RST)."""

    def finish(self) -> None:
        """Nothing more comes."""

    def wants(self, by_first: bool) -> bool:
        """False if more bytes of this direction would tell nothing."""
        ...


@dataclass(slots=True)
class _Direction:
    """Places are bytes since the first segment, so that they never begin again at zero."""

    first: int | None = None  # sequence number of place 0
    place: int = 0  # the place of the byte that comes next
    waiting: list[tuple[int, int, bytes, int, Arrival]] = field(default_factory=list)  # a heap
    count: int = 0
    size: int = 0
    fin: tuple[int, Arrival] | None = None
    done: bool = False
    settled: bool = False  # more of its bytes would tell nothing

    def place_of(self, sequence: int) -> int:
        """Return the place of a sequence number, the nearest one."""
        assert self.first is not None  # set with the first segment
        distance = (sequence - self.first - self.place) % _WHOLE
        return self.place + (distance - _WHOLE if distance >= _HALF else distance)


@dataclass(slots=True)
class _Flow:
    listener: Listener
    ways: tuple[_Direction, _Direction]
    start: int | None = None  # the sequence number of the client's SYN
    aborted: bool = False

    @property
    def over(self) -> bool:
        return self.aborted or all(way.done for way in self.ways)


class Streams:
    """Takes segments in the order of the capture and passes on bytes in the order of the connection."""

    def __init__(self, listen: Callable[[End, End], Listener]) -> None:
        """`listen(source, target)` makes the listener of a connection, listed by the source of its first packet."""
        self._listen = listen
        self._flows: dict[tuple[End, End], _Flow] = {}
        self._waiting = self._opened = 0

    @property
    def full(self) -> bool:
        """There were as many connections as are read."""
        return self._opened >= MAX_FLOWS

    def add(self, segment: Segment, packet: Packet, file: str = "") -> bool:
        """Take one segment.

        Args:
            segment: the segment.
            packet: the packet that it was in.
            file: the name of the file, if there are several.

        Returns:
            False if more bytes in this direction of the connection would tell nothing: they need not be given.
        """
        where = Arrival(packet.number, packet.at, file)
        key, by_first = (segment.source, segment.target), True
        if key not in self._flows and (segment.target, segment.source) in self._flows:
            key, by_first = (segment.target, segment.source), False
        flow = self._flows.get(key)
        if flow is not None and self._is_new(flow, segment):
            self._end(key)
            flow, key, by_first = None, (segment.source, segment.target), True
        if flow is None:
            if segment.rst or (segment.fin and not segment.data):
                return True  # the rest of a connection that is over
            self._opened += 1
            flow = self._flows[key] = _Flow(self._listen(*key), (_Direction(), _Direction()))
        self._feed(flow, by_first, segment, where)
        way = flow.ways[0 if by_first else 1]
        way.settled = way.settled or not flow.listener.wants(by_first)
        return not way.settled

    @staticmethod
    def _is_new(flow: _Flow, segment: Segment) -> bool:
        """True for a segment that opens another connection between the same ports."""
        return segment.syn and not segment.ack and (flow.over or segment.sequence != flow.start)

    def _feed(self, flow: _Flow, by_first: bool, segment: Segment, where: Arrival) -> None:
        way = flow.ways[0 if by_first else 1]
        if segment.syn:
            if way.first is None:
                way.first = (segment.sequence + 1) % _WHOLE
                if not segment.ack:
                    flow.start = segment.sequence
                flow.listener.opened(by_first, where, answer=segment.ack)
            return
        if way.first is None:
            way.first = segment.sequence
        place, length = way.place_of(segment.sequence), len(segment.data) + segment.missing
        if segment.fin and way.fin is None:
            way.fin = (place + length, where)
        if way.settled:
            self._pass_over(way, place + length)
        elif length:
            self._take(flow, by_first, place, segment, where)
        self._drain(flow, by_first)
        if segment.rst and not flow.aborted:
            flow.aborted = True
            flow.listener.closed(by_first, where, reset=True)

    def _pass_over(self, way: _Direction, place: int) -> None:
        """Go on without the bytes up to a place, and without those that wait."""
        way.place = max(way.place, place)
        self._waiting -= way.size
        way.size = 0
        way.waiting.clear()

    def _take(self, flow: _Flow, by_first: bool, place: int, segment: Segment, where: Arrival) -> None:
        way = flow.ways[0 if by_first else 1]
        if place + len(segment.data) + segment.missing <= way.place:
            return  # sent again
        if place > way.place:
            way.count += 1
            heapq.heappush(way.waiting, (place, way.count, segment.data, segment.missing, where))
            way.size += len(segment.data) + _OVERHEAD
            self._waiting += len(segment.data) + _OVERHEAD
        else:
            self._pass(flow, by_first, place, segment.data, segment.missing, where)

    @staticmethod
    def _pass(flow: _Flow, by_first: bool, place: int, data: bytes, missing: int, where: Arrival) -> None:
        """Pass on what is new of bytes that begin at a place that has been reached."""
        way = flow.ways[0 if by_first else 1]
        end, known = place + len(data), way.place - place
        if data[known:]:
            flow.listener.data(by_first, data[known:], where)
        lost = end + missing - max(way.place, end)
        if lost > 0:
            flow.listener.gap(by_first, lost, where)
        way.place = max(way.place, end + missing)

    def _drain(self, flow: _Flow, by_first: bool, *, last: bool = False) -> None:
        """Pass on what has become complete; with `last`, or if too much waits, what is missing becomes a gap."""
        way = flow.ways[0 if by_first else 1]
        while way.waiting:
            full = way.size > MAX_WAITING or self._waiting > MAX_WAITING_ALL
            if way.waiting[0][0] > way.place and not last and not full:
                break
            place, _, data, missing, where = heapq.heappop(way.waiting)
            way.size -= len(data) + _OVERHEAD
            self._waiting -= len(data) + _OVERHEAD
            if place > way.place:
                flow.listener.gap(by_first, place - way.place, where)
                way.place = place
            self._pass(flow, by_first, place, data, missing, where)
        if way.fin is not None and not way.done and (last or way.fin[0] <= way.place):
            way.done = True
            flow.listener.closed(by_first, way.fin[1], reset=False)

    def _end(self, key: tuple[End, End]) -> None:
        flow = self._flows.pop(key)
        for by_first in (True, False):
            self._drain(flow, by_first, last=True)
        flow.listener.finish()

    def finish(self) -> None:
        """End every connection that is still open."""
        for key in list(self._flows):
            self._end(key)
