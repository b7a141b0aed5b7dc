"""Where one DER value ends. The values themselves are read by libraries."""

from __future__ import annotations


def outer_length(data: bytes) -> int | None:
    """How long the first DER value says it is, with its own tag and length; None where it does not say."""
    if len(data) < 2 or data[1] == 0x80:
        return None
    if data[1] < 0x80:
        return 2 + data[1]
    octets = data[1] & 0x7F
    if octets > 8 or len(data) < 2 + octets:
        return None
    return 2 + octets + int.from_bytes(data[2 : 2 + octets], "big")


def first_value(data: bytes) -> bytes:
    """The first DER value, without what follows it. OpenSSL does not look at what follows either."""
    length = outer_length(data)
    return data if length is None or length >= len(data) else data[:length]
