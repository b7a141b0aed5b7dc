"""What a packet capture shows of one TLS connection: facts with the packets that they were read from."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from cryptography import x509

from pkikit.model.trace import HandshakeTrace, Side


class Handshake(enum.StrEnum):
    """How far a handshake came, as far as the capture shows it."""

    COMPLETE = "complete"  # both sides completed it, and nobody refused
    FAILED = "failed"
    UNKNOWN = "unknown"  # what decides is encrypted, cut off or missing
    OPEN = "open"  # the capture ends before it was over


@dataclass(frozen=True, kw_only=True)
class Socket:
    """An address and a port."""

    address: str
    port: int

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


@dataclass(frozen=True, kw_only=True)
class WireEvent:
    """One line of a connection's sequence. file: the name of the capture, if there are several."""

    packet: int
    at: datetime
    side: Side
    what: str
    file: str = ""

    @property
    def place(self) -> str:
        """Where to look: `packet 12`, or `packet 12 of NAME`."""
        return f"packet {self.packet}" + (f" of {self.file}" if self.file else "")


@dataclass(frozen=True, kw_only=True)
class WireAlert:
    """An alert. name: empty if it is encrypted."""

    side: Side
    name: str
    fatal: bool
    event: WireEvent


@dataclass(frozen=True, kw_only=True)
class SentChain:
    """What one side sent as its Certificate message. An empty message has no certificates.

    unreadable: how many of them cannot be read as certificates.
    """

    certificates: tuple[x509.Certificate, ...]
    event: WireEvent
    unreadable: int = 0

    @property
    def is_empty(self) -> bool:
        """True for a side that was asked for a certificate and has none."""
        return not self.certificates and not self.unreadable


@dataclass(frozen=True, kw_only=True)
class CapturedConnection:
    """One TLS connection, or one that should have been TLS.

    Attributes:
        client: the end that dialled.
        server: the other end.
        handshake: how it ended.
        trace: the same as steps of both sides, for the diagnosis.
        events: the sequence for people.
        client_random: identifies the handshake; empty without a ClientHello.
        server_name: the name that the client dials (SNI).
        offered_versions: by the client.
        offered_suites: by the client.
        version: chosen by the server.
        suite: chosen by the server.
        server_chain: what the server sent; None if it is encrypted or missing.
        client_chain: what the client sent; None if it sent none, or it is encrypted or missing.
        requested: where the server asks for a certificate of the client; None if it doesn't, or that is encrypted.
        authorities: names of the CAs in that request, in DER.
        authority_names: the first of them as text.
        alerts: every alert.
        closed_by: the side that closed or aborted first.
        reset: it aborted with RST.
        answered: sides that sent application data.
        not_assessed: what the capture does not show, and why.
    """

    client: Socket
    server: Socket
    handshake: Handshake
    trace: HandshakeTrace
    events: tuple[WireEvent, ...]
    client_random: bytes = field(default=b"", repr=False)
    server_name: str = ""
    offered_versions: tuple[str, ...] = ()
    offered_suites: tuple[str, ...] = ()
    version: str = ""
    suite: str = ""
    server_chain: SentChain | None = None
    client_chain: SentChain | None = None
    requested: WireEvent | None = None
    authorities: tuple[bytes, ...] = field(default=(), repr=False)
    authority_names: tuple[str, ...] = ()
    alerts: tuple[WireAlert, ...] = ()
    closed_by: Side | None = None
    reset: bool = False
    answered: frozenset[Side] = frozenset()
    not_assessed: tuple[str, ...] = ()

    @property
    def began(self) -> datetime:
        """The time of its first packet."""
        return self.events[0].at

    @cached_property
    def fatal(self) -> WireAlert | None:
        """The first alert that ends the handshake and says why; None without one."""
        return next((alert for alert in self.alerts if alert.fatal and alert.name), None)

    def chain_of(self, side: Side) -> SentChain | None:
        """Return what a side sent as its certificates."""
        return self.client_chain if side is Side.CLIENT else self.server_chain
