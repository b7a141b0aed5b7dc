"""Syslog over TLS (RFC 5425): octet-counted frames in one direction. The server never answers; it only closes cleanly."""

from __future__ import annotations

from pkikit.handshake.messages import FramingError, Reply
from pkikit.values.numbers import whole_number

MAX_FRAME = 8 * 1024
_MAX_DIGITS = 5


def frame(host: str) -> bytes:
    """Return one RFC 5424 message of a peer in its frame."""
    message = f'<134>1 - {host} tvcs - - - Event="Keepalive"'.encode()
    return b"%d %s" % (len(message), message)


def split_message(buffer: bytearray) -> bytes | None:
    """Take one frame off the buffer."""
    length, space, _ = bytes(buffer[: _MAX_DIGITS + 1]).partition(b" ")
    if not space:
        if len(buffer) > _MAX_DIGITS:
            raise FramingError("no length in front of a syslog message")
        return None
    number = whole_number(length.decode("latin-1"), most=MAX_FRAME)
    if not number:
        raise FramingError("the length of the syslog message is not a number that can be used")
    end = len(length) + 1 + number
    if len(buffer) < end:
        return None
    message = bytes(buffer[len(length) + 1 : end])
    del buffer[:end]
    return message


def answer(_: bytes) -> Reply:
    """Return None: a syslog server does not answer."""
    return Reply(data=b"", asked="syslog message")
