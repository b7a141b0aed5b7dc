"""What a terminal, its pager and its program did to the lines of a session, undone.

A session has prompts, echoes of commands, `OK`, escape sequences, remains of a pager, and lines that were cut at the right edge.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pkikit.errors import InputError
from pkikit.intake.material import Source
from pkikit.intake.reading.dumps.keys import canonical
from pkikit.intake.reading.dumps.setting_grammar import START, End, settings_in

MAX_LINES = 300_000
_MAX_PARTS = 8  # lines that one setting may be cut into
_ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][0-9A-Za-z]|[=>78])")
_PAGER = re.compile(
    r"-{2,3} ?\(?More\)? ?-{0,3}(?: ?\(\d+%\))?|\(END\)|Press <?(?:SPACE|any key|enter)>?[^*]{0,60}", re.IGNORECASE
)
_COMMAND = re.compile(r"(?:^|[\s:#>$%\]])x(?:conf|stat|com)\w*(?:[ \t/][\w \t/]*)?$", re.IGNORECASE)
_OTHER = re.compile(r"^\s*(?:\*[crs](?:[ /]|$)|\*\* ?end|\*s/end|OK\s*$|ERROR\b|x(?:conf|stat|com)|$)", re.IGNORECASE)
_END = re.compile(r"^\s*(?:OK|\*\* ?end)\s*$", re.IGNORECASE)
_REST_OF_BARE = re.compile(r"[\w.:,@+!/-]{1,200}")
# A line without any of these is nothing but itself.
_MARKS = re.compile(r"[*\x1b\x08\r]|xconf|xstat|xcom|^\s*OK", re.IGNORECASE)
_WIDTHS = (80, 100, 120, 132, 160)


class Kind(enum.Enum):
    """What a line is: EDGE ends a command or begins one."""

    SETTING, OTHER, EDGE = enum.auto(), enum.auto(), enum.auto()


@dataclass
class _Held:
    """A setting that the terminal cut, as far as it is known, and its last line."""

    text: str
    last: str
    number: int
    parts: int = 1


def whole_lines(lines: Iterable[str], source: Source) -> Iterator[tuple[int, str, Kind]]:
    """Yield lines with what terminal and pager did to them undone.

    Args:
        lines: the lines.
        source: the file, for messages.

    Yields:
        (number, line, kind).

    Raises:
        InputError: a setting has zero bytes in it.
    """
    held: _Held | None = None
    widest = 0
    for number, raw in enumerate(lines, start=1):
        if number > MAX_LINES:
            where = str(Source(file=source.file, member=source.member))
            raise InputError(f"has more than {MAX_LINES:,} lines, the most that are read of such a file", where=where)
        if held is None and not _MARKS.search(raw):
            yield number, raw, Kind.OTHER
            continue
        line = _plain(raw)
        if held is not None:
            line, pagers = _PAGER.subn("", line)
            if pagers and not line.strip():
                continue
            if _continues(held, line):
                held.text, held.last, held.parts = _glued(held, line), line, held.parts + 1
                if not _is_cut(held.text, line, widest):
                    yield held.number, held.text, Kind.SETTING
                    held = None
                continue
            yield held.number, held.text, Kind.EDGE if _COMMAND.search(held.text[-120:]) else Kind.SETTING
            held = None
        widest = max(widest, len(line))
        if not START.search(line):
            yield number, line, Kind.EDGE if _END.match(line) or _COMMAND.search(line[-120:]) else Kind.OTHER
        elif "\0" in raw:
            where = str(Source(file=source.file, member=source.member, line=number))
            raise InputError("has zero bytes in a setting: the file is damaged; save the dump again", where=where)
        elif _is_cut(line, line, widest):
            held = _Held(line, line, number)
        else:
            yield number, line, Kind.SETTING
    if held is not None:
        yield held.number, held.text, Kind.SETTING


def _plain(raw: str) -> str:
    line = raw
    if "\x1b" in line:
        line = _ESCAPE.sub("", line)
    if "\x08" in line:
        line = _erased(line)
    if "\r" in line:
        line = next((part for part in reversed(line.split("\r")) if part.strip()), "")
    return line


def _erased(line: str) -> str:
    made: list[str] = []
    for letter in line:
        if letter != "\x08":
            made.append(letter)
        elif made:
            made.pop()
    return "".join(made)


def _is_cut(text: str, last: str, widest: int) -> bool:
    """Return True if a terminal may have cut this setting at its right edge.

    Args:
        text: the setting as far as it is known.
        last: the last line of the file that belongs to it.
        widest: the length of the longest line so far: nothing is cut before it.

    Returns:
        True if the next line may belong to it.
    """
    line = settings_in(text)
    if line.end is End.QUOTED:
        return True
    if line.end is End.KEY:
        return len(last) >= 40
    if line.end is End.BARE and len(last) >= widest:
        return len(last) in _WIDTHS or (not line.settings[-1][1] and len(last) + 1 in _WIDTHS)
    return False


def _continues(held: _Held, line: str) -> bool:
    if held.parts >= _MAX_PARTS or _OTHER.match(line):
        return False
    end = settings_in(held.text).end
    if end is End.QUOTED:
        return not START.search(line[:80])
    return not START.search(line) and (end is not End.BARE or bool(_REST_OF_BARE.fullmatch(line.strip())))


def _glued(held: _Held, line: str) -> str:
    """Join the parts of a cut setting. A terminal program may have trimmed a blank at the cut: the keys that exist decide.

    Args:
        held: the setting so far.
        line: the next line.

    Returns:
        The setting with that line.
    """
    together, apart = held.text + line, f"{held.text} {line.lstrip()}"
    if held.text.endswith((" ", "\t")) or line.startswith(" "):
        return together
    end = settings_in(held.text).end
    if end is End.KEY:
        known = [canonical(settings_in(text).key) is not None for text in (together, apart)]
        return apart if known == [False, True] else together
    return apart if end is End.QUOTED and len(held.last) + 1 in _WIDTHS else together
