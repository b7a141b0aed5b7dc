"""What public CAs issue, from which day: lifetimes, names and purposes, by profile of Let's Encrypt and for all CAs.

The facts and their sources are in `pkikit/ecosystem/rules/`; here they have the form in which the rest of pkikit asks them.
Cisco TAC 225482 and FN74362 say what an Expressway orders.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pkikit.ecosystem.ecosystem_rule import EcosystemRule, State, Subject, Unit
from pkikit.ecosystem.shipped import rule_named

Steps = tuple[tuple[datetime, int], ...]  # (from this day, at most so many days), in order of time
_HOURS_A_DAY = 24


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
    """Return the lifetime of a certificate that is issued at this instant; before the first step, that of the first step."""
    return next((days for since, days in reversed(steps) if since <= at), steps[0][1])


def _steps(rule: EcosystemRule) -> Steps:
    in_a_day = _HOURS_A_DAY if rule.unit is Unit.HOURS else 1
    return tuple((step.begins, int(step.value) // in_a_day) for step in rule.steps)


def _profile(name: str, *, common_name: bool, client_auth_until: datetime | None = None) -> AcmeProfile:
    lifetime = rule_named(f"lets-encrypt-{name}-lifetime", Subject.LIFETIMES)
    return AcmeProfile(
        name=name,
        lifetimes=_steps(lifetime),
        most_names=int(rule_named(f"lets-encrypt-{name}-names", Subject.LIFETIMES).steps[-1].value),
        common_name=common_name,
        client_auth_until=client_auth_until,
        ended=lifetime.steps[-1].ends,
    )


def _end_of_client_auth(name: str) -> datetime:
    return rule_named(f"{name}-client-auth", Subject.CLIENT_AUTH).begin_of(State.ENDED)


EXPRESSWAY_PROFILE: Final = "classic"  # hard-coded, nobody can change it (Cisco TAC 225482)
CLASSIC_ENDS_CLIENT_AUTH: Final = _end_of_client_auth("lets-encrypt-classic")
TLSCLIENT_ENDS: Final = _end_of_client_auth("lets-encrypt-tlsclient")
# From here on a renewal by a public CA is taken to come back without clientAuth (a guess, with its reason in the rules).
RENEWALS_LOSE_IT: Final = _end_of_client_auth("other-public-cas")
# Common names: Let's Encrypt, "Profiles".
LETS_ENCRYPT: Mapping[str, AcmeProfile] = {
    profile.name: profile
    for profile in (
        _profile(EXPRESSWAY_PROFILE, common_name=True, client_auth_until=CLASSIC_ENDS_CLIENT_AUTH),
        _profile("tlsserver", common_name=False),
        _profile("shortlived", common_name=False),
        _profile("tlsclient", common_name=True, client_auth_until=TLSCLIENT_ENDS),
    )
}
# What any CA of the web may issue at most (ballot SC-081).
WEB_LIFETIMES: Steps = _steps(rule_named("web-lifetime", Subject.LIFETIMES))
