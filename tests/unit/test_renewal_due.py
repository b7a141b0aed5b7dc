"""The two random times a day at which the automatic ACME service may submit a request."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkikit.errors import InputError
from pkikit.judge.renewal_due import next_opportunity, opportunities
from pkikit.model.renewal import Schedule

INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(INSTANTS, st.sampled_from(["e1.example.com ", "e2.example.com "]))
def test_next_opportunity_is_the_first_of_two_a_day(after: datetime, seed: str) -> None:
    """Never before the instant, within a day and a half of it, and the same whenever it is asked."""
    found = next_opportunity(after, seed)
    assert after <= found < after + timedelta(days=2)
    assert found in opportunities(found.date(), seed)
    assert not [at for at in opportunities(after.date(), seed) if after <= at < found]
    assert next_opportunity(found, seed) == found


def test_opportunities_differ_by_day_and_by_machine() -> None:
    """Nobody can tell from one day when port 80 is open on the next."""
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(100)]
    for seed, other in (("e1.example.com ", "e2.example.com "), ("e1.example.com ", "e1.example.com a.example")):
        found = [opportunities(day, seed) for day in days]
        assert all(first.date() == second.date() == day for day, (first, second) in zip(days, found, strict=True))
        assert len({at.time() for pair in found for at in pair}) > 195
        assert found != [opportunities(day, other) for day in days]


def test_schedule_has_minutes() -> None:
    """TimeOfDay is hours and minutes; the next such time on one of the days."""
    schedule = Schedule(days=frozenset({0}), hour=4, minute=30)
    assert schedule.following(datetime(2026, 11, 23, 4, 29, tzinfo=UTC)) == datetime(2026, 11, 23, 4, 30, tzinfo=UTC)
    assert schedule.following(datetime(2026, 11, 23, 4, 30, tzinfo=UTC)) == datetime(2026, 11, 30, 4, 30, tzinfo=UTC)
    assert str(schedule) == "Monday at 04:30 UTC"
    with pytest.raises(InputError, match="0 to 59"):
        Schedule(minute=60)
