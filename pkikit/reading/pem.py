"""PEM out of DER."""

from __future__ import annotations

import base64


def to_pem(der: bytes, label: str) -> bytes:
    """One PEM block, lines of 64 characters."""
    text = base64.b64encode(der).decode()
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]).encode()
