"""What public CAs issue, from which day: lifetimes, names and purposes, by profile of Let's Encrypt and for all CAs.

Sources: Let's Encrypt, "Profiles" and "From 90 days to 45" (2 December 2025) and "Ending TLS Client Authentication
Certificate Support in 2026"; CA/Browser Forum ballot SC-081; Cisco TAC 225482 and FN74362 for what an Expressway orders.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

Steps = tuple[tuple[datetime, int], ...]  # (from this day, at most so many days), in order of time
_BEGIN = datetime(2015, 1, 1, tzinfo=UTC)


def _day(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class AcmeProfile:
    """A profile of Let's Encrypt.

    Attributes:
        name: as a client orders it.
        lifetimes: days of life, by the day of issue.
        most_names: names in one certificate.
        common_name: the subject has a common name.
        client_auth_until: certificates issued from this day on have serverAuth alone; None if they always had.
        ended: the profile is gone from this day on; None while it is offered.
    """

    name: str
    lifetimes: Steps
    most_names: int
    common_name: bool
    client_auth_until: datetime | None = None
    ended: datetime | None = None

    def days(self, at: datetime) -> int:
        """Return how long a certificate lives that is issued at this instant."""
        return days_at(self.lifetimes, at)

    def has_client_auth(self, at: datetime) -> bool:
        """Return True if a certificate that is issued at this instant has clientAuth."""
        return self.client_auth_until is not None and at < self.client_auth_until


def days_at(steps: Steps, at: datetime) -> int:
    """Return the lifetime of a certificate that is issued at this instant."""
    return next(days for since, days in reversed(steps) if since <= at)


EXPRESSWAY_PROFILE: Final = "classic"  # hard-coded, nobody can change it (Cisco TAC 225482)
CLASSIC_ENDS_CLIENT_AUTH: Final = _day(2026, 2, 11)
TLSCLIENT_ENDS: Final = _day(2026, 7, 8)
LETS_ENCRYPT: Mapping[str, AcmeProfile] = {
    profile.name: profile
    for profile in (
        AcmeProfile(
            name=EXPRESSWAY_PROFILE,
            lifetimes=((_BEGIN, 90), (_day(2027, 2, 10), 64), (_day(2028, 2, 16), 45)),
            most_names=100,
            common_name=True,
            client_auth_until=CLASSIC_ENDS_CLIENT_AUTH,
        ),
        AcmeProfile(
            name="tlsserver",
            lifetimes=((_BEGIN, 90), (_day(2026, 5, 13), 45)),
            most_names=25,
            common_name=False,
        ),
        AcmeProfile(name="shortlived", lifetimes=((_BEGIN, 6),), most_names=25, common_name=False),
        AcmeProfile(
            name="tlsclient",
            lifetimes=((_BEGIN, 90),),
            most_names=100,
            common_name=True,
            client_auth_until=TLSCLIENT_ENDS,
            ended=TLSCLIENT_ENDS,
        ),
    )
}
# What any CA of the web may issue at most (ballot SC-081).
WEB_LIFETIMES: Steps = (
    (_BEGIN, 398), (_day(2026, 3, 15), 200), (_day(2027, 3, 15), 100), (_day(2029, 3, 15), 47),
)  # fmt: skip
