"""Decodes one recorded TLS connection: records in, messages out, in the order in which they were sent.

The bytes are hostile: everything is bounded, and what cannot be decoded becomes a message that says so. Nothing raises.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pkikit.handshake.decoding.application import application_content
from pkikit.handshake.decoding.handshake_messages import (
    FINISHED,
    HELLO,
    KEY_UPDATE,
    PURPOSES,
    SERVER_HELLO,
    Content,
    alert_content,
    handshake_content,
)
from pkikit.handshake.decoding.hellos import Hello, client_hello, server_hello, version_title
from pkikit.handshake.decoding.key_log import MASTER_SECRET, KeyLog
from pkikit.handshake.decoding.protection import Protection, Tls13, Undecodable, protections12
from pkikit.handshake.decoding.suites import Suite, suite_of, suite_title
from pkikit.handshake.decoding.tls_bytes import Bytes, Field
from pkikit.model.trace import Side

MAX_MESSAGES, MAX_HANDSHAKE, MAX_RECORD = 500, 1 << 18, (1 << 14) + 2048
SHOWN = 64  # bytes of a record that are shown
_CHANGE, _ALERT, _HANDSHAKE, _DATA = 20, 21, 22, 23
_TLS12, _TLS13 = 0x0303, 0x0304
NOT_DECODED = "not decoded"
Keys = Literal["none", "handshake keys", "session keys"]
_PURPOSE_13 = "It has no meaning in TLS 1.3. It is sent so that old firewalls take the connection for TLS 1.2."


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """One message of a connection.

    name: of the message, as RFCs have it. title: the same with what matters most. purpose: what it is for, in a sentence.
    keys: what it was encrypted with. length: bytes of the message. record: bytes of the record that completed it on the
    wire. head: the first of them, in hex. fields: what it says. certificates: the facts of each certificate in it.
    body: the bytes of a handshake message without type and length, or of an alert.
    """

    side: Side
    name: str
    title: str
    purpose: str
    keys: Keys
    length: int
    record: int
    head: str
    fields: tuple[Field, ...] = ()
    certificates: tuple[tuple[Field, ...], ...] = ()
    body: bytes = field(default=b"", repr=False)

    @property
    def encrypted(self) -> bool:
        """True if only the two machines could read it."""
        return self.keys != "none"

    @property
    def is_decoded(self) -> bool:
        """False if it cannot be read."""
        return self.name != NOT_DECODED


@dataclass
class _Way:
    """One direction of a connection."""

    side: Side
    tail: bytearray = field(default_factory=bytearray)  # a front is cut off a bytearray without a copy of the rest
    handshake: bytearray = field(default_factory=bytearray)
    protection: Protection | None = None
    phase: Keys = "none"  # what its next record should be encrypted with
    keys: Keys = "none"  # what the record that is read now was encrypted with
    lost: str = ""  # why nothing more can be read in this direction
    record: bytes = field(default=b"", repr=False)


def _cut(buffer: bytearray, length: int) -> bytes:
    """Take bytes off the front of a buffer."""
    front = bytes(buffer[:length])
    del buffer[:length]
    return front


class Decoder:
    """Decodes a connection piece by piece."""

    def __init__(self, key_log: KeyLog, at: datetime | None) -> None:
        """Describe a connection that has not begun.

        Args:
            key_log: may get the connection's secrets while it is decoded.
            at: the instant for which certificates are described; None: they aren't described.
        """
        self._log, self._at = key_log, at
        self._ways = {side: _Way(side) for side in Side}
        self._client: Hello | None = None
        self._server: Hello | None = None
        self._suite: Suite | None = None
        self._waiting12: tuple[Protection, Protection] | None = None
        self._told = 0

    def feed(self, side: Side, data: bytes) -> tuple[Decoded, ...]:
        """Return the messages that these bytes complete."""
        way = self._ways[side]
        if way.lost:
            return ()
        way.tail += data
        return tuple(self._bounded(self._records(way)))

    def finish(self) -> tuple[Decoded, ...]:
        """Return what is left: messages that were cut off."""
        found = []
        for way in self._ways.values():
            left, way.record = len(way.tail) + len(way.handshake), _cut(way.tail, len(way.tail))
            way.handshake.clear()
            if left and not way.lost:
                found.append(
                    self._not_decoded(way, f"the recording ends in the middle of a message, after {left} bytes")
                )
        return tuple(found)

    def _bounded(self, messages: Iterator[Decoded]) -> Iterator[Decoded]:
        for message in messages:
            if self._told >= MAX_MESSAGES:
                for way in self._ways.values():
                    way.lost = f"more than {MAX_MESSAGES} messages"
                    way.tail.clear()
                return
            self._told += 1
            yield message

    @property
    def _tls13(self) -> bool:
        return self._server is not None and self._server.version == _TLS13

    def _records(self, way: _Way) -> Iterator[Decoded]:
        if not way.record and way.tail and way.tail[0] not in {_ALERT, _HANDSHAKE}:
            way.record = _cut(way.tail, len(way.tail))
            content = application_content(way.record, "Plain text")
            yield self._message(way, content, len(way.record))
            return
        while len(way.tail) >= 5 and not way.lost:
            header, length = bytes(way.tail[:5]), int.from_bytes(way.tail[3:5])
            if header[0] not in {_CHANGE, _ALERT, _HANDSHAKE, _DATA} or header[1] != 3 or length > MAX_RECORD:
                way.record, way.lost = bytes(way.tail), "these bytes do not form a TLS record"
                yield self._not_decoded(way, way.lost)
                return
            if len(way.tail) < 5 + length:
                return
            way.record = _cut(way.tail, 5 + length)
            yield from self._record(way, header, way.record[5:])

    def _record(self, way: _Way, header: bytes, body: bytes) -> Iterator[Decoded]:
        kind = header[0]
        # In TLS 1.3 a record that is labelled as something else than data is in clear.
        hidden = kind == _DATA or (way.phase != "none" and not self._tls13)
        way.keys = (way.phase if way.phase != "none" else "session keys") if hidden else "none"
        try:
            if hidden and way.protection is None:
                raise Undecodable(self._why_no_keys())
            if hidden and way.protection is not None:
                kind, body = way.protection.open(kind, header, body)
        except Undecodable as error:
            yield self._not_decoded(way, str(error))
            return
        yield from self._content(way, kind, body)

    def _why_no_keys(self) -> str:
        version = self._server.version if self._server else 0
        if version and version not in {_TLS12, _TLS13}:
            return f"only TLS 1.2 and TLS 1.3 can be decrypted, and this is {version_title(version)}"
        return "encrypted, and the key log has no keys for it"

    def _content(self, way: _Way, kind: int, body: bytes) -> Iterator[Decoded]:
        if kind == _HANDSHAKE:
            way.handshake += body
            yield from self._handshake(way)
        elif kind == _CHANGE:
            yield self._message(way, self._change(), len(body))
            self._switch12(way)
        elif kind in {_ALERT, _DATA}:
            read = alert_content if kind == _ALERT else application_content
            yield self._message(way, read(body), len(body), body if kind == _ALERT else b"")
        else:
            yield self._not_decoded(way, f"a record of type {kind}")

    def _change(self) -> Content:
        return Content(name="ChangeCipherSpec", purpose=_PURPOSE_13 if self._tls13 else "")

    def _handshake(self, way: _Way) -> Iterator[Decoded]:
        while len(way.handshake) >= 4:
            kind, length = way.handshake[0], int.from_bytes(way.handshake[1:4])
            if length > MAX_HANDSHAKE:
                way.lost = f"a message announces {length} bytes"
                way.handshake.clear()
                yield self._not_decoded(way, way.lost)
                return
            if len(way.handshake) < 4 + length:
                return
            body = _cut(way.handshake, 4 + length)[4:]
            yield self._message(way, self._read(way, kind, body), 4 + length, body)
            self._switch(way, kind)

    def _read(self, way: _Way, kind: int, body: bytes) -> Content:
        if kind in {HELLO, SERVER_HELLO}:
            try:
                return self._hello(kind, body)
            except Undecodable as error:
                name = "ClientHello" if kind == HELLO else "ServerHello"
                return Content(name=name, fields=(("Not decoded", str(error)),))
        suite = suite_title(self._suite_number)
        return handshake_content(kind, body, tls13=self._tls13, suite=suite, at=self._at)

    @property
    def _suite_number(self) -> int:
        return self._server.suite if self._server else 0

    def _hello(self, kind: int, body: bytes) -> Content:
        if kind == HELLO:
            self._client = client_hello(Bytes(body))
            return Content(name="ClientHello", fields=self._client.fields)
        hello = server_hello(Bytes(body))
        if hello.retry:
            return Content(name="HelloRetryRequest", fields=hello.fields)
        self._server, self._suite = hello, suite_of(hello.suite)
        return Content(name="ServerHello", fields=hello.fields)

    # Keys.

    def _switch(self, way: _Way, kind: int) -> None:
        """Change the keys of a direction after one of its messages."""
        if not self._tls13:
            return
        if kind == SERVER_HELLO:
            for other in self._ways.values():
                self._use13(other, f"{other.side.value.upper()}_HANDSHAKE_TRAFFIC_SECRET", "handshake keys")
        elif kind == FINISHED:
            self._use13(way, f"{way.side.value.upper()}_TRAFFIC_SECRET_0", "session keys")
        elif kind == KEY_UPDATE and isinstance(way.protection, Tls13):
            way.protection = way.protection.updated()

    def _use13(self, way: _Way, label: str, keys: Keys) -> None:
        assert self._server is not None  # TLS 1.3 was chosen
        secret = self._log.secret(label, self._client.random) if self._client else None
        # A hostile server may choose a suite of TLS 1.2, whose records have a MAC.
        usable = self._suite is not None and not self._suite.mac
        way.protection = Tls13(self._suite, secret) if secret and self._suite and usable else None
        way.phase = keys

    def _switch12(self, way: _Way) -> None:
        """Encrypt from a ChangeCipherSpec on, in TLS 1.2."""
        if self._tls13 or self._server is None or self._client is None:
            return
        way.phase = "session keys"
        master = self._log.secret(MASTER_SECRET, self._client.random)
        if master is None or self._suite is None or self._server.version != _TLS12:
            return
        if self._waiting12 is None:
            randoms = self._client.random, self._server.random
            self._waiting12 = protections12(self._suite, master, *randoms, mac_last=self._server.mac_last)
        way.protection = self._waiting12[0 if way.side is Side.CLIENT else 1]

    # Messages.

    def _message(self, way: _Way, content: Content, length: int, body: bytes = b"") -> Decoded:
        return Decoded(
            side=way.side,
            name=content.name,
            title=content.title or content.name,
            purpose=content.purpose or PURPOSES.get(content.name, ""),
            keys=way.keys,
            length=length,
            record=len(way.record),
            head=way.record[:SHOWN].hex(" "),
            fields=content.fields,
            certificates=content.certificates,
            body=body,
        )

    def _not_decoded(self, way: _Way, why: str) -> Decoded:
        return self._message(way, Content(name=NOT_DECODED, fields=(("Why", why),)), len(way.record))


def decode(pieces: Iterable[tuple[Side, bytes]], key_log: bytes, at: datetime) -> tuple[Decoded, ...]:
    """Return the messages of a recorded connection.

    Args:
        pieces: (sender, bytes) in the order in which they were sent.
        key_log: the lines of a key log with this connection's secrets.
        at: the instant for which certificates are described.

    Returns:
        Every message by name. What cannot be decoded is a message named "not decoded", with the reason.
    """
    log = KeyLog()
    log.add(key_log)
    decoder = Decoder(log, at)
    found = [message for side, data in pieces for message in decoder.feed(side, data)]
    return (*found, *decoder.finish())
