"""XMPP between servers, as far as certificates matter: streams, STARTTLS, and the offer of SASL EXTERNAL (RFC 6120).

This module looks for these few elements in bytes of limited size. It never parses XML that a stranger sent.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from xml.sax.saxutils import quoteattr

from pkikit.handshake.messages import FramingError, Reply

MAX_STANZA = 8 * 1024
_NAMESPACES = "xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'"
_TLS = "urn:ietf:params:xml:ns:xmpp-tls"
_HEADER = re.compile(rb"<stream:stream\b[^>]{0,4000}>")
_FEATURES = re.compile(rb"<stream:features>.*?</stream:features>|<stream:features/>", re.DOTALL)


def stream_header(sender: str, to: str) -> bytes:
    """Return the opening of a stream."""
    ends = f"from={quoteattr(sender)} to={quoteattr(to)}"
    return f"<?xml version='1.0'?><stream:stream {_NAMESPACES} version='1.0' {ends}>".encode()


def _opening(features: str) -> bytes:
    header = f"<?xml version='1.0'?><stream:stream {_NAMESPACES} version='1.0' id='{secrets.token_hex(8)}'>"
    return f"{header}<stream:features>{features}</stream:features>".encode()


def split_message(buffer: bytearray) -> bytes | None:
    """Take a stream header off the buffer, with the features after it if a server sent it."""
    header = _HEADER.search(buffer)
    if header is None:
        if len(buffer) > MAX_STANZA:
            raise FramingError(f"no XMPP stream within {MAX_STANZA} bytes")
        return None
    end = header.end()
    if b"id=" in header.group() and b"to=" not in header.group():
        features = _FEATURES.search(buffer, end)
        if features is None:
            if len(buffer) > MAX_STANZA:
                raise FramingError(f"no stream features within {MAX_STANZA} bytes")
            return None
        end = features.end()
    message = bytes(buffer[:end])
    del buffer[:end]
    return message


def answer(_: bytes) -> Reply:
    """Return the server's stream after TLS: a client with a good certificate may authenticate with it."""
    mechanisms = "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism></mechanisms>"
    return Reply(data=_opening(mechanisms), asked="XMPP stream")


def understood(message: bytes) -> str:
    """Return a line for a stream with features: the server accepts."""
    if b"<stream:features>" not in message:
        raise FramingError("no stream features in the answer")
    return "XMPP stream features" + (", SASL EXTERNAL" if b"EXTERNAL" in message else "")


async def ask_for_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, name: str) -> None:
    """Play the client before TLS."""
    writer.write(stream_header("", name))
    await writer.drain()
    await _until(reader, b"<starttls")
    writer.write(f"<starttls xmlns='{_TLS}'/>".encode())
    await writer.drain()
    await _until(reader, b"<proceed")


async def offer_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: str) -> None:
    """Play the server before TLS, which it requires."""
    await _until(reader, b"<stream:stream")
    writer.write(_opening(f"<starttls xmlns='{_TLS}'><required/></starttls>"))
    await writer.drain()
    await _until(reader, b"<starttls")
    writer.write(f"<proceed xmlns='{_TLS}'/>".encode())
    await writer.drain()


async def _until(reader: asyncio.StreamReader, element: bytes) -> None:
    """Read until an element has ended; byte by byte at its end, to leave the bytes of TLS alone."""
    seen = bytearray()
    while len(seen) < MAX_STANZA:
        piece = await reader.read(1)
        if not piece:
            raise FramingError("the other side left before TLS began")
        seen += piece
        begins = seen.find(element)
        if begins >= 0 and piece == b">":
            if element == b"<starttls" and b"<stream:features" in seen and b"</stream:features>" not in seen:
                continue
            return
    raise FramingError(f"no {element.decode()[1:]} within {MAX_STANZA} bytes")
