"""The year in which renewals by hand stop working: the work of each year beside a budget, and the end of clientAuth."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from pkikit.design.hand_work.renewal_calendar import YEARS, CertificateSet, Renewal, renewals_of
from pkikit.design.restarts import ESTIMATES, WATCH
from pkikit.ecosystem.ecosystem_rule import Change, Subject
from pkikit.ecosystem.shipped import changes_between, rule_named
from pkikit.errors import InputError
from pkikit.text import counted, listed

HOURS_A_YEAR = 24.0
"""Hours of work by hand that a team plans for certificates in a year (ours): three working days."""
_MOST_HOURS = 100_000.0
_LAST_YEAR = 9999


@dataclass(frozen=True, kw_only=True)
class Effort:
    """Minutes of work. What Cisco's documents estimate is the restart; everything else is ours.

    Attributes:
        order: make a request, order the certificate, receive and check it.
        load: load it.
        restart: one restart.
        watch: watch a peer before the next one restarts.
        validate: prove to the CA that the names are yours.
    """

    order: int = 30
    load: int = 10
    restart: int = ESTIMATES["restart"]
    watch: int = WATCH // timedelta(minutes=1)
    validate: int = 15

    def minutes(self, found: CertificateSet, renewal: Renewal) -> int:
        """Return the minutes of one renewal of a set; none if a program does it."""
        if found.automatic:
            return 0
        work = found.certificates * (self.order + self.load) + found.restarts * (self.restart + self.watch)
        return work + self.validate * renewal.validated


DEFAULT_EFFORT = Effort()


class HandState(enum.StrEnum):
    """Whether a design goes on working by hand."""

    STOPS = "stops"
    WORKS = "works"
    NOT_ASSESSED = "not-assessed"


@dataclass(frozen=True, kw_only=True)
class HandYear:
    """The work by hand of one year.

    Attributes:
        year: the calendar year.
        renewals: certificates that people renew.
        restarts: restarts for that.
        validations: how often a CA validates names again.
        minutes: of work.
        shortest: the shortest life of a certificate that is renewed by hand, in days; 0 without any.
    """

    year: int
    renewals: int
    restarts: int
    validations: int
    minutes: int
    shortest: int

    @property
    def hours(self) -> float:
        """The work in hours."""
        return round(self.minutes / 60, 1)

    def to_json(self) -> dict[str, Any]:
        """Return one entry of `years`."""
        return {
            "year": self.year, "renewals": self.renewals, "restarts": self.restarts, "validations": self.validations,
            "hours": self.hours, "shortest_days": self.shortest or None,
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class HandOutlook:
    """What ten years of renewals by hand mean.

    Attributes:
        state: whether it stops working.
        year: the year in which it stops; None otherwise.
        because: the reasons, as sentences.
        years: the work of each year; the first one is a part of a year.
        hours: the budget.
        client_auth_ends: when the first certificate loses clientAuth that somebody asks for; None if none does.
        validation: the steps of how long a CA may reuse a validation, that matter here.
        automatic: sets that a program renews.
        unknown: machines whose certificate nobody gave.
        guesses: ids of the rules and names of the assumptions that are guesses.
    """

    state: HandState
    year: int | None
    because: tuple[str, ...]
    years: tuple[HandYear, ...]
    hours: float
    client_auth_ends: datetime | None
    validation: tuple[Change, ...]
    automatic: tuple[str, ...]
    unknown: tuple[str, ...]
    guesses: tuple[str, ...]

    @property
    def head(self) -> str:
        """The answer in one sentence."""
        last = self.years[-1].year if self.years else None
        match self.state:
            case HandState.STOPS:
                return f"By hand, this stops working in {self.year}."
            case HandState.WORKS:
                return f"By hand, this works to {last}, as far as the rules are known today."
            case HandState.NOT_ASSESSED if any(year.renewals for year in self.years):
                return "The work by hand is known in part only."
            case HandState.NOT_ASSESSED:
                return "The work by hand was not assessed."

    @property
    def rows(self) -> tuple[tuple[str, HandYear], ...]:
        """The years with their work, as `2027 to 2036` where neighbours are equal; none if nobody renews anything by hand."""
        if not any(year.renewals for year in self.years):
            return ()
        spans = [list(same) for _, same in groupby(self.years, key=lambda year: replace(year, year=0))]
        return tuple((f"{s[0].year} to {s[-1].year}" if s[1:] else str(s[0].year), s[0]) for s in spans)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The answer, and the reasons."""
        return (self.head, *self.because)

    def to_json(self) -> dict[str, Any]:
        """Return `by_hand` of a recommendation or a report."""
        return {
            "state": self.state.value,
            "year": self.year,
            "says": self.head,
            "because": list(self.because),
            "budget_hours": self.hours,
            "years": [year.to_json() for year in self.years],
            "client_auth_ends": f"{self.client_auth_ends:%Y-%m-%d}" if self.client_auth_ends else None,
            "validation": [{"from": f"{c.at:%Y-%m-%d}", "days": c.step.value} for c in self.validation],
            "automatic": list(self.automatic),
            "not_assessed": list(self.unknown),
            "guesses": list(self.guesses),
        }


def checked_hours(hours: float) -> float:
    """Return a budget that can be used.

    Args:
        hours: of work a year.

    Returns:
        The same number.

    Raises:
        InputError: it is not a number of hours.
    """
    if not 0 <= hours <= _MOST_HOURS:
        raise InputError(f"{hours:g} hours a year: allowed are 0 to {_MOST_HOURS:g}")
    return hours


def hand_outlook(
    sets: Sequence[CertificateSet],
    *,
    at: datetime,
    hours: float = HOURS_A_YEAR,
    unknown: Sequence[str] = (),
    effort: Effort = DEFAULT_EFFORT,
    years: int = YEARS,
) -> HandOutlook:
    """Work out when renewals by hand stop working.

    It stops in the first year in which the work exceeds the budget, or in which a certificate loses clientAuth that a
    connection asks for. If something is unknown, the answer is "not assessed", unless the known part already stops.

    Args:
        sets: the certificates.
        at: the beginning.
        hours: hours of work a year that the team plans.
        unknown: machines whose certificate nobody gave.
        effort: minutes of work.
        years: how many years to look ahead.

    Returns:
        The outlook.
    """
    until = datetime(min(at.year + years + 1, _LAST_YEAR), 1, 1, tzinfo=UTC)
    renewed = [(found, renewals_of(found, at=at, until=until)) for found in sets]
    lived = tuple(_year(year, renewed, effort) for year in range(at.year, until.year))
    over = next((year for year in lived if year.minutes > hours * 60), None)
    losing = [found for found in sets if found.client_auth_ends is not None and found.client_auth_ends < until]
    first = min(losing, key=lambda found: found.client_auth_ends or until, default=None)
    lost = max(first.client_auth_ends, at) if first is not None and first.client_auth_ends is not None else None
    stops = [year for year in (over.year if over else None, lost.year if lost else None) if year is not None]
    state = HandState.STOPS if stops else HandState.NOT_ASSESSED if unknown or not sets else HandState.WORKS
    work, purpose = _of_work(over, lived, hours, state), _of_client_auth(first, lost)
    sooner = lost is not None and (over is None or lost.year <= over.year)
    because = [*(purpose + work if sooner else work + purpose), *_of_others(sets, unknown)]
    by_hand = [found for found in sets if not found.automatic and found.issuer.is_public]
    reuse = rule_named("domain-validation-reuse", Subject.VALIDATION)
    return HandOutlook(
        state=state,
        year=min(stops, default=None),
        because=tuple(because),
        years=lived,
        hours=hours,
        client_auth_ends=lost,
        validation=changes_between(at, until, (reuse,)) if by_hand else (),
        automatic=tuple(found.name for found in sets if found.automatic),
        unknown=tuple(unknown),
        guesses=tuple(_guesses(sets, lost)),
    )


def _year(year: int, renewed: Sequence[tuple[CertificateSet, Sequence[Renewal]]], effort: Effort) -> HandYear:
    events = [(found, r) for found, all_of in renewed if not found.automatic for r in all_of if r.at.year == year]
    return HandYear(
        year=year,
        renewals=sum(found.certificates for found, _ in events),
        restarts=sum(found.restarts for found, _ in events),
        validations=sum(r.validated for _, r in events),
        minutes=sum(effort.minutes(found, r) for found, r in events),
        shortest=min((r.days for _, r in events), default=0),
    )


def _of_work(over: HandYear | None, lived: Sequence[HandYear], hours: float, state: HandState) -> list[str]:
    busiest = max(lived, key=lambda year: year.minutes, default=None)
    shown = over or busiest
    if shown is None or (not shown.renewals and state is HandState.NOT_ASSESSED):
        return []
    if not shown.renewals:
        return ["Nobody renews a certificate by hand in these years."]
    work = f"{counted(shown.renewals, 'renewal')} and {counted(shown.restarts, 'restart')}"
    lives = f"certificates that live {counted(shown.shortest, 'day')}"
    if over is None:
        return [
            f"The busiest year is {shown.year}: {work}, {shown.hours:g} hours of the {hours:g} that you plan (ours)."
        ]
    said = f"It takes {shown.hours:g} hours in {shown.year}, more than the {hours:g} that you plan (ours)"
    return [f"{said}: {work}, with {lives}."]


def _of_client_auth(first: CertificateSet | None, lost: datetime | None) -> list[str]:
    if first is None or lost is None:
        return []
    return [
        f"The {first.name} have no clientAuth from {lost:%Y-%m-%d} on, and connections ask for it. {first.why}".strip()
    ]


def _of_others(sets: Sequence[CertificateSet], unknown: Sequence[str]) -> list[str]:
    said = []
    programs = [found.name for found in sets if found.automatic]
    if programs:
        said.append(f"A program renews the {listed(programs)}: nobody works on that by hand.")
    if unknown:
        missing = f"Nobody gave the certificate of {counted(len(unknown), 'machine')}"
        said.append(f"{missing}: those renewals come on top." if sets else f"{missing}.")
    if not sets and not unknown:
        said.append("There is no certificate to renew.")
    return said


def _guesses(sets: Sequence[CertificateSet], lost: datetime | None) -> list[str]:
    found = ["minutes of work", "hours a year"]
    if lost is not None and any(s.issuer.is_public for s in sets):
        found.append("other-public-cas-client-auth")
    return found
