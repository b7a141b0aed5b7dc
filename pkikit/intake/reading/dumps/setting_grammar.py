r"""The grammar of one setting: `*c xConfiguration SIP TLS Mode: "On"`, in all its spellings.

The prefix, the case of words and the quotation marks of plain values may differ or be missing. In quotation marks, `\"` and `\\`
stand for a quotation mark and a backslash.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

MAX_VALUE, MAX_KEY, _MAX_FAILED = 16_384, 400, 50
# The beginning of a setting, behind whatever prompt or timestamp.
START = re.compile(
    r"(?:\*c[ \t]++(?:xconf\w{0,10}[ \t]++)?|(?<![\w\"'/=.])xconf(?:ig(?:uration)?)?[ \t]++/{0,2})(?=[A-Za-z])",
    re.IGNORECASE,
)
KEY = re.compile(r"((?:[A-Za-z][\w.-]*|\d{1,6})(?:[ \t]+(?:[A-Za-z][\w.-]*|\d{1,6}))*)[ \t]*:", re.ASCII)
_PART_OF_KEY = re.compile(r"(?:[A-Za-z][\w.-]*|\d{1,6})(?:[ \t]+[\w.-]*)*$", re.ASCII)
_NEXT = re.compile(r"\s\*c\s+xconf", re.IGNORECASE)
_QUOTES = ('"', "“", "„", "”")
_VALUE = re.compile(r'"((?:[^"\\]++|\\["\\]|\\(?!["\\]))*+)"')
_TYPOGRAPHIC = re.compile(r'[“„”]([^"“”]*+)["“”]')
_ESCAPED = re.compile(r'\\(["\\])')


class End(enum.Enum):
    """How a line of settings ends."""

    KEY = "in the middle of a key"
    QUOTED = "in the middle of a value in quotation marks"
    BARE = "in a value without quotation marks"
    WHOLE = "behind a value in quotation marks, or without a setting"


@dataclass(frozen=True, kw_only=True)
class Line:
    """The settings of one line: (words of the key, value); how it ends; and the words of its last key."""

    settings: tuple[tuple[list[str], str], ...]
    end: End
    key: tuple[str, ...] = ()


def settings_in(text: str) -> Line:
    """Read a line. Text copied from a web page may have several settings in one.

    Args:
        text: the line.

    Returns:
        Its settings.
    """
    found: list[tuple[list[str], str]] = []
    place, end, words, unfinished, failed = 0, End.WHOLE, [], -1, 0
    while (start := START.search(text, place)) is not None:
        key = KEY.match(text, start.end(), start.end() + MAX_KEY)
        if key is None:
            place = unfinished = start.end()
            failed += 1
            if failed > _MAX_FAILED:
                break
            continue
        words = [word for word in key[1].split() if not word.lower().startswith("xconf")]
        rest = text[key.end() :].lstrip()
        begin = len(text) - len(rest)
        quoted = _quoted(rest) if rest[:1] in _QUOTES else None
        if quoted is not None:
            value, length = quoted
            place, end = begin + length, End.WHOLE
        else:
            following = _NEXT.search(rest)
            value = rest[: following.start()] if following else rest
            place = begin + len(value)
            end = End.QUOTED if rest[:1] in _QUOTES else End.BARE
            value = value.strip().strip('"')
        if words:
            found.append((words, value[:MAX_VALUE]))
    if unfinished == place:
        end = End.KEY if _PART_OF_KEY.match(text[place : place + MAX_KEY].strip()) else End.WHOLE
    return Line(settings=tuple(found), end=end, key=tuple(words))


def _quoted(text: str) -> tuple[str, int] | None:
    """Return (value, length with its quotation marks) of a quoted value at the beginning of a text; None if it has no end."""
    found = _VALUE.match(text) or _TYPOGRAPHIC.match(text)
    if found is not None:
        return _ESCAPED.sub(r"\1", found[1]), found.end()
    whole = text.rstrip()
    if len(whole) > 2 and whole.endswith('\\"'):  # the last quotation mark of the line: the value ends in a backslash
        return _ESCAPED.sub(r"\1", whole[1:-2]) + "\\", len(whole)
    return None
