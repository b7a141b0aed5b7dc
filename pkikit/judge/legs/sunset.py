"""The end of clientAuth in public certificates: which connections fail, from when, and which remedy works for each.

Sources: field notice FN74362 and defect CSCwr73373; TAC documents 225482 and 225693; for the days `pkikit/ecosystem/rules`.

The certificate in use decides about a connection. Without it the answer is "not assessed". We guess only on request
(`Assumption`), and mark the guess as one.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pkikit.design.legs import legs_of
from pkikit.ecosystem.ecosystem_rule import State, Subject
from pkikit.ecosystem.shipped import rule_named, rules_about
from pkikit.judge.legs.eku_remedies import Remedy, remedies_for
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Leg
from pkikit.model.purposes import needs_client_auth
from pkikit.model.tables.public_cas import RENEWALS_LOSE_IT

_SAID = (
    ("digicert-client-auth", State.ON_REQUEST),
    ("lets-encrypt-classic-client-auth", State.ENDED),
    ("other-public-cas-client-auth", State.ENDED),
    ("lets-encrypt-tlsclient-client-auth", State.ENDED),
    ("sectigo-client-auth", State.ENDED),
    ("digicert-client-auth", State.ENDED),
    ("chrome-server-auth-only", State.REQUIRED),
)


def _timeline() -> Iterator[tuple[datetime, str]]:
    longest, shorter = rule_named("web-lifetime", Subject.LIFETIMES).steps[:2]
    yield shorter.begins, f"{shorter.says}, no longer {longest.value}"
    for name, value in _SAID:
        step = next(s for s in rule_named(name, Subject.CLIENT_AUTH).steps if s.value == value)
        yield step.begins, f"{step.says} (a guess)" if step.is_guess else step.says


# The end of clientAuth, and the first shorter lifetime: the days and the words of the rules.
TIMELINE: tuple[tuple[datetime, str], ...] = tuple(sorted(_timeline()))


def rule_dates(begin: datetime, end: datetime) -> tuple[tuple[datetime, str], ...]:
    """Return the days between two instants on which a rule for public certificates changes, each with a few words.

    Args:
        begin: the first instant.
        end: the last one.

    Returns:
        (day, words), oldest first; several rules of one day are joined.
    """
    rules = (*rules_about(Subject.LIFETIMES), *rules_about(Subject.CLIENT_AUTH))
    found: dict[datetime, list[str]] = {}
    for at, words in sorted((step.begins, step.short) for rule in rules for step in rule.steps if step.short):
        if begin <= at <= end:
            found.setdefault(at, []).append(words)
    return tuple((at, "; ".join(words)) for at, words in found.items())


# When a certificate in use, or the one that replaces it, has no clientAuth (None: that is not to be expected), and why.
ClientAuthEnd = tuple[datetime | None, str]


class Status(enum.StrEnum):
    """What the audit says about one connection."""

    FAILS = "fails"
    KEEPS = "keeps"
    NOT_ASSESSED = "not-assessed"


class Assumption(enum.StrEnum):
    """A what-if: who signed the certificates of our own peers that the caller did not give."""

    PUBLIC_CA = "public-ca"
    PRIVATE_CA = "private-ca"


@dataclass(frozen=True, kw_only=True)
class LegAudit:
    """One connection on which a party must present a certificate with clientAuth.

    fails_from: when it fails; None unless `status` is FAILS. assumed: the status rests on a what-if, not on a certificate.
    """

    leg: Leg
    status: Status
    fails_from: datetime | None
    because: str
    remedies: tuple[Remedy, ...]
    assumed: bool = False

    @property
    def presenter(self) -> str:
        """The party whose certificate needs clientAuth: the client, or E where it sends its certificate to C (SIP SERVICE)."""
        return presenter_of(self.leg)

    def to_json(self) -> dict[str, Any]:
        """Return one entry of `legs`; `fails` is null for a connection that was not assessed."""
        return {
            "id": self.leg.id,
            "client": self.leg.client,
            "server": self.leg.server,
            "presenter": self.presenter,
            "status": self.status.value,
            "assessed": self.status is not Status.NOT_ASSESSED,
            "assumed": self.assumed,
            "fails": None if self.status is Status.NOT_ASSESSED else self.status is Status.FAILS,
            "from": self.fails_from.isoformat().replace("+00:00", "Z") if self.fails_from else None,
            "because": self.because,
            "remedies": [r.to_json() for r in self.remedies],
        }


def audit(
    deployment: Deployment,
    ends: Mapping[str, ClientAuthEnd],
    *,
    at: datetime,
    assume: Assumption | None = None,
) -> tuple[LegAudit, ...]:
    """Audit every connection on which a certificate must contain clientAuth.

    ends: when the certificates in use lose clientAuth, by FQDN (`client_auth_ends`). A connection whose presenter has none
    here is not assessed. With `assume` it is judged as if the presenter's certificate came from such a CA, if the presenter is
    one of our own peers.
    """
    return tuple(
        _audit_leg(deployment, leg, ends.get(presenter_of(leg)), at, assume)
        for leg in legs_of(deployment)
        if needs_client_auth(leg, presenter_of(leg), deployment)
    )


def presenter_of(leg: Leg) -> str:
    """Return the party whose certificate the audit of a leg is about."""
    return leg.server if leg.registration else leg.client


def _audit_leg(
    deployment: Deployment, leg: Leg, end: ClientAuthEnd | None, at: datetime, assume: Assumption | None
) -> LegAudit:
    ours = deployment.cluster_of(presenter_of(leg)) is not None
    if end is None:
        fails_from, status, because = _without_certificate(leg, at, assume if ours else None, ours=ours)
    else:
        fails_from, because = end
        status = Status.KEEPS if fails_from is None else Status.FAILS
    return LegAudit(
        leg=leg,
        status=status,
        fails_from=fails_from,
        because=because,
        remedies=remedies_for(deployment, leg, presenter_of(leg)) if status is Status.FAILS else (),
        assumed=end is None and status is not Status.NOT_ASSESSED,
    )


def _without_certificate(
    leg: Leg, at: datetime, assume: Assumption | None, *, ours: bool
) -> tuple[datetime | None, Status, str]:
    match assume:
        case Assumption.PUBLIC_CA:
            because = (
                f"assumed: a public CA signed the certificate; its first renewal from {RENEWALS_LOSE_IT:%Y-%m-%d} on comes "
                "back without clientAuth, and one that was issued before works until it ends"
            )
            return max(at, RENEWALS_LOSE_IT), Status.FAILS, because
        case Assumption.PRIVATE_CA:
            return None, Status.KEEPS, "assumed: a private CA signed the certificate, and goes on issuing clientAuth"
        case None if ours:
            return None, Status.NOT_ASSESSED, f"not assessed: the certificate of {presenter_of(leg)} was not given"
        case None:
            because = f"not assessed: {leg.client} shows its own certificate, which was not given; ask who runs it"
            return None, Status.NOT_ASSESSED, because
