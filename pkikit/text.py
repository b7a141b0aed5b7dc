"""Text from outside, made safe to print. Below everything else, so that errors can use it too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def printable(text: str, limit: int = 200) -> str:
    """Text from outside made safe for a terminal: control and bidi characters escaped, length bounded."""
    if len(text) <= limit and text.isprintable():
        return text
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text[:limit])
    return shown + ("…" if len(text) > limit else "")


def close_to(name: str, known: Iterable[str]) -> str:
    """Return the known name that was probably meant: the one that begins so, or the most similar one; empty if there is none."""
    from difflib import get_close_matches  # only a mistake needs it

    names = list(known)
    longer = [other for other in names if other.startswith((f"{name}.", f"{name}-"))]
    near = longer if len(longer) == 1 else get_close_matches(name, names, n=1)
    return near[0] if near else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ` Did you mean …?` with the known name that was probably meant; empty if there is none."""
    near = close_to(name, known)
    return f" Did you mean {near}?" if near else ""


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun in the right form: `1 error`, `2 errors`."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def listed(words: Sequence[str], last: str = "and", *, at_most: int = 0) -> str:
    """Return words as people list them: `a`, `a and b`, `a, b and c`; with a limit, `a, b and 3 more`."""
    if at_most and len(words) > at_most + 1:
        return f"{', '.join(words[:at_most])} and {len(words) - at_most} more"
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else "".join(words)


def not_a_formula(text: str) -> str:
    """Return a cell of a table that no spreadsheet runs: an apostrophe goes before a text that begins as a formula does."""
    is_run = text.startswith(("\t", "\r")) or text.lstrip().startswith(("=", "+", "-", "@", "|", "%"))
    return f"'{text}" if is_run else text


def one_of(name: str, known: Sequence[str]) -> str:
    """Return `there are a, b. Did you mean …?`: what a wrong name could have been."""
    return f"there are {', '.join(known)}.{did_you_mean(name, known)}"
