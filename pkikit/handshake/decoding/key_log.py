"""Session secrets of a key log, and the keys that follow from them. They stay in here: nothing of them is ever shown.

Sources: the key log format of NSS; RFC 8446 §7.1 and §7.3; RFC 5246 §5 and §6.3.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

MASTER_SECRET = "CLIENT_RANDOM"  # noqa: S105  (the label of a line, no secret)
MAX_LINES = 10_000
_LINE = re.compile(rb"^([A-Z0-9_]{1,64}) ([0-9a-fA-F]{64}) ((?:[0-9a-fA-F]{2}){16,64})\s*$", re.MULTILINE)


@dataclass
class KeyLog:
    """The secrets of a key log, by label and client random. `add` takes more lines; lines of another form are skipped."""

    _secrets: dict[tuple[str, bytes], bytes] = field(default_factory=dict, repr=False)

    def add(self, lines: bytes) -> None:
        """Take the lines of a key log."""
        for label, random, secret in _LINE.findall(lines):
            if len(self._secrets) < MAX_LINES:
                self._secrets[label.decode("ascii"), bytes.fromhex(random.decode())] = bytes.fromhex(secret.decode())

    def secret(self, label: str, client_random: bytes) -> bytes | None:
        """Return a secret of one connection; None if the log does not have it."""
        return self._secrets.get((label, client_random))


def expand_label(secret: bytes, label: str, length: int, digest: str) -> bytes:
    """Return HKDF-Expand-Label with an empty context."""
    name = b"tls13 " + label.encode("ascii")
    info = length.to_bytes(2) + bytes([len(name)]) + name + b"\0"
    algorithm = hashes.SHA384() if digest == "sha384" else hashes.SHA256()
    return HKDFExpand(algorithm=algorithm, length=length, info=info).derive(secret)


def key_block(master: bytes, client_random: bytes, server_random: bytes, length: int, digest: str) -> bytes:
    """Return the key block of TLS 1.2: PRF(master secret, "key expansion", randoms)."""
    seed = b"key expansion" + server_random + client_random
    block, link = b"", seed
    while len(block) < length:
        link = hmac.digest(master, link, digest)
        block += hmac.digest(master, link + seed, digest)
    return block[:length]
