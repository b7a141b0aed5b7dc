"""The append-only event log. Rendered lines have the style of the product's."""

from __future__ import annotations

import itertools
import os
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from pkikit.errors import InputError
from pkikit.model.codec.document import JsonLines
from pkikit.model.deployment import Deployment
from pkikit.model.tables.log_events import (
    APPLICATION_START,
    DEFAULT_LEVEL,
    INBOUND_TLS,
    LAB,
    OUR_EVENTS,
    OUTBOUND_TLS,
    PRODUCT_EVENTS,
    TUNNEL_FAILED,
)
from pkikit.view.logs.event_lines import event_line, fields_text

MAX_EVENTS = 20_000
MAX_FILE = 32 * 1024 * 1024
_MAX_SEQ = 2**53
# Kinds of events that code looks for, beside those of `model.tables.log_events`. The product's documents have no name for
# these, so the process of their lines is `lab`. Every other kind is text for people.
TLS_ERRORS: Final = frozenset({INBOUND_TLS, OUTBOUND_TLS, TUNNEL_FAILED})
CERTIFICATE_REFUSED: Final = "Server Certificate Refused"
CRL_FAILED: Final = "CRL Download Failed"
OCSP_FAILED: Final = "OCSP Request Failed"
ORDER_FAILED: Final = "ACME Order Failed"
CERTIFICATE_PENDING: Final = "ACME Certificate Pending"
CERTIFICATE_DEPLOYED: Final = "ACME Certificate Deployed"
CERTIFICATES_RELOADED: Final = "Certificates Reloaded"
RESTARTED: Final = APPLICATION_START  # the line before it is the Application Exit, with the reason


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened at one party.

    detail: the fields of the line, as printed. process, level, host: of the line, where an Expressway writes it.
    text: the lines that a machine with a log of another form prints instead.
    """

    seq: int
    at: datetime
    party: str
    kind: str
    detail: str
    process: str = "tvcs"
    level: int = DEFAULT_LEVEL
    host: str = ""
    text: str = ""

    def __str__(self) -> str:
        if self.text:
            return self.text
        return event_line(self.at, self.host or self.party, self.process, self.kind, self.detail, self.level)


_LINES = JsonLines(Event)
_BY_LAB = (LAB, DEFAULT_LEVEL)
_LINES_OF = {**OUR_EVENTS, **PRODUCT_EVENTS}  # (process, level) by kind


class EventLog:
    """The newest events of the lab, oldest first. With a file, the next start has them again.

    levels: the log level of a party (1 to 4) where it is not the default. It counts for later events only.
    last_at: when a party wrote its newest line of this run.
    """

    def __init__(
        self, now: Callable[[], datetime], file: Path | None = None, *, expressways: Collection[str] = ()
    ) -> None:
        """Describe a log without events.

        Args:
            now: the lab's time.
            file: keeps the events for the next start.
            expressways: the FQDNs of the peers, whose lines have the product's form.
        """
        self._now, self._file, self._expressways = now, file, frozenset(expressways)
        self.levels: dict[str, int] = {}
        self.last_at: dict[str, datetime] = {}
        self._events: deque[Event] = deque(maxlen=MAX_EVENTS)
        self._unwritten: deque[Event] = deque(maxlen=MAX_EVENTS)
        self._seq = itertools.count(1)
        self._writing = threading.Lock()

    def follow(self, deployment: Deployment) -> None:
        """Write the lines of the peers that there are now in the product's form, and to their log levels."""
        self._expressways = frozenset(deployment.peers)
        self.levels.update({peer: cluster.log_level for cluster in deployment.clusters for peer in cluster.peers})

    def read(self) -> None:
        """Load what the last lab wrote. A line that is cut off or is not an event is skipped.

        Raises:
            InputError: the file cannot be read.
        """
        if self._file is None or not self._file.exists():
            return
        try:
            lines = self._file.read_text(encoding="utf-8", errors="replace").splitlines()[-MAX_EVENTS:]
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", where=str(self._file)) from None
        for event in _LINES.values(lines):
            if self.last < event.seq < _MAX_SEQ:
                self._events.append(event)
        self._seq = itertools.count(max((e.seq for e in self._events), default=0) + 1)

    def write(self) -> None:
        """Append what happened since the last time; start the file again when it has become too long.

        Any thread may call it: the lab's clock and a change that is saved do so at the same time.
        """
        with self._writing:
            self._write()

    def _write(self) -> None:
        waiting = [self._unwritten.popleft() for _ in range(len(self._unwritten))]
        if self._file is None or not waiting:
            return
        lines = "".join(map(_LINES.line, waiting))
        mode = "w" if self._file.exists() and self._file.stat().st_size > MAX_FILE else "a"
        flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if mode == "w" else os.O_APPEND)
        with os.fdopen(os.open(self._file, flags, 0o600), mode, encoding="utf-8") as stream:
            stream.write(lines)

    def add(self, party: str, kind: str, **fields: object) -> Event:
        """Append an event, unless the party's log level is too low for it.

        Args:
            party: the FQDN of the machine, or the name of the lab.
            kind: the name of the event.
            fields: the fields by name; underscores become hyphens. Values may come from certificates and are escaped.
        """
        return self.add_printed(party, kind, fields_text(kind, fields))

    def add_printed(self, party: str, kind: str, fields: str, *, text: str = "") -> Event:
        """Append an event whose fields are printed already.

        Args:
            party: the FQDN of the machine, or the name of the lab.
            kind: the name of the event.
            fields: the fields of the line.
            text: the lines that a machine with a log of another form prints instead.
        """
        process, level = _LINES_OF.get(kind, _BY_LAB) if party in self._expressways else _BY_LAB
        event = Event(
            seq=next(self._seq),
            at=self._now(),
            party=party,
            kind=kind,
            detail=fields,
            process=process,
            level=level,
            host=party.partition(".")[0] if party in self._expressways else "",
            text=text,
        )
        if level > self.levels.get(party, DEFAULT_LEVEL):
            return event
        self._events.append(event)
        self.last_at[party] = event.at
        if self._file is not None:
            self._unwritten.append(event)
        return event

    def of(self, party: str | None = None, kind: str | None = None) -> tuple[Event, ...]:
        """Return the events of one party, of one kind, or all."""
        return tuple(e for e in self._events if party in {None, e.party} and kind in {None, e.kind})

    @property
    def last(self) -> int:
        """The number of the newest event; 0 if there is none."""
        return self._events[-1].seq if self._events else 0

    def since(self, seq: int) -> tuple[Event, ...]:
        """Return everything newer than that number, oldest first."""
        newer = itertools.takewhile(lambda e: e.seq > seq, reversed(self._events))
        return tuple(reversed(list(newer)))

    def __iter__(self) -> Iterator[Event]:
        return iter(tuple(self._events))
