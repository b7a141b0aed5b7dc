"""PEM that pkikit and the lab write themselves. `pkikit.files` reads the files of people."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\s]*)-----END \1-----")


def to_pem(der: bytes, label: str) -> bytes:
    """Write one PEM block with lines of 64 characters."""
    text = base64.b64encode(der).decode()
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]).encode()


def from_pem(text: str) -> Iterator[bytes]:
    """Read the DER of each block, whatever its label.

    Args:
        text: PEM that pkikit wrote.

    Yields:
        The DER of one block after the other.

    Raises:
        ValueError: there is no block, or one is not base64.
    """
    found = False
    for block in _BLOCK.finditer(text):
        found = True
        yield base64.b64decode("".join(block[2].split()), validate=True)
    if not found:
        raise ValueError("there is no PEM block")
