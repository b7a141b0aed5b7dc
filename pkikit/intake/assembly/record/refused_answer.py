"""The error about an answer of the user: every sentence about one begins with its key, and programs can read the key."""

from __future__ import annotations

from pkikit.errors import InputError
from pkikit.text import printable

_SHOWN = 60  # characters of an answer in a message


class RefusedAnswer(InputError):
    """An answer that cannot be used; `key` is the question's, as the user wrote it."""

    def __init__(self, message: str, *, key: str, value: str = "") -> None:
        """`value` is what the user answered, if the message does not repeat it."""
        shown = f"{printable(key, 80)}={printable(value, _SHOWN)}" if value else printable(key, 80)
        super().__init__(message, where=f"answer {shown}")
        self.key = key
