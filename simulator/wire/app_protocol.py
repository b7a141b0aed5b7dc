"""The application protocols: for each, the framing, the first request and its answer once TLS is up (for XMPP, also before)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pkikit.handshake import messages
from pkikit.handshake.messages import FramingError, Reply
from pkikit.model.leg import Leg, Protocol
from simulator.wire import ldap, syslog, xmpp

ANSWERED = "the other side answered "  # begins the reason for a connection that is up and got a negative answer
Prelude = Callable[[asyncio.StreamReader, asyncio.StreamWriter, str], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class AppProtocol:
    """One application protocol.

    split: takes one complete message off a buffer, None if more bytes are needed. answer: returns the server's reply.
    understood: returns the line to record for a positive answer; raises FramingError for a negative one.
    greet, welcome: what client and server send before TLS, given the dialled name. one_way: nobody answers.
    """

    split: Callable[[bytearray], bytes | None]
    request: Callable[[Leg], bytes]
    answer: Callable[[bytes], Reply]
    understood: Callable[[bytes], str]
    greet: Prelude | None = None
    welcome: Prelude | None = None
    one_way: bool = False


def _text_request(leg: Leg) -> bytes:
    # The library for SIP takes no host of a single label.
    called = leg.reference_name if "." in leg.reference_name or leg.protocol is not Protocol.SIP_TLS else leg.server
    if leg.phone:
        return messages.register_request(leg.phone, leg.client, called, leg.port)
    return messages.request_for(leg.protocol, leg.client, called, leg.port)


def _text_understood(message: bytes) -> str:
    code, line = messages.status_of(message)
    if code not in {200, 302}:  # a peer's pages redirect every client to their login
        raise FramingError(f"{ANSWERED}{line}")
    return line


_TEXT = AppProtocol(
    split=messages.split_message, request=_text_request, answer=messages.reply_to, understood=_text_understood
)
_SPEECHES = {
    Protocol.SIP_TLS: _TEXT,
    Protocol.HTTPS: _TEXT,
    Protocol.LDAPS: AppProtocol(
        split=ldap.split_message,
        request=lambda _: ldap.bind_request(),
        answer=ldap.answer,
        understood=ldap.understood,
    ),
    Protocol.XMPP: AppProtocol(
        split=xmpp.split_message,
        request=lambda leg: xmpp.stream_header(leg.client, leg.reference_name),
        answer=xmpp.answer,
        understood=xmpp.understood,
        greet=xmpp.ask_for_tls,
        welcome=xmpp.offer_tls,
    ),
    Protocol.SYSLOG: AppProtocol(
        split=syslog.split_message,
        request=lambda leg: syslog.frame(leg.client),
        answer=syslog.answer,
        understood=lambda _: "",
        one_way=True,
    ),
}


def app_protocol_of(protocol: Protocol) -> AppProtocol:
    """Return the protocol's functions."""
    return _SPEECHES[protocol]
