"""What ten years of renewals by hand mean for the certificates of a report, a folder or a whole fleet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pkikit.design.hand_work.hand_outlook import HOURS_A_YEAR, HandOutlook, hand_outlook
from pkikit.design.hand_work.renewal_calendar import CertificateSet, IssuerKind
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Purpose
from pkikit.report.content.inventory import CertificateRow, Inventory
from pkikit.text import counted, listed

_LETS_ENCRYPT = "Let's Encrypt"
HAND_TITLE = "Renewals by hand in the next ten years"
HAND_COLUMNS = ("Each year", "Certificates renewed", "Restarts", "Names validated again", "Hours", "Shortest life")
ASSUMED = "Taken for granted (ours): a certificate of Let's Encrypt on an Expressway comes by ACME."


def report_outlook(
    deployment: Deployment, inventory: Inventory, at: datetime, hours: float = HOURS_A_YEAR
) -> HandOutlook:
    """Return what ten years of renewals by hand mean for the Expressways of a deployment.

    Args:
        deployment: says which machines are its Expressways.
        inventory: the certificates in use.
        at: the time.
        hours: hours of work a year that the team plans.

    Returns:
        The outlook; "not assessed" if a peer's certificate is missing and the known ones go on working.
    """
    holders = {fqdn for row in inventory.certificates for fqdn, _ in row.holders}
    missing = tuple(peer for peer in deployment.peers if peer not in holders)
    return hand_outlook(tuple(_sets(deployment, inventory)), at=at, hours=hours, unknown=missing)


def hand_rows(outlook: HandOutlook) -> tuple[tuple[str, ...], ...]:
    """Return the work of each year, or of equal years together, as texts in the order of HAND_COLUMNS.

    Args:
        outlook: the outlook.

    Returns:
        The rows; none if nobody renews anything by hand.
    """
    return tuple(
        (years, str(y.renewals), str(y.restarts), str(y.validations), f"{y.hours:g}", _life(y.shortest))
        for years, y in outlook.rows
    )


def _life(days: int) -> str:
    return counted(days, "day") if days else ""


def _sets(deployment: Deployment, inventory: Inventory) -> Iterator[CertificateSet]:
    """Yield the certificates of each cluster that end on one day and have one issuer: people renew them together."""
    for cluster in deployment.clusters:
        groups: dict[tuple[object, ...], list[CertificateRow]] = {}
        for row in inventory.certificates:
            if any(fqdn in cluster.peers for fqdn, _ in row.holders):
                groups.setdefault((row.ends.date(), row.issuer, row.public), []).append(row)
        for rows in groups.values():
            yield _set(rows, cluster.name, {f for row in rows for f, _ in row.holders} & set(cluster.peers))


def _set(rows: list[CertificateRow], cluster: str, peers: set[str]) -> CertificateSet:
    first = rows[0]
    by_acme = first.public and first.issuer_organisation == _LETS_ENCRYPT
    issuer = IssuerKind.PRIVATE if not first.public else IssuerKind.LETS_ENCRYPT if by_acme else IssuerKind.PUBLIC
    losing = [row for row in rows if row.client_auth_ends is not None and row.asked(Purpose.CLIENT)]
    soonest = min(losing, key=lambda row: row.client_auth_ends or row.ends, default=None)
    return CertificateSet(
        name=f"certificates of {cluster} by {listed(sorted({row.issuer for row in rows}), at_most=2)}",
        certificates=len(rows),
        restarts=0 if by_acme else len(peers),
        issuer=issuer,
        days=max(1, max((row.ends - row.begins).days for row in rows)),
        automatic=by_acme,
        ends=min(row.ends for row in rows),
        client_auth_ends=soonest.client_auth_ends if soonest else None,
        why=ASSUMED if by_acme else "",
    )
