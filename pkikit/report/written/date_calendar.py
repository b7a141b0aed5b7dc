"""The dates of a report as a calendar (RFC 5545). Deterministic: the same report gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from pkikit.report.content.deployment_report import Report
from pkikit.report.content.report_dates import Event, Kind
from pkikit.text import listed, printable

_OCTETS = 75  # of a line without its line break (RFC 5545 §3.1)
_WARN = {Kind.CERTIFICATE: 30, Kind.AUTHORITY: 90, Kind.CRL: 3, Kind.CLIENT_AUTH: 60, Kind.RENEW: 0, Kind.RULE: 0}
_MOST_MACHINES = 20
_NEVER = 9999  # "no end", RFC 5280 §4.1.2.5


@dataclass(frozen=True, kw_only=True)
class CalendarEvent:
    """One event.

    Attributes:
        seed: the same event has the same seed whenever the calendar is made (RFC 5545 §3.8.4.7).
        begin: when it begins.
        end: when it ends; None for an event of a whole day.
        title: its summary.
        says: its description; may have line breaks.
        category: its kind.
        warn: days before it for a reminder; 0 for none.
        busy: it takes somebody's time.
    """

    seed: str
    begin: datetime
    end: datetime | None = None
    title: str
    says: str
    category: str
    warn: int = 0
    busy: bool = False


def to_calendar(report: Report) -> str:
    """Return every date that is not over yet as an all-day event, with a reminder before it.

    Args:
        report: the report.

    Returns:
        The contents of an `.ics` file, with CRLF at the end of each line.
    """
    coming = (event for event in report.events if report.at <= event.at and event.at.year < _NEVER)
    events = [_event(report, event) for event in coming]
    return calendar_of(events, name=f"Certificates of {report.deployment}", product="report", at=report.at)


def calendar_of(events: Iterable[CalendarEvent], *, name: str, product: str, at: datetime) -> str:
    """Return events as a calendar.

    Args:
        events: in any order.
        name: of the calendar.
        product: the command that makes it.
        at: when it is made.

    Returns:
        The contents of an `.ics` file, with CRLF at the end of each line.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//Expressway Certificate Lab//pkikit {product}//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_text(name)}",
        *(line for event in events for line in _lines(event, at)),
        "END:VCALENDAR",
    ]
    return "".join(f"{part}\r\n" for line in lines for part in _fold(line))


def _event(report: Report, event: Event) -> CalendarEvent:
    machines = listed(event.machines, at_most=_MOST_MACHINES)
    said = [event.action, f"Machines: {machines}" if machines else "", f"At {event.at:%Y-%m-%d %H:%M} UTC."]
    return CalendarEvent(
        seed=f"{report.deployment} {event.seed}",
        begin=event.at,
        title=f"{report.deployment}: {event.title}",
        says="\n".join(part for part in said if part),
        category=event.kind.value,
        warn=_WARN[event.kind],
    )


def _lines(event: CalendarEvent, at: datetime) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{sha256(event.seed.encode()).hexdigest()[:32]}@pkikit"
    yield f"DTSTAMP:{at:%Y%m%dT%H%M%SZ}"
    if event.end is None:
        yield f"DTSTART;VALUE=DATE:{event.begin:%Y%m%d}"
        yield f"DTEND;VALUE=DATE:{event.begin + timedelta(days=1):%Y%m%d}"
    else:
        yield f"DTSTART:{event.begin:%Y%m%dT%H%M%SZ}"
        yield f"DTEND:{event.end:%Y%m%dT%H%M%SZ}"
    yield f"SUMMARY:{_text(event.title)}"
    yield f"DESCRIPTION:{_text(event.says)}"
    yield f"CATEGORIES:{_text(event.category)}"
    yield f"TRANSP:{'OPAQUE' if event.busy else 'TRANSPARENT'}"
    if event.warn:
        yield "BEGIN:VALARM"
        yield "ACTION:DISPLAY"
        yield f"DESCRIPTION:{_text(event.title)}"
        yield f"TRIGGER:-P{event.warn}D"
        yield "END:VALARM"
    yield "END:VEVENT"


def _text(said: str) -> str:
    """Return a value of type TEXT, escaped as RFC 5545 §3.3.11 says."""
    shown = "\n".join(printable(part, 1_000) for part in said.split("\n"))
    escaped = shown.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return escaped.replace("\n", "\\n")


def _fold(line: str) -> Iterator[str]:
    """Yield a line in pieces of at most 75 octets; a character is never cut. Each further piece begins with a blank."""
    piece, size = "", 0
    for character in line:
        octets = len(character.encode())
        if size + octets > _OCTETS:
            yield piece
            piece, size = " ", 1
        piece, size = piece + character, size + octets
    yield piece
