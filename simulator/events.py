"""The append-only event log; lines in the style of the product's are a rendering of it."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from pkikit.model.names import printable

MAX_EVENTS = 20_000


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened on one party."""

    seq: int
    at: datetime
    party: str
    kind: str
    detail: str

    def __str__(self) -> str:
        return f'{self.at:%Y-%m-%dT%H:%M:%S}+00:00 {self.party} tvcs: Event="{self.kind}" {self.detail}'


class EventLog:
    """The newest events of the lab, oldest first."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._seq = itertools.count(1)
        self._events: deque[Event] = deque(maxlen=MAX_EVENTS)

    def add(self, party: str, kind: str, **fields: object) -> Event:
        """Append an event; field values may come from certificates and are escaped."""
        detail = " ".join(f'{name}="{printable(str(value))}"' for name, value in fields.items())
        event = Event(seq=next(self._seq), at=self._now(), party=party, kind=kind, detail=detail)
        self._events.append(event)
        return event

    def of(self, party: str | None = None, kind: str | None = None) -> tuple[Event, ...]:
        """Events of one party, of one kind, or all."""
        return tuple(e for e in self._events if party in {None, e.party} and kind in {None, e.kind})

    def __iter__(self) -> Iterator[Event]:
        return iter(tuple(self._events))
