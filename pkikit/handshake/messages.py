"""The messages inside a TLS connection that prove that it works: SIP OPTIONS, or one small HTTP request.

This module does the framing (RFC 3261 §18.3, Content-Length); the library sipmessage makes the SIP messages.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from sipmessage import URI, Address, CSeq, Message, Parameters, Request, Response, Via

from pkikit.model.leg import Protocol
from pkikit.values.numbers import whole_number

MAX_HEADER = 16 * 1024
MAX_BODY = 64 * 1024
_COPIED = ("Via", "From", "To", "Call-ID", "CSeq")


class FramingError(Exception):
    """The bytes are not a message of the expected protocol, or larger than any that the lab sends."""


def split_message(buffer: bytearray) -> bytes | None:
    """Take one complete message (header and body) off the buffer.

    Args:
        buffer: the received bytes; the message is removed from it.

    Returns:
        The message; None if more bytes are needed.

    Raises:
        FramingError: the message is too large, or its length cannot be read.
    """
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        if len(buffer) > MAX_HEADER:
            raise FramingError(f"no end of header within {MAX_HEADER} bytes")
        return None
    length = 0
    for line in bytes(buffer[:end]).split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() in {b"content-length", b"l"}:
            number = whole_number(value.strip().decode("latin-1"), most=MAX_BODY)
            if number is None:
                raise FramingError("the Content-Length is not a number that can be used")
            length = number
    total = end + 4 + length
    if len(buffer) < total:
        return None
    message = bytes(buffer[:total])
    del buffer[:total]
    return message


def options_request(caller: str, called: str, port: int) -> bytes:
    """Return an OPTIONS request, as zones send to see whether the other side answers."""
    return bytes(_request("OPTIONS", caller, called, port))


def register_request(phone: str, caller: str, called: str, port: int) -> bytes:
    """Return a REGISTER request of a phone, as Expressway-C passes it on to Unified CM."""
    request = _request("REGISTER", caller, called, port)
    request.from_address = Address(
        uri=URI(scheme="sip", user=phone, host=called), parameters=Parameters(tag=secrets.token_hex(6))
    )
    request.to_address = Address(uri=URI(scheme="sip", user=phone, host=called))
    return bytes(request)


def _request(method: str, caller: str, called: str, port: int) -> Request:
    request = Request(method=method, uri=URI(scheme="sip", host=called, parameters=Parameters(transport="tls")))
    branch = "z9hG4bK" + secrets.token_hex(8)
    request.via = [Via(transport="TLS", host=caller, port=port, parameters=Parameters(branch=branch))]
    request.max_forwards = 70
    request.from_address = Address(uri=URI(scheme="sip", host=caller), parameters=Parameters(tag=secrets.token_hex(6)))
    request.to_address = Address(uri=URI(scheme="sip", host=called))
    request.call_id = f"{secrets.token_hex(8)}@{caller}"
    request.cseq = CSeq(sequence=1, method=method)
    request.user_agent = "ExpresswayCertificateLab"
    request.content_length = 0
    return request


def http_request(called: str) -> bytes:
    """Return the smallest request that an HTTPS server must answer."""
    return (
        f"GET / HTTP/1.1\r\nHost: {called}\r\nUser-Agent: ExpresswayCertificateLab\r\nConnection: close\r\n\r\n".encode(
            "ascii"
        )
    )


def request_for(protocol: Protocol, caller: str, called: str, port: int) -> bytes:
    """Return the request that a client sends once TLS is up."""
    return options_request(caller, called, port) if protocol is Protocol.SIP_TLS else http_request(called)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """The answer to send, and the question for the trace."""

    data: bytes
    asked: str


def reply_to(message: bytes, admits: Callable[[str], bool] | None = None) -> Reply:
    """Answer a request: SIP with a SIP response, HTTP with an HTTP response.

    Args:
        message: one complete message.
        admits: asked about the user of a REGISTER; without it, nobody can register here.

    Returns:
        The reply.

    Raises:
        FramingError: the message is neither SIP nor HTTP.
    """
    first = message.split(b"\r\n", 1)[0].decode("utf-8", "replace")
    words = first.split(" ")
    if len(words) == 3 and words[2].startswith("HTTP/1."):
        body = b"Expressway Certificate Lab: this connection is up. Not a Cisco product.\n"
        ok = words[0] in {"GET", "HEAD"}
        head = f"HTTP/1.1 {'200 OK' if ok else '405 Method Not Allowed'}\r\nContent-Type: text/plain\r\n"
        head += f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        return Reply(data=head.encode("ascii") + (b"" if words[0] == "HEAD" else body), asked=f"HTTP {words[0]}")
    try:
        request = Message.parse(message)
    except Exception as error:  # sipmessage promises no one exception for bytes that are no SIP
        raise FramingError("neither SIP nor HTTP") from error
    if not isinstance(request, Request):
        raise FramingError("a SIP response where a request belongs")
    code = 200 if request.method == "OPTIONS" else 405
    if request.method == "REGISTER" and admits is not None:
        code = 200 if admits(_user_of(request)) else 403
    response = Response(code=code, phrase=_PHRASES[code])
    for name in _COPIED:
        values = request.headers.getlist(name)
        if not values:
            raise FramingError(f"the request has no {name} header")
        # Copy them unchanged (RFC 3261 §8.2.6.2), whatever the caller wrote there.
        response.headers.setlist(name, list(values))
    response.content_length = 0
    return Reply(data=bytes(response), asked=f"SIP {request.method}")


_PHRASES = {200: "OK", 403: "Forbidden", 405: "Method Not Allowed"}


def _user_of(request: Request) -> str:
    """Return the user that a REGISTER is for; empty if it names none."""
    try:
        return str(request.to_address.uri.user or "")
    except Exception:  # sipmessage reads headers when asked, and promises no one exception
        return ""


def status_of(message: bytes) -> tuple[int, str]:
    """Read the status of a response.

    Args:
        message: one complete message.

    Returns:
        (status code, one line).

    Raises:
        FramingError: the message is not a response.
    """
    first = message.split(b"\r\n", 1)[0].decode("utf-8", "replace")
    words = first.split(" ", 2)
    status = whole_number(words[1], most=999) if len(words) > 1 else None
    if status is None or not words[0].startswith(("SIP/2.0", "HTTP/1.")):
        raise FramingError("the answer is not a SIP or HTTP response")
    return status, first[:120]
