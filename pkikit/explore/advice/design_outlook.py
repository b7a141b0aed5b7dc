"""What ten years of renewals by hand mean for a design: its certificates as sets, and the year in which that stops working."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pkikit.design.choices import PROFILES
from pkikit.design.hand_work.hand_outlook import HOURS_A_YEAR, HandOutlook, hand_outlook
from pkikit.design.hand_work.renewal_calendar import CertificateSet, IssuerKind
from pkikit.explore.advice.certificate_design import BY_ACME, PRIVATE, SHARED, TWO, Design
from pkikit.explore.advice.figures import Study
from pkikit.model.parties import Role
from pkikit.model.tables.public_cas import (
    CLASSIC_ENDS_CLIENT_AUTH,
    EXPRESSWAY_PROFILE,
    RENEWALS_LOSE_IT,
    WEB_LIFETIMES,
)

_LOST = {
    IssuerKind.PUBLIC: (RENEWALS_LOSE_IT, "We assume that a public CA renews without it (a guess)."),
    IssuerKind.LETS_ENCRYPT: (CLASSIC_ENDS_CLIENT_AUTH, "Let's Encrypt's classic profile has serverAuth only."),
}


def outlook_of(study: Study, design: Design, at: datetime, hours: float = HOURS_A_YEAR) -> HandOutlook:
    """Return what ten years of renewals by hand mean for a design.

    Args:
        study: the deployment.
        design: the design.
        at: when its certificates are issued.
        hours: hours of work a year that the team plans.

    Returns:
        The outlook.
    """
    return hand_outlook(tuple(sets_of(study, design)), at=at, hours=hours)


def sets_of(study: Study, design: Design) -> Iterator[CertificateSet]:
    """Yield the certificates of a design that are renewed together.

    Args:
        study: the deployment.
        design: the design.

    Yields:
        The sets: those of Expressway-C, the server certificates of Expressway-E, and its client certificates.
    """
    facts = study.facts(design)
    holders = facts.clusters if design.certificate == SHARED else facts.peers
    core, edge = Role.EXPRESSWAY_C, Role.EXPRESSWAY_E
    if facts.peers[core]:
        yield CertificateSet(
            name="certificates of Expressway-C", certificates=holders[core], restarts=facts.peers[core],
            issuer=IssuerKind.PRIVATE, days=design.days,
        )  # fmt: skip
    if not facts.peers[edge]:
        return
    by_acme, two = design.authority == BY_ACME, design.stores == TWO
    issuer = _issuer(design)
    asked = facts.needing_client_auth if issuer.is_public and not two else ()
    ends, why = _LOST[issuer] if asked else (None, "")
    yield CertificateSet(
        name="server certificates of Expressway-E" if two else "certificates of Expressway-E",
        certificates=holders[edge], restarts=0 if by_acme else facts.peers[edge], issuer=issuer,
        days=_days(design), automatic=by_acme, client_auth_ends=ends, why=why,
    )  # fmt: skip
    if two:  # by hand, both stores are loaded before one restart
        yield CertificateSet(
            name="client certificates of Expressway-E", certificates=holders[edge],
            restarts=facts.peers[edge] if by_acme else 0, issuer=IssuerKind.PRIVATE, days=design.days,
        )  # fmt: skip


def _issuer(design: Design) -> IssuerKind:
    if design.authority == PRIVATE:
        return IssuerKind.PRIVATE
    return IssuerKind.LETS_ENCRYPT if design.authority == BY_ACME else IssuerKind.PUBLIC


def _days(design: Design) -> int:
    """Return the longest life that the issuer gives; the rules of each day make it shorter."""
    if design.authority == PRIVATE:
        return design.days
    return PROFILES[EXPRESSWAY_PROFILE] if design.authority == BY_ACME else WEB_LIFETIMES[0][1]
