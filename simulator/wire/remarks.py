"""What a side of a handshake decides, as sentences whose subject is that side: "accepts the certificate of e1"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pkikit.model.leg import Leg
from pkikit.model.trace import (
    Alert,
    Application,
    CertificateJudged,
    Detail,
    Failed,
    HandshakeTrace,
    Message,
    NameJudged,
    Negotiated,
    NotConnected,
    Outcome,
    Permitted,
    Side,
    describe,
)

_VERIFY_FAILED = "certificate verify failed"  # OpenSSL's reason, after it has named the certificate


@dataclass(frozen=True, kw_only=True)
class Remark:
    """One decision. bad: something is refused, or the side gives up."""

    text: str
    bad: bool = False


def short_names(leg: Leg) -> tuple[str, str]:
    """Return client and server by their host names; in full if these are the same or an address."""
    client, server = leg.client.partition(".")[0], leg.server.partition(".")[0]
    return (leg.client, leg.server) if client == server or client.isdigit() or server.isdigit() else (client, server)


def remarks_on(details: Sequence[Detail], *, messages: bool = False) -> tuple[Remark, ...]:
    """Return what a side decided, in order.

    Args:
        details: what its recorder has.
        messages: also return what it sent and read, for connections whose messages are not decoded.

    Returns:
        Sentences without their subject.
    """
    return tuple(_remarks(details, messages=messages))


def _remarks(details: Sequence[Detail], *, messages: bool) -> Iterator[Remark]:
    top = max((d.depth for d in details if isinstance(d, CertificateJudged) and not d.code), default=0)
    refused = any(isinstance(d, CertificateJudged) and d.code for d in details)
    for detail in details:
        match detail:
            case CertificateJudged(code=0):
                yield from _accepted(detail, top)
            case Message() | Alert():
                if messages:
                    yield Remark(text=describe(detail), bad=isinstance(detail, Alert) and detail.fatal)
            case Failed(reason=reason) if refused and _VERIFY_FAILED in reason:
                pass  # OpenSSL's general reason for what was told already
            case _:
                yield _remark(detail)


def _accepted(judged: CertificateJudged, top: int) -> Iterator[Remark]:
    if judged.depth == 0:
        yield Remark(text=f"accepts the certificate “{judged.subject}”")
    elif judged.depth == top:
        yield Remark(text=f"finds a chain to “{judged.subject}”, which is in its trusted CA list")


def _remark(detail: Detail) -> Remark:
    match detail:
        case CertificateJudged() as judged:
            where = "the certificate" if judged.depth == 0 else "the chain at"
            return Remark(text=f"refuses {where} “{judged.subject}”: {judged.name}", bad=True)
        case NameJudged(looked_for=looked_for, matched=""):
            return Remark(text=f"does not find {' or '.join(looked_for)} in the certificate", bad=True)
        case NameJudged(matched=matched):
            return Remark(text=f"finds the name that it looks for: {matched}")
        case Negotiated(protocol=protocol, cipher=cipher):
            return Remark(text=f"considers the handshake complete: {protocol.replace('TLSv', 'TLS ')}, {cipher}")
        case Application(received=received):
            return Remark(text=f"reads {received}")
        case Failed(reason=reason):
            return Remark(text=f"gives up: {reason}", bad=True)
        case NotConnected(reason=reason):
            return Remark(text=f"gets no connection: {reason}", bad=True)
        case Permitted(reason=reason):
            return Remark(text=f"notes it and continues (permissive): {reason}")
        case _:
            return Remark(text=describe(detail), bad=True)


def ending(trace: HandshakeTrace, names: tuple[str, str]) -> Remark:
    """Return how it ended, as a whole sentence; names: of client and server."""
    client, server = names
    if trace.outcome is Outcome.ACCEPTED:
        answer = next((s.detail.received for s in trace.steps
                       if s.side is Side.CLIENT and isinstance(s.detail, Application)), "")  # fmt: skip
        how = f"{server} answered {answer}" if answer not in {"", "sent"} else f"{client} has sent its first message"
        return Remark(text=f"The connection is up: {how}.")
    missed = next((s.detail for s in trace.steps if isinstance(s.detail, NotConnected)), None)
    if missed is not None:
        return Remark(text=f"The connection is down before any handshake: {missed.reason}.", bad=True)
    by = trace.rejected_by
    who, other = (client, server) if by is Side.CLIENT else (server, client)
    if by is None:
        return Remark(text="The connection is down: the two sides did not agree.", bad=True)
    told = f"The connection is down: {who} refused {other}. {_reason(trace, by)}."
    alert = f"It sent the alert {trace.alert}." if trace.alert else "It sent no alert that says so."
    return Remark(text=f"{told} {alert}", bad=True)


def _reason(trace: HandshakeTrace, by: Side) -> str:
    for step in trace.steps:
        match step.detail:
            case CertificateJudged(code=code, name=name, subject=subject) if code and step.side is by:
                return f"Reason: “{subject}”, {name}"
            case NameJudged(looked_for=looked_for, matched="") if step.side is by:
                return f"The certificate does not have the name {' or '.join(looked_for)}"
            case Failed(reason=reason) if step.side is by:
                return f"Reason: {reason}"
            case _:
                pass
    return "It gave no reason"
