"""What the messages of one handshake tell, collected while they are decoded."""

from __future__ import annotations

from functools import lru_cache

from cryptography import x509

from pkikit.captures.packets.streams import Arrival
from pkikit.errors import EncodingError
from pkikit.handshake.decoding.decoder import NOT_DECODED, Decoded
from pkikit.handshake.decoding.handshake_messages import authorities_in, certificates_in
from pkikit.handshake.decoding.hellos import authority_title, client_hello, server_hello, version_title
from pkikit.handshake.decoding.protection import Undecodable
from pkikit.handshake.decoding.suites import suite_title
from pkikit.handshake.decoding.tls_bytes import Bytes
from pkikit.model.captured_tls import CapturedConnection, Handshake, SentChain, Socket, WireAlert, WireEvent
from pkikit.model.certificates.facts import title
from pkikit.model.tables import ports
from pkikit.model.tables.alerts import ALERT_NAMES
from pkikit.model.trace import Alert, Application, Detail, Failed, HandshakeTrace, Message, Negotiated, Side, Step
from pkikit.reading.odd.certificate_loader import load_certificate
from pkikit.reading.unreadable import OtherKind
from pkikit.text import counted
from pkikit.values.names import printable

MAX_EVENTS, MAX_CERTIFICATES, MAX_AUTHORITIES, MAX_TITLES, MAX_HIDDEN = 60, 10, 500, 50, 64
_OTHER = {Side.CLIENT: Side.SERVER, Side.SERVER: Side.CLIENT}
_ALERT_RECORD, _DATA, _HANDSHAKE = 0x15, 0x17, 0x16
_TLS13_ALERT = 5 + 2 + 1 + 16  # header, alert, content type, tag
_QUIET = frozenset({"close_notify", "user_canceled"})
CLOSED, RESET = "closed", "reset by peer"
ENCRYPTED = "certificates, CertificateRequest and alerts are encrypted in TLS 1.3; give the key log with --keylog"


@lru_cache(maxsize=4096)
def _certificate(der: bytes) -> x509.Certificate | None:
    try:
        return load_certificate(der)
    except (OtherKind, EncodingError):
        return None


def _shown(found: tuple[x509.Certificate, ...], sent: int) -> str:
    first = title(found[0]) if found else "cannot be read"
    return f"Certificate: {printable(first, 100)}" + (f" and {sent - 1} more" if sent > 1 else "")


class HandshakeFacts:
    """Takes messages, records that cannot be decrypted, gaps and the end; `result` tells what they mean."""

    def __init__(self, first: Arrival) -> None:
        self._first = first
        self._events: list[WireEvent] = []
        self._steps: list[Step] = []
        self._alerts: list[WireAlert] = []
        self._chains: dict[Side, SentChain] = {}
        self._finished: set[Side] = set()
        self._data: set[Side] = set()
        self._hidden: list[tuple[Side, int]] = []  # lengths of records of TLS 1.3 that are not decrypted
        self._accepted = False  # TLS 1.3: the server goes on after the client's Finished
        self._lost: set[str] = set()
        self._gaps: set[Side] = set()
        self._closed: tuple[Side, bool] | None = None
        self._said_goodbye: Side | None = None
        self._requested: WireEvent | None = None
        self._authorities: list[bytes] = []
        self._hello = self._answer = self._retry = False
        self._random, self._server_name = b"", ""
        self._offered: tuple[str, ...] = ()
        self._offered_suites: tuple[str, ...] = ()
        self._version = self._suite = ""

    @property
    def enough(self) -> bool:
        """Both sides have sent application data that says so: the rest is not looked at."""
        return len(self._data) == 2 and len(self._finished) == 2

    @property
    def _tls13(self) -> bool:
        return self._version == "TLS 1.3"

    # What happens.

    def tell(self, side: Side, what: str, where: Arrival) -> WireEvent:
        """Add a line to the sequence, and return it."""
        event = WireEvent(packet=where.packet, at=where.at, side=side, what=what, file=where.file)
        if len(self._events) < MAX_EVENTS:
            self._events.append(event)
        return event

    def add(self, side: Side, detail: Detail, where: Arrival) -> None:
        """Add a step to the trace."""
        if len(self._steps) < MAX_EVENTS * 2:
            self._steps.append(Step(seq=len(self._steps) + 1, at=where.at, side=side, detail=detail))

    def clear(self, side: Side, what: str, where: Arrival) -> None:
        """Some lines in clear came first."""
        self.tell(side, f"in clear before TLS: {what}", where)

    def gap(self, side: Side, missing: int, where: Arrival) -> None:
        """Bytes of a side are missing in the capture."""
        self._gaps.add(side)
        if not self.enough:
            self.tell(side, f"{missing} bytes are missing in the capture", where)
            self._lost.add(
                "packets are missing or cut off; capture again with whole packets (tcpdump -s 0), close to one machine"
            )

    def closed(self, side: Side, where: Arrival, *, reset: bool) -> None:
        """A side closes or aborts."""
        self.tell(side, "RST: aborts the connection" if reset else "FIN: closes the connection", where)
        if self._closed is None:
            self._closed = (side, reset)
            if not self._data:
                self.add(_OTHER[side], Failed(reason=RESET if reset else CLOSED), where)

    def message(self, message: Decoded, where: Arrival) -> None:
        """A message was decoded, or a record that cannot be."""
        side, before = message.side, len(self._events)
        try:
            self._read(message, where)
        except Undecodable as error:
            self._lost.add(f"{message.name} of the {side.value} cannot be read: {error}")
        if len(self._events) == before and message.name not in {NOT_DECODED, "ChangeCipherSpec", "Application data"}:
            self.tell(side, message.name, where)
        if message.is_decoded:
            self.add(side, Message(state=f"packet {where.packet}: {side.value} sends {message.name}"), where)

    def _read(self, message: Decoded, where: Arrival) -> None:
        side, body = message.side, message.body
        match message.name:
            case "ClientHello":
                self._client_hello(body, where)
            case "ServerHello" | "HelloRetryRequest":
                self._server_hello(body, where)
            case "Certificate":
                self._certificates(side, body, where)
            case "CertificateRequest":
                self._request(body, where)
            case "Alert":
                self._alert(side, body, where)
            case "Finished":
                self._finish(side, where)
            case "NewSessionTicket" if self._tls13 and Side.CLIENT in self._finished:
                self._accepted = True
            case "Application data":
                self._application(side, message.title, where)
            case "Plain text":
                self._plain(side, message, where)
            case name if name == NOT_DECODED:
                self._not_decoded(message, where)
            case _:
                pass

    def _client_hello(self, body: bytes, where: Arrival) -> None:
        hello = client_hello(Bytes(body))
        self._hello, self._random, self._server_name = True, self._random or hello.random, hello.server_name
        self._offered = tuple(version_title(n) for n in hello.versions)
        self._offered_suites = tuple(suite_title(n) for n in hello.suites)
        name = f", name {hello.server_name}" if hello.server_name else ", no name (SNI)"
        self.tell(Side.CLIENT, f"ClientHello: {', '.join(self._offered[:5])}{name}", where)

    def _server_hello(self, body: bytes, where: Arrival) -> None:
        hello = server_hello(Bytes(body))
        if hello.retry:
            self.tell(Side.SERVER, "HelloRetryRequest", where)
            return
        self._version, self._suite = version_title(hello.version), suite_title(hello.suite)
        self._answer = True
        self.tell(Side.SERVER, f"ServerHello: {self._version}, {self._suite}", where)

    def _certificates(self, side: Side, body: bytes, where: Arrival) -> None:
        ders = certificates_in(body, tls13=self._tls13)
        read = [_certificate(der) for der in ders[:MAX_CERTIFICATES]]
        found = tuple(certificate for certificate in read if certificate is not None)
        what = _shown(found, len(ders)) if ders else "Certificate: empty, it has none to show"
        event = self.tell(side, what, where)
        self._chains[side] = SentChain(certificates=found, event=event, unreadable=len(read) - len(found))

    def _request(self, body: bytes, where: Arrival) -> None:
        self._authorities = authorities_in(body, tls13=self._tls13)[:MAX_AUTHORITIES]
        more = " or more" if len(self._authorities) == MAX_AUTHORITIES else ""
        named = f", names {counted(len(self._authorities), 'CA')}{more}" if self._authorities else ", names no CA"
        self._requested = self.tell(Side.SERVER, f"CertificateRequest{named}", where)

    def _alert(self, side: Side, body: bytes, where: Arrival) -> None:
        if len(body) != 2:
            raise Undecodable(f"an alert of {len(body)} bytes")
        name = ALERT_NAMES.get(body[1], f"alert {body[1]}")
        # TLS 1.3 ignores the level: every alert but two ends the connection (RFC 8446 §6).
        fatal = name not in _QUIET and (body[0] == 2 or self._tls13)
        event = self.tell(side, f"Alert: {name}{' (fatal)' if fatal else ''}", where)
        if name == "close_notify":
            self._said_goodbye = self._said_goodbye or side
        self._note_alert(side, name, fatal, event, where)

    def _note_alert(self, side: Side, name: str, fatal: bool, event: WireEvent, where: Arrival) -> None:
        self._alerts.append(WireAlert(side=side, name=name, fatal=fatal, event=event))
        chain = self._chains.get(_OTHER[side])
        if fatal and chain is not None and chain.is_empty:
            self.add(side, Failed(reason="peer did not return a certificate"), where)
        for end in (side, _OTHER[side]) if name else ():
            self.add(end, Alert(sent=end is side, name=name, fatal=fatal), where)

    def _finish(self, side: Side, where: Arrival) -> None:
        self._finished.add(side)
        self.tell(side, "Finished", where)
        if not self._tls13 and len(self._finished) == 2:
            self._negotiated(where, *Side)
        elif self._tls13 and side is Side.CLIENT:
            self._negotiated(where, Side.CLIENT)

    def _negotiated(self, where: Arrival, *sides: Side) -> None:
        for side in sides:
            self.add(side, Negotiated(protocol=self._version.replace("TLS ", "TLSv"), cipher=self._suite), where)

    def _application(self, side: Side, title: str, where: Arrival) -> None:
        if side not in self._data:
            self._data.add(side)
            self.tell(side, title if title != "Application data" else "application data", where)
            self.add(_OTHER[side], Application(received=title), where)

    def _plain(self, side: Side, message: Decoded, where: Arrival) -> None:
        self.tell(side, f"not TLS: {message.title}", where)
        if not self._answer:
            self.add(_OTHER[side], Failed(reason="wrong version number"), where)

    def _not_decoded(self, message: Decoded, where: Arrival) -> None:
        side, kind = message.side, int(message.head[:2] or "0", 16)
        if not message.encrypted:
            self._lost.add(dict(message.fields).get("Why", "a part cannot be read"))
            return
        if self._tls13:
            if len(self._hidden) < MAX_HIDDEN:
                self._hidden.append((side, message.record))
            self._lost.add(ENCRYPTED)
            if message.record == _TLS13_ALERT:
                event = self.tell(side, "an encrypted record as long as an alert", where)
                self._alerts.append(WireAlert(side=side, name="", fatal=False, event=event))
            return
        if kind == _HANDSHAKE and side not in self._finished:
            self._finish(side, where)
        elif kind == _ALERT_RECORD:
            event = self.tell(side, "Alert, encrypted", where)
            self._alerts.append(WireAlert(side=side, name="", fatal=False, event=event))
        elif kind == _DATA:
            self._application(side, "application data", where)

    # What it means.

    def result(self, client: Socket, server: Socket, handshake: Handshake | None = None) -> CapturedConnection:
        """Return the connection.

        Args:
            client: the end that dialled.
            server: the other end.
            handshake: how it ended, if the caller knows.

        Returns:
            Its facts.
        """
        ended = handshake or self._outcome(one_way=server.port == ports.SYSLOG_TLS)
        if not self._events:
            self.tell(Side.CLIENT, "first packet", self._first)
        if not self._hello and handshake is None:
            self._lost.add("the capture does not have the ClientHello; start it before the connection")
        chains = [self._certificates_of(side) for side in (Side.SERVER, Side.CLIENT)]
        return CapturedConnection(
            client=client, server=server, handshake=ended, events=tuple(self._events), client_random=self._random,
            trace=HandshakeTrace(steps=tuple(self._steps), seen_by_client=chains[0], seen_by_server=chains[1]),
            server_name=self._server_name, offered_versions=self._offered, offered_suites=self._offered_suites,
            version=self._version, suite=self._suite, server_chain=self._chains.get(Side.SERVER),
            client_chain=self._chains.get(Side.CLIENT), requested=self._requested, authorities=tuple(self._authorities),
            authority_names=tuple(map(authority_title, self._authorities[:MAX_TITLES])), alerts=tuple(self._alerts),
            closed_by=(self._said_goodbye or self._closed[0]) if self._closed else None,
            reset=bool(self._closed and self._closed[1]),
            answered=frozenset(self._data), not_assessed=tuple(sorted(self._lost)),
        )  # fmt: skip

    def _certificates_of(self, side: Side) -> tuple[x509.Certificate, ...]:
        chain = self._chains.get(side)
        return chain.certificates if chain else ()

    def _outcome(self, *, one_way: bool) -> Handshake:
        """Say how the handshake ended, and no more than the capture shows."""
        if any(a.fatal and a.name for a in self._alerts) and not self._data >= set(Side):
            return Handshake.FAILED
        if Side.SERVER in self._data and Side.SERVER in self._finished:
            return Handshake.COMPLETE
        if self._tls13 and ENCRYPTED in self._lost:
            return self._outcome_encrypted()
        if len(self._finished) == 2:
            # Who closes without a word may have refused a name; only syslog expects no answer.
            if self._closed is not None and not (one_way and self._data):
                return Handshake.UNKNOWN
            return Handshake.COMPLETE if self._accepted or not self._tls13 else Handshake.OPEN
        if self._gaps:
            return Handshake.UNKNOWN
        failed = self._closed is not None or any(isinstance(s.detail, Failed) for s in self._steps)
        return Handshake.FAILED if failed else Handshake.OPEN

    def _outcome_encrypted(self) -> Handshake:
        """Judge TLS 1.3 without keys, by who sends records of which length.

        A client that sends an alert in place of its Finished has refused. A server that sends more than an alert after
        the client's Finished has accepted.
        """
        sides = [side for side, _ in self._hidden]
        if Side.CLIENT in sides and not self._gaps:
            start = sides.index(Side.CLIENT)
            if self._hidden[start][1] == _TLS13_ALERT:
                return Handshake.FAILED
            if any(side is Side.SERVER and size > _TLS13_ALERT for side, size in self._hidden[start:]):
                return Handshake.COMPLETE
        return Handshake.UNKNOWN if self._closed is not None or self._gaps else Handshake.OPEN
