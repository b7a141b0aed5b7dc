"""Lines of `xConfiguration` and `xStatus`: dumps, and what a terminal program wrote down of a session.

A session has prompts, echoes of commands, `OK`, timestamps in front of lines, remains of a pager, and lines that the terminal
cut at its right edge.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pkikit.errors import InputError
from pkikit.intake.material import Configuration, Key, Source, Stated, StatusDump
from pkikit.intake.reading.dumps.keys import canonical, known_beginnings
from pkikit.intake.reading.dumps.secrets import is_secret
from pkikit.intake.reading.dumps.status_lines import StatusLines

MAX_SETTINGS = 200_000
_MAX_VALUE, _MAX_KEY = 16_384, 400
_MAX_JOINED = 8  # lines that one setting may be cut into
_ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][0-9A-Za-z]|[=>78])")
_PAGER = re.compile(
    r"-{2,3} ?\(?More\)? ?-{0,3}(?: ?\(\d+%\))?|\(END\)|Press <?(?:SPACE|any key|enter)>?[^*]{0,60}", re.IGNORECASE
)
_ERASED = re.compile(r"[^\x08]\x08")
# The beginning of a setting, behind whatever prompt or timestamp.
_START = re.compile(
    r"(?:\*c[ \t]+(?:xconf\w{0,10}[ \t]+)?|(?<![\w\"'/=.])xconf(?:ig(?:uration)?)?[ \t]+/{0,2})(?=[A-Za-z])",
    re.IGNORECASE,
)
_COMMAND = re.compile(r"(?:^|[\s:#>$%\]])x(?:conf|stat|com)\w*(?:[ \t/][\w \t/]*)?$", re.IGNORECASE)
_KEY = re.compile(r"((?:[A-Za-z][\w.-]*|\d{1,6})(?:[ \t]+(?:[A-Za-z][\w.-]*|\d{1,6}))*)[ \t]*:", re.ASCII)
_CUT_KEY = re.compile(r"(?:[A-Za-z][\w.-]*|\d{1,6})(?:[ \t]+[\w.-]*)*$", re.ASCII)
_OTHER = re.compile(r"^\s*(?:\*[crs](?:[ /]|$)|\*\* ?end|\*s/end|OK\s*$|ERROR\b|x(?:conf|stat|com)|$)", re.IGNORECASE)
_END = re.compile(r"^\s*(?:OK|\*\* ?end)\s*$", re.IGNORECASE)
_QUOTES = {'"': '"', "“": "”", "„": "“", "”": "”"}
_WIDTHS = (80, 100, 120, 132, 160)


@dataclass
class Settings:
    """The settings of one peer, as they are read."""

    values: dict[Key, Stated] = field(default_factory=dict)
    secrets: int = 0
    passed: int = 0
    beginnings: dict[str, int] = field(default_factory=dict)
    first_line: int = 0

    @property
    def host(self) -> tuple[str, str]:
        """The host and the domain that the settings state; "" for one that they don't."""
        found = [self.values.get(("IP", "DNS", *rest)) for rest in (("Hostname",), ("Domain", "Name"))]
        host, domain = (stated.value.lower() if stated is not None else "" for stated in found)
        return host, domain

    def take(self, words: list[str], value: str, source: Source) -> None:
        """Keep one setting if it is one of those that are kept; count it otherwise.

        Args:
            words: its key as the file writes it.
            value: its value.
            source: where it was read.

        Raises:
            InputError: there are more settings than any peer has.
        """
        if len(self.values) + self.passed + self.secrets > MAX_SETTINGS:
            where = str(Source(file=source.file, member=source.member))
            raise InputError(f"contains more than {MAX_SETTINGS:,} settings, the most that are read", where=where)
        begin = words[0].lower()
        if begin in self.beginnings or len(self.beginnings) < 500:
            self.beginnings[begin] = self.beginnings.get(begin, 0) + 1
        self.first_line = self.first_line or source.line
        if is_secret(words, value):
            self.secrets += 1
            return
        key = canonical(words)
        if key is None:
            self.passed += 1
        else:
            self.values[key] = Stated(value=value, source=source, written=" ".join(words))

    def merge(self, other: Settings) -> None:
        """Add the settings that a later part of the same session states."""
        self.values |= other.values
        self.secrets += other.secrets
        self.passed += other.passed
        for begin, count in other.beginnings.items():
            self.beginnings[begin] = self.beginnings.get(begin, 0) + count


@dataclass(frozen=True, kw_only=True)
class TextFindings:
    """What the lines of a text state: the settings of each peer, its status, and how many lines there were."""

    configurations: tuple[tuple[Configuration, Settings], ...]
    status: StatusDump | None
    lines: int


def read_lines(lines: Iterable[str], source: Source) -> TextFindings:
    """Read settings and status out of a text.

    Args:
        lines: its lines.
        source: the file.

    Returns:
        The settings by peer: a session may have been on one peer after the other.

    Raises:
        InputError: there are more settings than any peer has, or a line with a setting has zero bytes in it.
    """
    parts, status, count = [Settings()], StatusLines(source), 0
    for number, line, ended in _joined(lines, source):
        count = number
        if ended:
            if parts[-1].values or parts[-1].passed:
                parts.append(Settings())
            status.take(number, line)
            continue
        taken = False
        for words, value in settings_in(line):
            place = Source(file=source.file, member=source.member, line=number)
            parts[-1].take(words, value, place)
            taken = True
        if not taken:
            status.take(number, line)
    found = tuple((_frozen(part, source), part) for part in _by_host(parts))
    return TextFindings(configurations=found, status=status.dump(), lines=count)


def foreign(settings: Settings) -> bool:
    """Return True for settings of another product with the same grammar: a video endpoint, for example."""
    ours = sum(count for begin, count in settings.beginnings.items() if begin in known_beginnings())
    return ours * 2 < sum(settings.beginnings.values())


def _frozen(part: Settings, source: Source) -> Configuration:
    place = Source(file=source.file, member=source.member)
    return Configuration(source=place, settings=part.values, secrets=part.secrets, passed=part.passed)


def _by_host(parts: list[Settings]) -> list[Settings]:
    """Join the parts of a session that are about the same peer: a part that names no peer belongs to the one before it."""
    made: list[Settings] = []
    for part in parts:
        if not (part.values or part.passed or part.secrets):
            continue
        host = part.host[0]
        same = [m for m in made if host and m.host[0] == host and (not part.host[1] or m.host[1] in {"", part.host[1]})]
        if same:
            same[-1].merge(part)
        elif made and (not host or not made[-1].host[0]):
            made[-1].merge(part)
        else:
            made.append(part)
    return made


def _joined(lines: Iterable[str], source: Source) -> Iterator[tuple[int, str, bool]]:
    """Yield lines with what terminal and pager did to them undone.

    Args:
        lines: the lines.
        source: the file, for messages.

    Yields:
        (number, line, the line ends a command or begins one).

    Raises:
        InputError: a setting has zero bytes in it.
    """
    held, held_number, joined = "", 0, 0
    for number, raw in enumerate(lines, start=1):
        line = _plain(raw)
        if held:
            line, pagers = _PAGER.subn("", line)
            if pagers and not line.strip():
                continue
            if not _OTHER.match(line) and not _START.search(line) and joined < _MAX_JOINED:
                held, joined = _glued(held, line), joined + 1
                if not _is_cut(held, line):
                    yield held_number, held, False
                    held = ""
                continue
            yield held_number, held, bool(_COMMAND.search(held[-120:]))
            held = ""
        if _START.search(line):
            if "\0" in raw:
                where = str(Source(file=source.file, member=source.member, line=number))
                raise InputError("has zero bytes in a setting: the file is damaged; save the dump again", where=where)
            if _is_cut(line, line):
                held, held_number, joined = line, number, 0
                continue
            yield number, line, False
        else:
            yield number, line, bool(_END.match(line) or _COMMAND.search(line[-120:]))
    if held:
        yield held_number, held, False


def _plain(raw: str) -> str:
    line = raw
    if "\x1b" in line:
        line = _ESCAPE.sub("", line)
    if "\x08" in line:
        for _ in range(200):
            line, count = _ERASED.subn("", line)
            if not count:
                break
        line = line.replace("\x08", "")
    if "\r" in line:
        line = next((part for part in reversed(line.split("\r")) if part.strip()), "")
    return line


def _is_cut(line: str, last: str) -> bool:
    """Return True if a terminal cut this setting at its right edge.

    Args:
        line: the setting as far as it is known.
        last: the last line of the file that belongs to it.

    Returns:
        True if the next line may belong to it.
    """
    rest = ""
    for start in _starts(line):
        rest = line[start:]
    key = _KEY.match(rest[:_MAX_KEY])
    if key is None:
        return len(last) >= 40 and bool(_CUT_KEY.match(rest[:_MAX_KEY].strip()))
    value = rest[key.end() :].strip()
    if value[:1] in _QUOTES:
        return _quoted(value) is None
    return len(last) in _WIDTHS or (not value and len(last) + 1 in _WIDTHS)


def _glued(held: str, line: str) -> str:
    """Join the two parts of a cut setting. A terminal program may have trimmed a blank at the cut: the keys that exist decide."""
    together, apart = held + line, f"{held} {line.lstrip()}"
    if held.endswith((" ", "\t")) or line.startswith(" "):
        return together
    rest = [text[start:] for text in (together, apart) for start in _starts(text)[-1:]]
    known = [bool((key := _KEY.match(text[:_MAX_KEY])) and canonical(key[1].split())) for text in rest]
    if known == [False, True]:
        return apart
    if ":" in held and len(held) + 1 in _WIDTHS and '"' in held:
        return apart
    return together


def _starts(line: str) -> list[int]:
    return [match.end() for match in _START.finditer(line)]


def settings_in(line: str) -> Iterator[tuple[list[str], str]]:
    """Yield (words of the key, value) of each setting in a line; text copied from a web page may have several in one line.

    Args:
        line: the line.

    Yields:
        The words with indexes, and the value without quotation marks.
    """
    place = 0
    while (start := _START.search(line, place)) is not None:
        key = _KEY.match(line, start.end(), start.end() + _MAX_KEY)
        if key is None:
            place = start.end()
            continue
        rest = line[key.end() :].lstrip()
        begin = len(line) - len(rest)
        quoted = _quoted(rest) if rest[:1] in _QUOTES else None
        if quoted is not None:
            value, length = quoted
            place = begin + length
        else:
            following = re.search(r"\s\*c\s+xconf", rest, re.IGNORECASE)
            value = rest[: following.start()] if following else rest
            value, place = value.strip().strip('"'), begin + len(value)
        yield key[1].split(), value[:_MAX_VALUE]


def _quoted(text: str) -> tuple[str, int] | None:
    """Return (value, length with its quotation marks) of a quoted value at the beginning of a text; None if it has no end."""
    end, made, place = _QUOTES[text[0]], [], 1
    while place < len(text):
        letter = text[place]
        if letter == "\\" and text[place + 1 : place + 2] in {'"', "\\"} and not _ends_here(text, place):
            made.append(text[place + 1])
            place += 2
        elif letter in {end, '"'}:
            return "".join(made), place + 1
        else:
            made.append(letter)
            place += 1
    return None


def _ends_here(text: str, place: int) -> bool:
    """Return True if the quotation mark behind this backslash is the last one: then the value ends in a backslash."""
    return text[place + 1] == '"' and text.find('"', place + 2) < 0 and not text[place + 2 :].strip()
