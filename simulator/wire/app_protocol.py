"""What is spoken on a leg once TLS is up (and, for XMPP, before): framing, a first request, its answer, for each protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pkikit.handshake import messages
from pkikit.handshake.messages import FramingError, Reply
from pkikit.model.leg import Leg, Protocol
from simulator.wire import ldap, syslog, xmpp

Prelude = Callable[[asyncio.StreamReader, asyncio.StreamWriter, str], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Speech:
    """One protocol.

    split: takes one whole message off a buffer, None when more bytes are needed. answer: what a server replies.
    understood: the line to note when an answer means yes; raises FramingError for one that means no.
    greet, welcome: what client and server say before TLS, given the name that is dialled. one_way: nothing is answered.
    """

    split: Callable[[bytearray], bytes | None]
    request: Callable[[Leg], bytes]
    answer: Callable[[bytes], Reply]
    understood: Callable[[bytes], str]
    greet: Prelude | None = None
    welcome: Prelude | None = None
    one_way: bool = False


def _text_request(leg: Leg) -> bytes:
    return messages.request_for(leg.protocol, leg.client, leg.reference_name, leg.port)


def _text_understood(message: bytes) -> str:
    code, line = messages.status_of(message)
    if code not in {200, 302}:  # a peer's pages send whoever comes to their login
        raise FramingError(f"the other side answered {line}")
    return line


_TEXT = Speech(
    split=messages.split_message, request=_text_request, answer=messages.reply_to, understood=_text_understood
)
_SPEECHES = {
    Protocol.SIP_TLS: _TEXT,
    Protocol.HTTPS: _TEXT,
    Protocol.LDAPS: Speech(
        split=ldap.split_message,
        request=lambda _: ldap.bind_request(),
        answer=ldap.answer,
        understood=ldap.understood,
    ),
    Protocol.XMPP: Speech(
        split=xmpp.split_message,
        request=lambda leg: xmpp.stream_header(leg.client, leg.reference_name),
        answer=xmpp.answer,
        understood=xmpp.understood,
        greet=xmpp.ask_for_tls,
        welcome=xmpp.offer_tls,
    ),
    Protocol.SYSLOG: Speech(
        split=syslog.split_message,
        request=lambda leg: syslog.frame(leg.client),
        answer=syslog.answer,
        understood=lambda _: "",
        one_way=True,
    ),
}


def speech_of(protocol: Protocol) -> Speech:
    """How that protocol is spoken."""
    return _SPEECHES[protocol]
