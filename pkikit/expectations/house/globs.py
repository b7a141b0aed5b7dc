"""Texts in which `*` stands for anything. Matching takes time proportional to both lengths, and no longer."""

from __future__ import annotations

from dataclasses import dataclass

MAX_GLOB = 255
MAX_TEXT = 4096  # of a value from a certificate, so much is compared


@dataclass(frozen=True)
class Glob:
    """A pattern; large and small letters are the same."""

    text: str

    def matches(self, value: str) -> bool:
        """Return True if the whole value matches.

        Args:
            value: a text from outside.

        Returns:
            Whether it does. `*` stands for any number of characters; all others stand for themselves.
        """
        first, *rest = self.text.casefold().split("*")
        left = value[:MAX_TEXT].casefold()
        if not rest:
            return left == first
        if not left.startswith(first):
            return False
        left = left[len(first) :]
        *middle, last = rest
        for part in middle:
            # The first place is as good as any other: `*` takes the rest.
            at = left.find(part)
            if at < 0:
                return False
            left = left[at + len(part) :]
        return left.endswith(last)
