"""What ten years of renewals by hand mean for a design: its certificates as sets, and the year in which that stops working."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pkikit.design.choices import PROFILES
from pkikit.design.hand_work.hand_outlook import HOURS_A_YEAR, HandOutlook, hand_outlook
from pkikit.design.hand_work.renewal_calendar import CertificateSet, IssuerKind
from pkikit.explore.advice.certificate_design import BY_ACME, ONE, PER_PEER, PRIVATE, PUBLIC, SHARED, TWO, Design
from pkikit.explore.advice.figures import Study
from pkikit.model.deployment import Deployment
from pkikit.model.parties import Role
from pkikit.model.tables.features import TWO_STORES
from pkikit.model.tables.public_cas import (
    CLASSIC_ENDS_CLIENT_AUTH,
    EXPRESSWAY_PROFILE,
    RENEWALS_LOSE_IT,
    WEB_LIFETIMES,
)

AUTHORITY_OF = {"private-ca": PRIVATE, "public-ca": PUBLIC, "acme": BY_ACME}
"""Who may issue the certificates of Expressway-E, as people name it, and the design's authority."""
_DAYS = 398  # of a private CA
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


def sets_if(deployment: Deployment, issuer: str) -> tuple[CertificateSet, ...]:
    """Return the certificates of a deployment that are renewed together, if such a CA issues those of Expressway-E.

    Args:
        deployment: the deployment.
        issuer: a key of AUTHORITY_OF.

    Returns:
        The sets.
    """
    authority, clustered = AUTHORITY_OF[issuer], [c for c in deployment.clusters if len(c.peers) > 1]
    shared = bool(clustered) and all(c.certificate == SHARED for c in clustered)
    two = authority != PRIVATE and deployment.product_version.has(TWO_STORES)
    design = Design(
        certificate=SHARED if shared else PER_PEER, registration="", authority=authority, stores=TWO if two else ONE,
        days=_DAYS, edge_days=_DAYS, version=str(deployment.version),
    )  # fmt: skip
    return tuple(sets_of(Study(deployment), design))


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
