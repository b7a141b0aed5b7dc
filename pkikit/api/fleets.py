"""Audit many deployments."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from pkikit import __version__
from pkikit.api.inputs import path_of
from pkikit.errors import InputError
from pkikit.fleet.audit_records import SOON
from pkikit.fleet.finished_audit import FinishedAudit, chosen_executor, run_audit
from pkikit.fleet.written.outputs import target_files
from pkikit.report.given.house_rules_file import load_house_rules
from pkikit.values.instants import parse_instant


def fleet_audit(
    folder: str | os.PathLike[str],
    *,
    since: str | os.PathLike[str] | None = None,
    at: datetime | str | None = None,
    within_days: int = SOON.days,
    workers: int | None = None,
    scheduler: str | None = None,
    parquet: str | os.PathLike[str] | None = None,
    html: str | os.PathLike[str] | None = None,
    metrics: str | os.PathLike[str] | None = None,
    house_rules: str | os.PathLike[str] | None = None,
) -> FinishedAudit:
    """Audit a folder of deployments: when each connection breaks first, and why.

    Args:
        folder: each folder in it is a deployment with certificates, an imported folder, or a set of archives.
        since: the Parquet file of an earlier audit: what has not changed is not judged again.
        at: the time to judge for: aware datetime or ISO text; now if it is left out.
        within_days: a deployment in which something breaks within so many days is not accepted.
        workers: processes on this machine; one on each core if it is left out. A script needs `if __name__ == "__main__":`.
        scheduler: address of a dask.distributed scheduler instead.
        parquet: the file to write for pandas, DuckDB and the next audit.
        html: the page to write.
        metrics: the Prometheus textfile to write.
        house_rules: a file with rules of your own.

    Returns:
        The answer: `accepted`, `answer`, `html`, `metrics`, `to_json()`, `save(parquet=…, html=…, metrics=…)`; `audit` has the
        values.

    Raises:
        InputError: the folder cannot be read, an option is not allowed, or a file cannot be read or written.

    Examples:
        >>> audit = pkikit.fleet_audit("fleet", at="2026-11-24T12:00:00Z")
        >>> audit.answer
        'The only deployment is accepted: nothing is down, and nothing breaks within 30 days.'
    """
    if not 0 <= within_days <= 36_500:
        raise InputError("is not a number of days from 0 to 36500", where=f"within_days {within_days}")
    return run_audit(
        path_of(folder, "folder"),
        at=parse_instant(at, datetime.now(UTC)),
        judged_by=__version__,
        within=timedelta(days=within_days),
        since=path_of(since, "since") if since is not None else None,
        rules=load_house_rules(path_of(house_rules, "house_rules")) if house_rules is not None else None,
        executor=chosen_executor(workers, scheduler),
        files=target_files(parquet=parquet, html=html, metrics=metrics),
    )
