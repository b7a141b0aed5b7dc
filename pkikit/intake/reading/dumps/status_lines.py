"""Lines of `xStatus`: `*s SystemUnit: /`, indented lines, `*s/end`; or one line for each value with its whole path."""

from __future__ import annotations

import re

from pkikit.intake.material import Key, Source, Stated, StatusDump
from pkikit.intake.reading.dumps.secrets import is_secret
from pkikit.text import printable

MAX_VALUES = 20_000
# The parts that say something about versions, names, peers, zones and alarms. Calls and registrations are nobody's business.
KEPT = frozenset({
    "systemunit", "alternates", "cluster", "zones", "zone", "tunnels", "collaborationedge", "edgedomain", "alarm", "alarms",
    "warnings", "ip", "ethernet", "time",
})  # fmt: skip
_TOP = re.compile(
    r"^.{0,80}?\*s[ \t]+([A-Za-z]\w*(?:[ \t]+\w+)*)[ \t]*:[ \t]*(/?)[ \t]*(?:\(status=[^)]*\))?:?[ \t]*(.*)$"
)
_INNER = re.compile(r"^([ \t]+)([A-Za-z]\w*(?:[ \t]+\w+)*)[ \t]*:[ \t]*(.*)$")
_END = re.compile(r"\*s/end", re.IGNORECASE)


class StatusLines:
    """Gathers the status out of the lines of a text."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._values: dict[Key, Stated] = {}
        self._above: list[tuple[int, Key]] = []
        self._inside = False

    def take(self, number: int, line: str) -> None:
        """Take one line; lines that are no status end what is open.

        Args:
            number: its number.
            line: the line.
        """
        if "*s" in line[:90]:
            if _END.search(line):
                self._inside = False
                return
            top = _TOP.match(line)
            if top is not None:
                self._open(number, tuple(top[1].split()), top[3], slash=bool(top[2]))
                return
        if self._inside and (inner := _INNER.match(line)) is not None:
            self._inner(number, len(inner[1].expandtabs(4)), tuple(inner[2].split()), inner[3].strip())

    @property
    def is_open(self) -> bool:
        """True between the first and the last line of a part that is kept."""
        return self._inside

    def dump(self) -> StatusDump | None:
        """Return the status; None if there was none."""
        return StatusDump(source=self._source, values=self._values) if self._values else None

    def _open(self, number: int, words: Key, value: str, *, slash: bool) -> None:
        self._inside = words[0].lower() in KEPT
        self._above = [(0, words)]
        if self._inside and value and not slash:
            self._keep(number, words, value.strip())

    def _inner(self, number: int, depth: int, words: Key, value: str) -> None:
        while len(self._above) > 1 and self._above[-1][0] >= depth:
            self._above.pop()
        path = (*self._above[-1][1], *words)
        if value in {"", "/"}:
            if len(self._above) < 20:
                self._above.append((depth, path))
        else:
            self._keep(number, path, value)

    def _keep(self, number: int, path: Key, value: str) -> None:
        plain = value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
        if len(self._values) < MAX_VALUES and not is_secret(path, plain):
            place = Source(file=self._source.file, member=self._source.member, line=number)
            self._values[path] = Stated(value=printable(plain, 1000), source=place, written=" ".join(path))
