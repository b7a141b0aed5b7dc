"""The dates of a report as a calendar (RFC 5545). Deterministic: the same report gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256

from pkikit.report.content.deployment_report import Report
from pkikit.report.content.report_dates import Event, Kind
from pkikit.text import listed, printable

_OCTETS = 75  # of a line without its line break (RFC 5545 §3.1)
_WARN = {Kind.CERTIFICATE: 30, Kind.AUTHORITY: 90, Kind.CRL: 3, Kind.CLIENT_AUTH: 60, Kind.RENEW: 0, Kind.RULE: 0}
_MOST_MACHINES = 20
_NEVER = 9999  # "no end", RFC 5280 §4.1.2.5


def to_calendar(report: Report) -> str:
    """Return every date that is not over yet as an all-day event, with a reminder before it.

    Args:
        report: the report.

    Returns:
        The contents of an `.ics` file, with CRLF at the end of each line.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Expressway Certificate Lab//pkikit report//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_text(f'Certificates of {report.deployment}')}",
    ]
    for event in report.events:
        if report.at <= event.at and event.at.year < _NEVER:
            lines += _event(report, event)
    return "".join(f"{part}\r\n" for line in (*lines, "END:VCALENDAR") for part in _fold(line))


def _event(report: Report, event: Event) -> Iterator[str]:
    machines = listed(event.machines, at_most=_MOST_MACHINES)
    said = [event.action, f"Machines: {machines}" if machines else "", f"At {event.at:%Y-%m-%d %H:%M} UTC."]
    yield "BEGIN:VEVENT"
    # The same event has the same UID in every report about the deployment (RFC 5545 §3.8.4.7).
    yield f"UID:{sha256(f'{report.deployment} {event.seed}'.encode()).hexdigest()[:32]}@pkikit"
    yield f"DTSTAMP:{report.at:%Y%m%dT%H%M%SZ}"
    yield f"DTSTART;VALUE=DATE:{event.at:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{event.at + timedelta(days=1):%Y%m%d}"
    yield f"SUMMARY:{_text(f'{report.deployment}: {event.title}')}"
    yield f"DESCRIPTION:{_text(chr(10).join(part for part in said if part))}"
    yield f"CATEGORIES:{_text(event.kind.value)}"
    yield "TRANSP:TRANSPARENT"
    if _WARN[event.kind]:
        yield "BEGIN:VALARM"
        yield "ACTION:DISPLAY"
        yield f"DESCRIPTION:{_text(event.title)}"
        yield f"TRIGGER:-P{_WARN[event.kind]}D"
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
