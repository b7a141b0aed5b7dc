"""One TCP connection of a capture, watched for TLS: on any port, also after some lines in clear (STARTTLS)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from pkikit.captures.conversations.handshake_facts import HandshakeFacts
from pkikit.captures.packets.layers import End
from pkikit.captures.packets.streams import Arrival
from pkikit.handshake.decoding.application import application_content
from pkikit.handshake.decoding.decoder import Decoded, Decoder
from pkikit.handshake.decoding.key_log import KeyLog
from pkikit.model.captured_tls import CapturedConnection, Handshake, Socket
from pkikit.model.tables import ports
from pkikit.model.trace import Failed, NotConnected, Side

MAX_CLEAR, MAX_TLS = 64 * 1024, 512 * 1024  # bytes of one direction that are looked at
_TLS_PORTS = frozenset(
    {ports.HTTPS, ports.LDAPS, ports.CLUSTER, ports.SYSLOG_TLS, ports.TFTP_HTTPS, ports.TFTP_SECURE, ports.UC_HTTPS,
     ports.XCP, ports.MESSAGE_WAITING}
)  # fmt: skip
_RECORD = re.compile(rb"[\x14-\x17]\x03[\x00-\x04]..", re.DOTALL)
_HELLO = re.compile(rb"\x16\x03[\x00-\x04]..[\x01\x02]", re.DOTALL)
_HEAD = 6
_MESSAGE, _CERTIFICATES, _DATA = 50, 4, 16
_OVERHEAD = 32  # a piece counts as so many bytes more: very many small ones take long


def expects_tls(port: int) -> bool:
    """Return True for a port on which the product or a machine around it speaks TLS from the first byte."""
    return port in _TLS_PORTS or ports.carries_sip(port)


@dataclass
class _Way:
    clear: int = 0  # bytes in clear so far
    head: bytearray = field(default_factory=bytearray)
    taken: int = 0  # bytes given to the decoder
    first: str = ""  # the first line in clear


@dataclass
class Meter:
    """The work that messages of all connections made, in bytes of a hello."""

    spent: int = 0


def _cost(message: Decoded) -> int:
    if message.name == "Certificate":
        return _MESSAGE + message.length // _CERTIFICATES
    return _MESSAGE + (len(message.body) or message.length // _DATA)


class Conversation:
    """Listens to one connection, and tells at its end what it was."""

    def __init__(
        self, source: End, target: End, log: KeyLog, meter: Meter, done: Callable[[Conversation], None]
    ) -> None:
        self._ends, self._meter = (source, target), meter
        self._log, self._done = log, done
        self._ways = {True: _Way(), False: _Way()}
        self._client_first: bool | None = None  # True: the first end dialled
        self._syn: Arrival | None = None
        self._answered = False
        self._data = False
        self._first: Arrival | None = None
        self._decoder: Decoder | None = None
        self._facts: HandshakeFacts | None = None
        self._middle = False  # TLS records before any hello
        self._refused: Arrival | None = None
        self._closed: tuple[bool, Arrival, bool] | None = None

    def opened(self, by_first: bool, where: Arrival, *, answer: bool) -> None:
        """See Listener."""
        if answer:
            self._answered = True
            if self._client_first is None:
                self._client_first = not by_first
        else:
            self._syn, self._client_first = where, by_first
        self._first = self._first or where

    def data(self, by_first: bool, data: bytes, where: Arrival) -> None:
        """See Listener."""
        self._first = self._first or where
        self._data = True
        way = self._ways[by_first]
        if self._facts is None:
            way.head += data
            if len(way.head) < _HEAD and (len(way.head) and way.head[0] == 0x16):
                return
            data = bytes(way.head)
            way.head.clear()
            if not self._begins_tls(by_first, data, where):
                self._in_clear(way, data)
                return
        self._give(by_first, data, where)

    def _begins_tls(self, by_first: bool, data: bytes, where: Arrival) -> bool:
        other = self._ways[not by_first]
        if _HELLO.match(data):
            client_hello = data[5] == 1
            self._client_first = by_first if client_hello else not by_first
        elif _RECORD.match(data) and data[0] == 0x15 and other.clear and not self._middle:
            pass  # an alert as the answer to something else
        else:
            if _RECORD.match(data) and not other.clear and not self._ways[by_first].clear:
                self._middle = True
            return False
        self._decoder = Decoder(self._log, None)
        self._facts = HandshakeFacts(self._first or where)
        for place, way in self._ways.items():
            if way.first and way.clear:
                self._facts.clear(self._side(place), way.first, self._first or where)
        return True

    def _in_clear(self, way: _Way, data: bytes) -> None:
        if not way.first:
            way.first = application_content(data[:400]).title
        way.clear += len(data) + _OVERHEAD

    def _give(self, by_first: bool, data: bytes, where: Arrival) -> None:
        way, facts, decoder = self._ways[by_first], self._facts, self._decoder
        assert facts is not None  # made when TLS began
        assert decoder is not None  # the same
        side = self._side(by_first)
        if way.taken > MAX_TLS or facts.enough:
            return
        way.taken += len(data) + _OVERHEAD
        for message in decoder.feed(side, data):
            self._meter.spent += _cost(message)
            facts.message(message, where)

    def gap(self, by_first: bool, missing: int, where: Arrival) -> None:
        """See Listener."""
        if self._facts is not None:
            self._facts.gap(self._side(by_first), missing, where)
            self._ways[by_first].taken = MAX_TLS + 1
        else:
            self._ways[by_first].clear += missing

    def wants(self, by_first: bool) -> bool:
        """See Listener."""
        way = self._ways[by_first]
        if self._facts is None:
            return way.clear <= MAX_CLEAR
        return way.taken <= MAX_TLS and not self._facts.enough

    def closed(self, by_first: bool, where: Arrival, *, reset: bool) -> None:
        """See Listener."""
        self._first = self._first or where
        if self._closed is None:
            self._closed = (by_first, where, reset)
        if self._syn is not None and not self._answered and not self._data and reset:
            self._refused = where
        if self._facts is not None:
            self._facts.closed(self._side(by_first), where, reset=reset)

    def finish(self) -> None:
        """See Listener."""
        self._done(self)

    # The result.

    def _side(self, by_first: bool) -> Side:
        return Side.CLIENT if by_first is (self._client_first is not False) else Side.SERVER

    @property
    def is_middle(self) -> bool:
        """TLS that began before the capture."""
        return self._facts is None and self._middle

    def _sockets(self) -> tuple[Socket, Socket]:
        first, second = (Socket(address=address, port=port) for address, port in self._ends)
        return (first, second) if self._client_first is not False else (second, first)

    def result(self) -> CapturedConnection | None:
        """Return the connection; None if nothing in it is TLS and nothing should be."""
        client, server = self._sockets()
        if self._facts is not None:
            return self._facts.result(client, server)
        if self._first is None or not expects_tls(server.port) or self._middle:
            return None
        facts = HandshakeFacts(self._syn or self._first)
        if self._syn is not None and not self._answered and not self._data:
            return self._no_contact(facts, client, server)
        return self._plain(facts, client, server)

    def _no_contact(self, facts: HandshakeFacts, client: Socket, server: Socket) -> CapturedConnection | None:
        assert self._syn is not None  # the caller asked
        reason = "Connection refused" if self._refused else "timed out: no answer to SYN"
        facts.tell(Side.CLIENT, "SYN: the client dials", self._syn)
        if self._refused is not None:
            facts.tell(Side.SERVER, "RST: the connection is refused", self._refused)
        facts.add(Side.CLIENT, NotConnected(reason=f"{server}: {reason}", resolved=True), self._refused or self._syn)
        return facts.result(client, server, Handshake.FAILED)

    def _plain(self, facts: HandshakeFacts, client: Socket, server: Socket) -> CapturedConnection | None:
        """A connection to a port of TLS on which somebody sends something else."""
        spoke = [place for place, way in self._ways.items() if way.clear]
        if not spoke or self._first is None or self._syn is None:
            return None
        for place in spoke:
            facts.tell(self._side(place), f"not TLS: {self._ways[place].first}", self._first)
        facts.add(Side.SERVER, Failed(reason="wrong version number"), self._first)
        return facts.result(client, server, Handshake.FAILED)
