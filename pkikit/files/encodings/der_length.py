"""Where one DER value ends. Libraries read the values themselves."""

from __future__ import annotations


def outer_length(data: bytes) -> int | None:
    """Return the length of the first DER value including its tag and length bytes; None if it does not give one."""
    if len(data) < 2 or data[1] == 0x80:
        return None
    if data[1] < 0x80:
        return 2 + data[1]
    octets = data[1] & 0x7F
    if octets > 8 or len(data) < 2 + octets:
        return None
    return 2 + octets + int.from_bytes(data[2 : 2 + octets], "big")


def first_value(data: bytes) -> bytes:
    """Return the first DER value without the bytes after it. OpenSSL ignores those bytes as well."""
    length = outer_length(data)
    return data if length is None or length >= len(data) else data[:length]
