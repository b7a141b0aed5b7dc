"""Turn lines into records: the product's `Name="value"` records, wrapped or glued together, without messages that they quote.

Every other line is a record by itself. The reader leaves out dumps of SIP, HTTP and XMPP messages: the program that
logs a message does not make its statements.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest

MAX_CONTINUED, MAX_RECORD = 60, 16_384
_KEYS = ("event", "module", "utctime")
_PREFIX = re.compile(
    r"(?:<\d{1,3}>)?(?:1 )?(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S{0,20}|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)"
    r"(?:\s+(?P<host>[A-Za-z0-9][\w.-]{0,80})(?=\s))?"
)
_FIELD = re.compile(
    r"""(?P<name>[A-Za-z][A-Za-z0-9_-]{0,40})\s{0,4}=\s{0,4}(?:"(?P<double>[^"]{0,2000})(?:"|$)"""
    r"""|'(?P<single>[^"]{0,400}?)'(?=\s{1,4}[A-Za-z][\w-]{0,40}\s{0,4}=|\s*$|,)|(?P<bare>[^\s"',;()]{1,80}))"""
)
# Where a page joined several lines of an endpoint, Unified CM, Jabber or a daemon.
_GLUED = re.compile(
    r"\s(?=\d{3,8}\.\d\d\s{1,4}[A-Z]|\d{8}\.\d{3} {0,2}\||\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d|(?:ERROR|WARN|WARNING|INFO|DEBUG) \[)"
)
MIN_GLUED = 160
_STARTS = re.compile(r"""\b(?:event|module|utctime)\s{0,4}=\s{0,4}["'\\&“”]""", re.IGNORECASE)
_CONTINUES = re.compile(r"""\s|[^\s=]{0,40}\s{0,4}=\s{0,4}["']""")
_DUMP = re.compile(r"\b[A-Z]{3,5}MSG:?")
_SIP_START = re.compile(r"(?:^|[|\s'\"])(?:SIP/2\.0 \d{3}\b|[A-Z]{3,12} \S{1,300} SIP/2\.0\s*$)")
_SDP = re.compile(r"[a-z]=|<")
_HEADERS = (
    "accept accept-contact accept-encoding accept-language alert-info allow allow-events also authentication-info"
    " authorization call-id call-info cseq contact content-disposition content-encoding content-language content-length"
    " content-type date diversion encryption error-info event expires from geolocation history-info identity in-reply-to"
    " join max-forwards max-breadth mime-version min-expires min-se organization path priority privacy proxy-authenticate"
    " proxy-authorization proxy-require rack reason record-route recv-info refer-sub refer-to referred-by remote-party-id"
    " replaces reply-to require retry-after route rseq security-client security-server server service-route"
    " session-expires session-id sip-etag sip-if-match subject subscription-state supported target-dialog timestamp to"
    " trigger-consent unsupported user-agent user-to-user via warning www-authenticate i m e l c f s k t v o r b u a"
)
_SIP_HEADERS = frozenset(_HEADERS.split())


@dataclass(kw_only=True)
class Record:
    """One statement of a program.

    Attributes:
        number: the line where it starts, from 1.
        text: the record without the message that it quotes.
        fields: names in lower case with hyphens; empty for plain text.
        time: as the line gives it, or "".
        host: as the line gives it, or "".
        otherwise: the same record, read in the other way, when its lines were wrapped and nobody can tell how.
    """

    number: int
    text: str
    fields: dict[str, str] = field(default_factory=dict)
    time: str = ""
    host: str = ""
    otherwise: Record | None = None

    @property
    def level(self) -> str:
        """DEBUG, INFO, WARN or ERROR; "" when the record has no level in words."""
        level = self.fields.get("level", "").strip().upper()
        return level if level.isalpha() else ""

    def get(self, *names: str) -> str:
        """Return the first of these fields that exists, without blanks around it."""
        return next((value for name in names if (value := self.fields.get(name, "").strip())), "")


class RecordReader:
    """Reads lines, returns records. Keeps at most one record's text."""

    def __init__(self) -> None:
        self._pending: list[str] = []
        self._number = 0
        self._relevant = False
        self._body = ""  # "", "pipe" (a dump of the product) or "sip" (a message that any program printed)
        self._body_lines = 0
        self.structured = 0  # how many records of the product have started

    def quotes(self, line: str, lowered: str) -> bool:
        """True for a line of a message that a program quotes; do not feed such lines."""
        return bool(self._body) and not _starts(line, lowered) and self._in_body(line)

    def feed(self, number: int, line: str, lowered: str, *, relevant: bool) -> Iterator[Record]:
        """Return the records that this line completes, without those whose lines are all irrelevant."""
        starts = _starts(line, lowered)
        if starts and not self._is_rest(line, lowered):
            yield from self.flush()
            self._pending, self._number, self._relevant = [line], number, relevant
            self.structured += 1
            self._body = ""
            self._open_body(line)
        elif self._pending and self._continues(line):
            self._pending.append(line)
            self._relevant = self._relevant or relevant
            self._open_body(line)
        else:
            yield from self.flush()
            if not self._sip_starts(line) and relevant:
                parts = _GLUED.split(line) if len(line) > MIN_GLUED else (line,)
                yield from (_plain(number, part) for part in parts)

    def flush(self) -> Iterator[Record]:
        """Return the record that is still open."""
        lines, self._pending = self._pending, []
        if lines and self._relevant:
            yield from _split_structured(self._number, lines)

    def skips(self, line: str) -> bool:
        """True when a line without anything of interest changes nothing: no record and no message is open."""
        return not self._pending and not self._body and "MSG:" not in line and "SIP/2.0" not in line

    def _open_body(self, line: str) -> None:
        if "MSG" in line and _DUMP.search(line):
            self._body, self._body_lines = "pipe", 0

    def _sip_starts(self, line: str) -> bool:
        if line.rstrip().endswith("MSG:") or ("SIP/2.0" in line and _SIP_START.search(line)):
            self._body, self._body_lines = ("sip" if "SIP/2.0" in line else "pipe"), 0
            return True
        return False

    def _in_body(self, line: str) -> bool:
        """True while the line belongs to a quoted message; the record before it is then complete."""
        stripped = line.strip()
        self._body_lines += 1
        if self._body == "pipe":
            if stripped.endswith("|") and not (self._body_lines == 1 and stripped == "|"):
                self._body = ""
                return True
            if _PREFIX.match(line):
                self._body = ""
                return False
            return True
        words = stripped.partition(":")[0].lower().split()
        # Some programs write time and module before each line of a message.
        name = words[-1] if 0 < len(words) <= 4 else ""
        if not stripped or name in _SIP_HEADERS or name.startswith(("x-", "p-")) or _SDP.match(stripped):
            return True
        self._body = ""
        return False

    def _is_rest(self, line: str, lowered: str) -> bool:
        """True for a line with fields that a record starts with, which still belongs to the open record."""
        if not self._pending or _PREFIX.match(line) or len(self._pending) >= MAX_CONTINUED:
            return False
        so_far = "".join(self._pending)
        if len(so_far) > MAX_RECORD:
            return False
        known = so_far.lower()
        if so_far.count('"') % 2:
            return True
        return not lowered.lstrip().startswith(_KEYS) and not any(key in lowered and key in known for key in _KEYS)

    def _continues(self, line: str) -> bool:
        if len(self._pending) >= MAX_CONTINUED or sum(map(len, self._pending)) > MAX_RECORD or _PREFIX.match(line):
            return False
        if sum(text.count('"') for text in self._pending) % 2:
            return True
        return _CONTINUES.match(line) is not None


def _starts(line: str, lowered: str) -> bool:
    """True for a line that starts a record of the product."""
    if "=" not in line:
        return False
    if 'Event="' in line or 'Module="' in line or 'UTCTime="' in line:
        return True
    return any(key in lowered for key in _KEYS) and _STARTS.search(line) is not None


def _plain(number: int, line: str) -> Record:
    found = _PREFIX.match(line)
    time, host = (found["time"], found["host"] or "") if found else ("", "")
    return Record(number=number, text=line, time=time, host=host)


def _split_structured(number: int, lines: list[str]) -> Iterator[Record]:
    """Return the records of some lines: several when a page or a mail program glued them together."""
    if len(lines) == 1:
        yield from _split(number, lines[0])
        return
    # A mail program breaks lines at blanks, a terminal after a fixed number of characters.
    lengths = {len(line) for line in lines[:-1]}
    terminal = len(lines) > 2 and len(lengths) == 1
    apart = list(_split(number, " ".join(line.strip(" \t") for line in lines)))
    tight = list(_split(number, "".join(lines)))
    for record, other in zip(tight, tight, strict=True) if terminal else zip_longest(apart, tight):
        if record is not None:
            record.otherwise = other if other is not record else None
            yield record


def _split(number: int, text: str) -> Iterator[Record]:
    text = _unescape(text)
    dump = _DUMP.search(text)
    if dump is not None:
        text = text[: dump.start()]
    fields: dict[str, str] = {}
    start = 0
    for found in _FIELD.finditer(text):
        name = found["name"].lower().replace("_", "-")
        value = found["double"] if found["double"] is not None else found["single"] or found["bare"] or ""
        if name in _KEYS and name in fields:
            yield _record(number, text[start : found.start()], fields)
            fields, start = {}, found.start()
        fields.setdefault(name, value)
    yield _record(number, text[start:], fields)


def _unescape(text: str) -> str:
    """Restore quotes that JSON, HTML or a word processor changed."""
    if "&quot;" in text:
        text = text.replace("&quot;", '"').replace("&#39;", "'").replace("&gt;", ">").replace("&lt;", "<")
    if '\\"' in text:
        text = text.replace('\\"', '"')
    if "“" in text or "”" in text:
        text = text.replace("“", '"').replace("”", '"')
    return text


def _record(number: int, text: str, fields: dict[str, str]) -> Record:
    time = host = ""
    for found in _PREFIX.finditer(text.partition("=")[0][:200]):  # a relay writes its own prefix before the product's
        time, host = found["time"], found["host"] or host
    return Record(number=number, text=text, fields=fields, time=time or fields.get("utctime", ""), host=host)
