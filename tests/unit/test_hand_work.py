"""The year in which renewals by hand stop working: renewals under the rules of each day, the work, and what ends it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pkikit.design.hand_work.hand_outlook import DEFAULT_EFFORT, HandState, checked_hours, hand_outlook
from pkikit.design.hand_work.renewal_calendar import CertificateSet, IssuerKind, renewals_of
from pkikit.errors import InputError
from pkikit.explore.advice.certificate_design import BY_ACME, ONE, PER_PEER, PRIVATE, PUBLIC, TWO, Design
from pkikit.explore.advice.design_outlook import outlook_of, sets_of
from pkikit.explore.advice.figures import Study
from pkikit.report.content.build import build_report
from pkikit.report.given.given import Given
from pkikit.report.written.finished_report import FinishedReport
from tests.support.worlds import AT, E1, deployment, issued

DAY = timedelta(days=1)
NOW = datetime(2026, 11, 26, tzinfo=UTC)
END = datetime(2037, 1, 1, tzinfo=UTC)
PUBLIC_SET = CertificateSet(
    name="certificates of edge", certificates=2, restarts=2, issuer=IssuerKind.PUBLIC, days=398
)  # fmt: skip


def design(authority: str, stores: str = ONE, days: int = 398) -> Design:
    return Design(
        certificate=PER_PEER,
        registration="",
        authority=authority,
        stores=stores,
        days=days,
        edge_days=0,
        version="X15.5",
    )


@pytest.mark.parametrize("issuer", IssuerKind)
@pytest.mark.parametrize("automatic", [False, True])
def test_renewal_comes_before_the_end_and_lives_as_the_rules_of_its_day_say(
    issuer: IssuerKind, automatic: bool
) -> None:
    """No gap, no certificate that is longer than allowed on its day of issue, at least two thirds of each life used."""
    found = replace(PUBLIC_SET, issuer=issuer, automatic=automatic)
    renewals = renewals_of(found, at=NOW, until=END)
    assert len(renewals) > 5
    issue, days = NOW, found.life(NOW)
    for renewal in renewals:
        used = (renewal.at - issue) / DAY
        assert days * 2 / 3 - 0.01 <= used < days
        assert renewal.days == found.life(renewal.at)
        issue, days = renewal.at, renewal.days
    assert renewals[-1].at < END


def test_lives_follow_the_steps_of_each_issuer() -> None:
    """398 to 47 days for the web, 90 to 45 at Let's Encrypt, the same for years by a private CA."""
    at = [datetime(year, 6, 1, tzinfo=UTC) for year in (2025, 2026, 2027, 2028, 2029)]
    assert [PUBLIC_SET.life(day) for day in at] == [398, 200, 100, 100, 47]
    encrypt = replace(PUBLIC_SET, issuer=IssuerKind.LETS_ENCRYPT, days=90)
    assert [encrypt.life(day) for day in at] == [90, 90, 64, 45, 45]
    assert {replace(PUBLIC_SET, issuer=IssuerKind.PRIVATE).life(day) for day in at} == {398}
    assert [replace(PUBLIC_SET, days=90).life(day) for day in at] == [90, 90, 90, 90, 47]


def test_certificate_in_use_is_renewed_before_its_own_end() -> None:
    """Its end counts, not the day of the question; one that has ended is renewed at once."""
    ends = NOW + 100 * DAY
    first, *_ = renewals_of(replace(PUBLIC_SET, ends=ends), at=NOW, until=END)
    assert first.at == ends - 30 * DAY
    over, *_ = renewals_of(replace(PUBLIC_SET, ends=NOW - DAY), at=NOW, until=END)
    assert over.at == NOW


def test_names_are_validated_again_when_the_last_validation_is_too_old() -> None:
    """From 2029 on at every renewal; before, a validation may serve the next renewal. A private CA asks for none."""
    renewals = renewals_of(PUBLIC_SET, at=NOW, until=END)
    assert {r.validated for r in renewals if r.at.year >= 2030} == {True}
    assert {r.validated for r in renewals if r.at.year == 2028} == {True, False}
    private = renewals_of(replace(PUBLIC_SET, issuer=IssuerKind.PRIVATE), at=NOW, until=END)
    assert not any(r.validated for r in private)


def test_design_stops_in_the_first_year_above_the_budget() -> None:
    """More hours, a later year; the year before is within the budget; the sum is the minutes of its renewals."""
    outlook = hand_outlook([PUBLIC_SET], at=NOW)
    assert (outlook.state, outlook.year) == (HandState.STOPS, 2030)
    assert [year.hours <= 24 for year in outlook.years if year.year in (2029, 2030)] == [True, False]
    one = next(year for year in outlook.years if year.year == 2030)
    renewals = [r for r in renewals_of(PUBLIC_SET, at=NOW, until=END) if r.at.year == 2030]
    assert (
        one.minutes
        == sum(DEFAULT_EFFORT.minutes(PUBLIC_SET, r) for r in renewals)
        == len(renewals) * (2 * 40 + 2 * 18 + 15)
    )
    assert (one.renewals, one.restarts, one.shortest) == (2 * len(renewals), 2 * len(renewals), 47)
    assert [hand_outlook([PUBLIC_SET], at=NOW, hours=h).year for h in (0, 5, 24, 1000)] == [2027, 2027, 2030, None]
    assert outlook.head == "By hand, this stops working in 2030."
    assert "47 days" in outlook.because[0]
    assert [change.step.value for change in outlook.validation] == [100, 10]


def test_automatic_renewal_is_no_work() -> None:
    """ACME on E, by hand on C: the work is that of C alone, in every year."""
    study = Study(deployment("clustered-mra"))
    by_hand, by_acme = (outlook_of(study, design(authority, TWO), NOW) for authority in (PUBLIC, BY_ACME))
    assert (by_hand.state, by_acme.state) == (HandState.STOPS, HandState.WORKS)
    assert by_acme.automatic == ("server certificates of Expressway-E",)
    assert max(year.hours for year in by_acme.years) < 10
    assert hand_outlook([replace(PUBLIC_SET, automatic=True)], at=NOW, hours=0).state is HandState.WORKS


def test_private_authority_works_to_the_horizon() -> None:
    """No rule of public CAs counts for it: long lives go on, short ones are the team's own choice."""
    study = Study(deployment("clustered-mra"))
    assert outlook_of(study, design(PRIVATE), NOW).year is None
    short = outlook_of(study, design(PRIVATE, days=47), NOW)
    assert (short.state, short.year) == (HandState.STOPS, 2027)
    assert short.validation == ()


def test_end_of_client_auth_stops_a_design_before_its_work_does() -> None:
    """One store with a public certificate and connections that ask for clientAuth: it stops now. Two stores do not."""
    study = Study(deployment("clustered-full"))
    lost = outlook_of(study, design(PUBLIC), NOW, 10_000)
    assert (lost.state, lost.year, lost.client_auth_ends) == (HandState.STOPS, 2026, NOW)
    assert "other-public-cas-client-auth" in lost.guesses
    assert "no clientAuth from 2026-11-26 on" in lost.because[0]
    two = outlook_of(study, design(PUBLIC, TWO), NOW, 10_000)
    assert (two.state, two.client_auth_ends) == (HandState.WORKS, None)
    assert [found.restarts for found in sets_of(study, design(PUBLIC, TWO))][-1] == 0


def test_unknown_certificates_leave_the_answer_open() -> None:
    """Nothing known, nothing claimed; what is known already stops: the rest cannot change that."""
    assert hand_outlook([], at=NOW).state is HandState.NOT_ASSESSED
    private = replace(PUBLIC_SET, issuer=IssuerKind.PRIVATE)
    assert hand_outlook([private], at=NOW, unknown=[E1]).state is HandState.NOT_ASSESSED
    stops = hand_outlook([PUBLIC_SET], at=NOW, unknown=[E1])
    assert (stops.state, stops.year) == (HandState.STOPS, 2030)
    assert stops.to_json()["not_assessed"] == [E1]


@pytest.mark.parametrize("at", [datetime(1, 1, 1, tzinfo=UTC), datetime(9998, 6, 1, tzinfo=UTC)])
def test_times_at_the_edge_of_the_calendar_are_answered(at: datetime) -> None:
    assert hand_outlook([PUBLIC_SET], at=at).years


@pytest.mark.parametrize("hours", [-1.0, float("nan"), float("inf"), 1e9])
def test_hours_that_nobody_has_are_refused(hours: float) -> None:
    with pytest.raises(InputError, match="hours a year: allowed are 0 to 100000"):
        checked_hours(hours)


def test_report_says_when_its_certificates_stop_working_by_hand() -> None:
    """All forms of the report say the same; without a peer's certificate the answer stays open."""
    world = issued().world
    made = FinishedReport(build_report(Given(world=world, files={}), AT))
    outlook = made.report.by_hand
    assert outlook.state is not HandState.NOT_ASSESSED
    assert made.to_json()["by_hand"]["years"][1]["renewals"] > 0
    for text in (made.html, made.markdown):
        assert "Renewals by hand in the next ten years" in text
        assert outlook.head in text
    party = world.parties[E1]
    partly = build_report(Given(world=world.with_party(replace(party, credential=None, services={})), files={}), AT)
    assert partly.by_hand.unknown == (E1,)
    tight = build_report(Given(world=world, files={}), AT, hours=0)
    assert tight.by_hand.state is HandState.STOPS
    assert [years for years, _ in outlook.rows][-1].endswith(" to 2036")
    assert sum(1 for _ in outlook.rows) < len(outlook.years)
