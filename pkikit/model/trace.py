"""What both sides of one handshake did, step by step.

In TLS 1.3 the side whose certificate is rejected sees its own handshake succeed and learns of the rejection on its
first read; so a trace holds both sides, and a dial has the outcome ACCEPTED only after the first application data.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from cryptography import x509


class Side(enum.StrEnum):
    """The two ends of one handshake."""

    CLIENT = "client"
    SERVER = "server"


class Outcome(enum.StrEnum):
    """How a dial ended."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, kw_only=True)
class NotConnected:
    """No TCP connection; `resolved` is False if the name did not resolve."""

    reason: str
    resolved: bool


@dataclass(frozen=True, kw_only=True)
class Message:
    """The TLS state machine reached a state (in OpenSSL's words)."""

    state: str


@dataclass(frozen=True, kw_only=True)
class CertificateJudged:
    """OpenSSL's judgement of one certificate of the other side's chain; code 0 is good."""

    subject: str
    depth: int
    code: int
    name: str


@dataclass(frozen=True, kw_only=True)
class NameJudged:
    """Our judgement of the names: what was looked for, and the presented name that matches (empty: none)."""

    looked_for: tuple[str, ...]
    matched: str


@dataclass(frozen=True, kw_only=True)
class Alert:
    """A TLS alert written or read by this side."""

    sent: bool
    name: str
    fatal: bool


@dataclass(frozen=True, kw_only=True)
class Negotiated:
    """This side's handshake is complete."""

    protocol: str
    cipher: str


@dataclass(frozen=True, kw_only=True)
class Application:
    """First application data: the request on the server, the answer on the client."""

    received: str


@dataclass(frozen=True, kw_only=True)
class Failed:
    """This side gave up, for OpenSSL's reason or ours."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Permitted:
    """This side refuses nothing: it notes the reason and continues (cluster TLS, permissive)."""

    reason: str


Detail = NotConnected | Message | CertificateJudged | NameJudged | Alert | Negotiated | Application | Failed | Permitted


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that one side did or saw."""

    seq: int
    at: datetime
    side: Side
    detail: Detail

    def __str__(self) -> str:
        return f"{self.side.value:<6}  {describe(self.detail)}"


def describe(detail: Detail) -> str:
    """Return one line for people."""
    match detail:
        case NotConnected(reason=reason):
            return f"no connection: {reason}"
        case Message(state=state):
            return state
        case CertificateJudged(code=0) as judged:
            return f"certificate accepted at depth {judged.depth}: {judged.subject}"
        case CertificateJudged() as judged:
            return f"certificate REJECTED at depth {judged.depth}: {judged.subject} ({judged.code}: {judged.name})"
        case NameJudged(looked_for=looked_for, matched=""):
            return f"name NOT found in the certificate: {' or '.join(looked_for)}"
        case NameJudged(looked_for=looked_for, matched=matched):
            return f"name found: {' or '.join(looked_for)} as {matched}"
        case Alert() as alert:
            return f"alert {'sent' if alert.sent else 'received'}: {alert.name}"
        case Negotiated() as done:
            return f"handshake complete: {done.protocol}, {done.cipher}"
        case Application(received=received):
            return f"received {received}"
        case Failed(reason=reason):
            return f"gave up: {reason}"
        case Permitted(reason=reason):
            return f"permitted: {reason}"
        case _:
            assert_never(detail)


@dataclass(frozen=True, kw_only=True)
class VerifyError:
    """OpenSSL's verification error, by number and name."""

    code: int
    name: str


@dataclass(frozen=True, kw_only=True)
class HandshakeTrace:
    """Both sides' steps in order, and the chains that each side received (also if it refused them)."""

    steps: tuple[Step, ...]
    seen_by_client: tuple[x509.Certificate, ...] = ()
    seen_by_server: tuple[x509.Certificate, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """ACCEPTED only once the client has read application data."""
        details = [(s.side, s.detail) for s in self.steps]
        if any(isinstance(d, NotConnected) for _, d in details):
            return Outcome.UNREACHABLE
        if any(side is Side.CLIENT and isinstance(d, Application) for side, d in details):
            return Outcome.ACCEPTED
        return Outcome.REJECTED

    @property
    def rejected_by(self) -> Side | None:
        """The side that refused first: a certificate, a name, or a fatal alert of its own."""
        if self.outcome is not Outcome.REJECTED:
            return None
        for step in self.steps:
            match step.detail:
                case CertificateJudged(code=code) if code:
                    return step.side
                case NameJudged(matched=""):
                    return step.side
                case Alert(sent=True, fatal=True):
                    return step.side
                case _:
                    pass
        # No TLS message says so: the side that gave up last was waiting for the other.
        failed = [s.side for s in self.steps if isinstance(s.detail, Failed)]
        return failed[0] if failed else None

    @property
    def verify_error(self) -> VerifyError | None:
        """The first certificate that OpenSSL refused."""
        for step in self.steps:
            if isinstance(step.detail, CertificateJudged) and step.detail.code:
                return VerifyError(code=step.detail.code, name=step.detail.name)
        return None

    @property
    def alert(self) -> str | None:
        """The first fatal alert, as its sender wrote it."""
        for wanted in (True, False):
            for step in self.steps:
                if isinstance(step.detail, Alert) and step.detail.fatal and step.detail.sent is wanted:
                    return step.detail.name
        return None

    @property
    def protocol(self) -> str | None:
        """TLSv1.2 or TLSv1.3, once a side completed its handshake."""
        return next((s.detail.protocol for s in self.steps if isinstance(s.detail, Negotiated)), None)
