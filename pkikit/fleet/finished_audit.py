"""An audit from beginning to end, and its answer with all of its forms, as Python users get it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

from pkikit.errors import InputError
from pkikit.expectations.house.house_file import HouseRules
from pkikit.explore.executors import Dask, Executor, InProcess, Processes, available_cores
from pkikit.fleet.audit import Wish, audit
from pkikit.fleet.audit_records import SOON, FleetAudit
from pkikit.fleet.folders.found_folders import find_folders
from pkikit.fleet.stored.kept_records import kept_records
from pkikit.fleet.written.fleet_json import to_document
from pkikit.fleet.written.fleet_sentences import verdict_of
from pkikit.fleet.written.outputs import claimed, save, target_files

_FEW = 6
"""So few folders are read sooner than other processes start."""


@dataclass(frozen=True)
class FinishedAudit:
    """The answer about a fleet: it prints itself, shows itself in a notebook, and writes its files.

    Attributes:
        audit: the values.
        saved: (what it is, the file) for each file that was written.
    """

    audit: FleetAudit
    saved: tuple[tuple[str, Path], ...] = ()

    @property
    def accepted(self) -> bool:
        """True if every folder can be judged, and nothing is down or breaks soon."""
        return self.audit.accepted

    @property
    def answer(self) -> str:
        """The whole answer in a sentence or two."""
        return verdict_of(self.audit)

    @cached_property
    def html(self) -> str:
        """The overview: one document that needs nothing else."""
        from pkikit.fleet.written.fleet_page import to_page

        return to_page(self.audit)

    @cached_property
    def metrics(self) -> str:
        """The Prometheus textfile."""
        from pkikit.fleet.written.metrics import to_metrics

        return to_metrics(self.audit)

    def to_json(self) -> dict[str, Any]:
        """Return the document of `pkikit fleet audit --json`.

        Returns:
            Values that JSON has.
        """
        return to_document(self.audit)

    def save(
        self,
        *,
        parquet: str | PathLike[str] | None = None,
        html: str | PathLike[str] | None = None,
        metrics: str | PathLike[str] | None = None,
    ) -> tuple[tuple[str, Path], ...]:
        """Write the answer to files; what is there is replaced.

        Args:
            parquet: one row for each connection; the next audit reads it.
            html: the overview.
            metrics: the Prometheus textfile.

        Returns:
            (what it is, the file) for each file.

        Raises:
            InputError: a name does not end as such a file does, another audit writes the file, or it cannot be written.
        """
        files = target_files(parquet=parquet, html=html, metrics=metrics)
        with claimed(files):
            return save(self.audit, files)

    def __str__(self) -> str:
        return self.answer

    def __repr__(self) -> str:
        return f"<audit of {len(self.audit.records)} folders, {len(self.audit.failing)} need work>"

    def _repr_html_(self) -> str:
        from pkikit.report.written.elements import el

        return el("p", self.answer)


def chosen_executor(workers: int | None, scheduler: str | None) -> Callable[[int], Executor]:
    """Return where the work on a number of folders is done.

    Args:
        workers: how many processes of this machine; None for one on each core, and none for a few folders.
        scheduler: the address of a dask.distributed scheduler, whose workers see the same files.

    Returns:
        A function that takes the number of folders.

    Raises:
        InputError: both are given.
    """
    if workers is not None and scheduler is not None:
        raise InputError("workers of this machine and a scheduler exclude each other; give one of them")

    def chosen(folders: int) -> Executor:
        if scheduler is not None:
            return Dask(scheduler)
        wanted = workers or (available_cores() if folders > _FEW else 1)
        return InProcess() if wanted == 1 else Processes(min(wanted, folders))

    return chosen


def run_audit(
    root: Path,
    *,
    at: datetime,
    judged_by: str,
    within: timedelta = SOON,
    since: Path | None = None,
    rules: HouseRules | None = None,
    executor: Callable[[int], Executor],
    files: dict[str, Path] | None = None,
    watched: Callable[[int], Callable[[int], None]] = lambda total: lambda done: None,
) -> FinishedAudit:
    """Audit a fleet and write what is wanted. An audit that is interrupted goes on where it was.

    Args:
        root: the folder of the fleet.
        at: the time to judge for, aware UTC.
        judged_by: the version of pkikit: a record of another one is not used again.
        within: what is soon.
        since: the Parquet file of an earlier audit: what has not changed is not judged again.
        rules: the rules of the house; None for none.
        executor: where the work is done.
        files: the files to write, as `target_files` returns them.
        watched: is called with the number of folders, and returns what is called with each number of folders that are done.

    Returns:
        The answer.

    Raises:
        InputError: `root` is not a folder with something in it, `since` is no such file, or a file cannot be written.
    """
    targets = files or {}
    with claimed(targets), kept_records(root) as kept:
        known = _earlier(since)
        folders = find_folders(root)
        wish = Wish(root=root, at=at, judged_by=judged_by, within=within, since=known, rules=rules)
        found = audit(wish, folders, executor, kept, watched(len(folders)))
        saved = save(found, targets)
        kept.forget()
    return FinishedAudit(found, saved)


def _earlier(since: Path | None) -> dict[str, Any]:
    if since is None:
        return {}
    from pkikit.fleet.stored.parquet import read_parquet

    return read_parquet(since)
