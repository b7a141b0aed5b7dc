"""A fleet as tables: what ends first, what breaks next and why, metrics, promises, and the work by hand over the years."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd

from pkikit.design.hand_work.hand_outlook import HOURS_A_YEAR, HandOutlook, HandState, hand_outlook
from pkikit.expectations.judged_promises import JudgedPromises
from pkikit.explore.advice.design_outlook import AUTHORITY_OF, sets_if
from pkikit.fleet.audit_records import ExpiryKind, FolderRecord
from pkikit.fleet.finished_audit import FinishedAudit
from pkikit.judge.legs.known_parts import State
from pkikit.model.findings import Severity
from pkikit.text import listed
from workbook.models.fleet_breaks import Break, breaks_of
from workbook.models.practice_fleet import PracticeFleet
from workbook.tables.display import ONE_LINE
from workbook.tables.workbench import ProgramOutput

_NEXT = 4
_SHOWN = (2028, 2029, 2030)
_ISSUERS = {"private-ca": "your own CA", "public-ca": "a public CA, loaded by hand", "acme": "a public CA, by ACME"}


def customer_table(fleet: PracticeFleet) -> pd.DataFrame:
    """Return what is known about each customer from the deployment file alone."""
    rows = []
    for name in fleet.customers:
        found = fleet.deployment(name)
        rows.append(
            {
                "customer": name,
                "version": str(found.version),
                "Expressways": len(found.peers),
                "other machines": len(found.parties) - len(found.peers),
                "MRA": "yes" if found.mra else "no",
            }
        )
    return pd.DataFrame(rows)


def first_to_end(audited: FinishedAudit) -> pd.DataFrame:
    """Return the machine's certificate that ends first at each customer, the soonest first: what an expiry list knows."""
    rows: list[dict[str, str]] = []
    for record in audited.audit.records:
        ending = [e for e in record.expiries if e.kind is ExpiryKind.CERTIFICATE]
        if ending:
            first = min(ending, key=lambda e: (e.ends, e.title))
            rows.append({"ends": _day(first.ends), "customer": record.folder, "certificate": first.title})
    rows.sort(key=lambda row: row["ends"])
    return pd.DataFrame(rows)


def next_breaks(audited: FinishedAudit, *, days: int = 30) -> pd.DataFrame:
    """Return what breaks within some days, one row for each cause, the soonest first."""
    rows = [_row(found) for found in breaks_of(audited, timedelta(days=days))]
    columns = ["breaks", "customer", "connections", "who refuses, and why"]
    table = pd.DataFrame(rows, columns=columns)
    table.attrs[ONE_LINE] = ("breaks",)
    return table


def _row(found: Break) -> dict[str, str | int]:
    return {
        "breaks": found.when,
        "customer": found.customer,
        "connections": len(found.connections),
        "who refuses, and why": found.says,
    }


def metric_lines(audited: FinishedAudit, *parts: str, most: int = _NEXT) -> ProgramOutput:
    """Return lines of the Prometheus file that contain all of these texts."""
    found = [line for line in audited.metrics.splitlines() if all(part in line for part in parts)]
    more = [f"… and {len(found) - most} more lines"] if len(found) > most else []
    return ProgramOutput([*found[:most], *more])


def ending_soon(audited: FinishedAudit, *, days: int = 30) -> pd.DataFrame:
    """Return what `x509_cert_not_after` warns about: every certificate that ends within some days, CAs as well."""
    until = audited.audit.at + timedelta(days=days)
    rows = [
        {"ends": _day(e.ends), "customer": record.folder, "certificate": e.title, "kind": e.kind.value}
        for record in audited.audit.records
        for e in record.expiries
        if e.kind is not ExpiryKind.CRL and e.ends < until
    ]
    table = pd.DataFrame(rows, columns=["ends", "customer", "certificate", "kind"]).drop_duplicates()
    return table.sort_values(["ends", "customer"], ignore_index=True)


def promise_table(judged: JudgedPromises) -> pd.DataFrame:
    """Return each promise of a deployment: whether it is kept, and what breaks it."""
    rows = []
    for found in judged.expectations:
        breaches = [f for f in found.findings if f.severity is Severity.ERROR]
        rows.append(
            {
                "promise": found.promise,
                "result": f"{found.outcome.mark} {found.outcome.words}",
                "why": breaches[0].message if breaches else "",
            }
        )
    return pd.DataFrame(rows, columns=["promise", "result", "why"])


def broken_rules(audited: FinishedAudit) -> pd.DataFrame:
    """Return what promises and house rules find in a fleet, one row for each customer and rule."""
    rows = [
        {"customer": record.folder, "rule": rule, "times": len(messages), "what it says": messages[0]}
        for record in audited.audit.records
        for rule, messages in _messages(record).items()
    ]
    return pd.DataFrame(rows, columns=["customer", "rule", "times", "what it says"])


def _messages(record: FolderRecord) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for finding in record.findings:
        if finding.severity is Severity.ERROR:
            found.setdefault(finding.rule, []).append(finding.message)
    return found


def fleet_counts(audited: FinishedAudit) -> str:
    """Say how many connections of the whole fleet are up, down and not assessed."""
    number = audited.audit.counts
    said = [f"{number[state]} {state.words}" for state in (State.UP, State.DOWN, State.NOT_ASSESSED) if number[state]]
    return f"{sum(number.values())} connections of {len(audited.audit.records)} customers: {listed(said)}."


def outlook_if(
    fleet: PracticeFleet, issuer: str, *customers: str, hours: float = HOURS_A_YEAR, version: str = ""
) -> HandOutlook:
    """Return what ten years of renewals by hand mean, if such a CA issues the certificates of Expressway-E.

    issuer: private-ca, public-ca or acme. customers: all without any. hours: of work a year that you plan for all of them.
    version: as if all of them had it.
    """
    found = [fleet.deployment(name) for name in customers or fleet.customers]
    if version:
        found = [deployment.model_copy(update={"version": version}) for deployment in found]
    sets = [one for deployment in found for one in sets_if(deployment, issuer)]
    return hand_outlook(sets, at=fleet.at, hours=hours)


def hours_by_issuer(
    fleet: PracticeFleet, *customers: str, hours: float = HOURS_A_YEAR, version: str = ""
) -> pd.DataFrame:
    """Return the hours of work of some years for each kind of CA, and when that stops."""
    rows = []
    for issuer in AUTHORITY_OF:
        found = outlook_if(fleet, issuer, *customers, hours=hours, version=version)
        last = found.years[-1].year
        stops = f"✘ stops in {found.year}" if found.state is HandState.STOPS else f"✔ works to {last}"
        work = {str(y.year): f"{y.hours:g} h" for y in found.years if y.year in (*_SHOWN, last)}
        rows.append({"certificates of Expressway-E": _ISSUERS[issuer], **work, "by hand": stops})
    return pd.DataFrame(rows)


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"
