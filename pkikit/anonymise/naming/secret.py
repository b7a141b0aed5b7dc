"""Where the choices of an anonymiser come from: a seed and everything that was read."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable


class Secret:
    """A source of repeatable choices.

    It depends on the input, too: somebody who knows only the seed cannot compute the original of a number or an address.
    """

    def __init__(self, seed: int, originals: Iterable[bytes], attempt: int = 0) -> None:
        """Collect the input.

        Args:
            seed: chosen by a person; another one gives other words, numbers and keys.
            originals: everything that was read.
            attempt: counts repetitions, if a choice contained something of the original.
        """
        digest = hashlib.sha256()
        for part in sorted(hashlib.sha256(original).digest() for original in originals):
            digest.update(part)
        digest.update(f"|{seed}|{attempt}".encode())
        self.key = digest.digest()

    def data(self, purpose: str, original: bytes, size: int) -> bytes:
        """Return so many bytes for an original."""
        start = hmac.new(self.key, purpose.encode() + b"\0" + original, hashlib.sha256).digest()
        return hashlib.shake_256(start).digest(size)

    def number(self, purpose: str, original: bytes, below: int) -> int:
        """Return a number from 0 to `below` - 1 for an original."""
        return int.from_bytes(self.data(purpose, original, 16), "big") % below
