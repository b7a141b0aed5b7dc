"""Every renewal of some certificates over the next years: when, how long the new one lives, and what must be validated."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from pkikit.ecosystem.ecosystem_rule import Subject
from pkikit.ecosystem.shipped import rule_named
from pkikit.model.tables.public_cas import EXPRESSWAY_PROFILE, LETS_ENCRYPT, WEB_LIFETIMES, days_at

YEARS = 10
BY_HAND = 30  # days before the end at which people renew (ours)
_MOST = 10_000


class IssuerKind(enum.StrEnum):
    """Who issues certificates."""

    PRIVATE = "private-ca"
    PUBLIC = "public-ca"
    LETS_ENCRYPT = "lets-encrypt"

    @property
    def is_public(self) -> bool:
        """True if the rules for public CAs count."""
        return self is not IssuerKind.PRIVATE


@dataclass(frozen=True, kw_only=True)
class CertificateSet:
    """Certificates that are renewed together.

    Attributes:
        name: what they are, as "certificates of core".
        certificates: how many there are.
        restarts: how many peers restart when all of them are renewed.
        issuer: who issues them.
        days: how long they live; a public CA gives less where its rules say so.
        automatic: a program renews them, and nobody works.
        ends: when the one in use ends; None if they are issued at the beginning.
        client_auth_ends: from when on they have no clientAuth although somebody asks for it; None if that does not happen.
        why: what the end of clientAuth rests on.
    """

    name: str
    certificates: int
    restarts: int
    issuer: IssuerKind
    days: int
    automatic: bool = False
    ends: datetime | None = None
    client_auth_ends: datetime | None = None
    why: str = ""

    def life(self, at: datetime) -> int:
        """Return the days that a certificate lives which is issued at an instant."""
        match self.issuer:
            case IssuerKind.PRIVATE:
                return self.days
            case IssuerKind.PUBLIC:
                return min(self.days, days_at(WEB_LIFETIMES, at))
            case IssuerKind.LETS_ENCRYPT:
                return min(self.days, LETS_ENCRYPT[EXPRESSWAY_PROFILE].days(at))


@dataclass(frozen=True, kw_only=True)
class Renewal:
    """One renewal of a set.

    Attributes:
        at: when.
        days: how long the new certificates live.
        validated: the CA validates the names again, because its last validation is too old.
    """

    at: datetime
    days: int
    validated: bool


def renewals_of(found: CertificateSet, *, at: datetime, until: datetime) -> tuple[Renewal, ...]:
    """Return every renewal of a set between two instants.

    By hand, people renew 30 days before the end, or after two thirds of a short life; a program renews after two thirds.

    Args:
        found: the set.
        at: the beginning. Without `ends`, the certificates are issued then, and that is not a renewal.
        until: the end, not included.

    Returns:
        The renewals, the earliest first.
    """
    return tuple(_renewals(found, at, until))


def _renewals(found: CertificateSet, at: datetime, until: datetime) -> Iterator[Renewal]:
    reuse = rule_named("domain-validation-reuse", Subject.VALIDATION)
    days = found.life(at)
    due = _due(at, days, found) if found.ends is None else max(at, found.ends - _margin(days, found))
    last = at if found.ends is None else None
    for _ in range(_MOST):
        if due is None or due >= until:
            return
        days = found.life(due)
        validated = found.issuer.is_public and (last is None or (due - last).days > reuse.number_at(due))
        last = due if validated else last
        yield Renewal(at=due, days=days, validated=validated)
        due = _due(due, days, found)


def _due(issued: datetime, days: int, found: CertificateSet) -> datetime | None:
    try:
        return issued + max(timedelta(days=days) - _margin(days, found), timedelta(days=1))
    except OverflowError:
        return None


def renewal_margin(days: float, *, automatic: bool) -> float:
    """Return how many days before its end a certificate is renewed.

    Args:
        days: how long it lives.
        automatic: a program renews it, after two thirds of its life; otherwise people do, 30 days before its end at most (ours).

    Returns:
        The days; less than `days`.
    """
    return days / 3 if automatic else min(BY_HAND, days / 3)


def _margin(days: int, found: CertificateSet) -> timedelta:
    return timedelta(days=renewal_margin(days, automatic=found.automatic))
