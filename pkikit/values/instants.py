"""Instants as people write them: ISO-8601 with a zone."""

from __future__ import annotations

from datetime import UTC, datetime

from pkikit.errors import InputError

# A CA or a lab dates certificates before and after its own time: X.509 begins in 1950 and ends in 9999 (RFC 5280 §4.1.2.5).
_MAKERS_YEARS = range(1951, 9800)


def parse_instant(given: str | datetime | None, now: datetime, *, makes: bool = False) -> datetime:
    """Read an instant and convert it to UTC.

    Args:
        given: ISO-8601 text with a zone, an aware datetime, or None for `now`.
        now: the instant when nothing is given, aware.
        makes: certificates are made at this instant, so there must be room before and after it.

    Returns:
        The instant, aware, in UTC.

    Raises:
        InputError: the text is not such a time, or it has no time zone.
    """
    if given is None:
        return now
    instant = given if isinstance(given, datetime) else _read(given)
    where = f"the time {str(given)[:60]!r}"
    if instant.tzinfo is None:
        raise InputError("has no time zone: write Z for UTC, as 2026-11-24T12:00:00Z", where=where)
    try:
        instant = instant.astimezone(UTC)
    except OverflowError:
        raise InputError("is outside the years 1 to 9999", where=where) from None
    if makes and instant.year not in _MAKERS_YEARS:
        allowed = f"{_MAKERS_YEARS[0]} to {_MAKERS_YEARS[-1]}"
        raise InputError(f"certificates can be made in the years {allowed} only", where=where)
    return instant


def _read(given: str) -> datetime:
    try:
        return datetime.fromisoformat(given)
    except (ValueError, TypeError):
        where = f"the time {str(given)[:60]!r}"
        raise InputError("write an ISO-8601 time with zone, as 2026-11-24T12:00:00Z", where=where) from None
