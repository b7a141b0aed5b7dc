"""Settings and status out of the lines of a text: a dump, or what a terminal program wrote down of a session."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pkikit.errors import InputError
from pkikit.intake.material import Configuration, Key, Source, Stated, StatusDump
from pkikit.intake.reading.dumps.keys import canonical, known_beginnings
from pkikit.intake.reading.dumps.secrets import is_secret
from pkikit.intake.reading.dumps.setting_grammar import MAX_VALUE, settings_in
from pkikit.intake.reading.dumps.status_lines import StatusLines
from pkikit.intake.reading.dumps.terminal_lines import Kind, whole_lines
from pkikit.text import printable

MAX_SETTINGS = 100_000


@dataclass
class Settings:
    """The settings of one peer, as they are read."""

    values: dict[Key, Stated] = field(default_factory=dict)
    secrets: int = 0
    passed: int = 0
    taken: int = 0
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
        self.taken += 1
        if self.taken > MAX_SETTINGS:
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
            self.values[key] = Stated(value=printable(value, MAX_VALUE), source=source, written=" ".join(words))

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
    for number, line, kind in whole_lines(lines, source):
        count = number
        if kind is Kind.SETTING:
            for words, value in settings_in(line).settings:
                parts[-1].take(words, value, Source(file=source.file, member=source.member, line=number))
        elif kind is Kind.EDGE and (parts[-1].values or parts[-1].passed):
            parts.append(Settings())
        if kind is not Kind.SETTING and (status.is_open or "*s" in line):
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
