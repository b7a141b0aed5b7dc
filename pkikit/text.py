"""Text from outside, made safe to print. Below everything else, so that errors can use it too."""

from __future__ import annotations


def printable(text: str, limit: int = 200) -> str:
    """Text from outside made safe for a terminal: control and bidi characters escaped, length bounded."""
    if len(text) <= limit and text.isprintable():
        return text
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text[:limit])
    return shown + ("…" if len(text) > limit else "")
