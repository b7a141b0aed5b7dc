"""Numbers as people and programs write them down."""

from __future__ import annotations


def whole_number(text: str, *, most: int) -> int | None:
    """Return the number that ASCII digits write, from 0 to `most`; None for any other text.

    `str.isdigit` is true for `²`, which `int` refuses, and `int` accepts digits of every script and underscores.
    """
    if not (text.isascii() and text.isdecimal()) or len(text.lstrip("0")) > len(str(most)):
        return None
    number = int(text.lstrip("0") or "0")
    return number if number <= most else None
