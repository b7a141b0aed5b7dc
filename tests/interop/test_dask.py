"""The explorer and the fleet on a dask cluster: a real scheduler and a real worker on loopback."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkikit import __version__
from pkikit.errors import InputError
from pkikit.explore.executors import Dask, Executor, InProcess
from pkikit.explore.exploration import explore
from pkikit.fleet.audit import Wish, audit
from pkikit.fleet.finished_audit import chosen_executor
from pkikit.fleet.folders.found_folders import find_folders
from pkikit.fleet.stored.kept_records import KeptRecords
from tests.support.fleets import audited, write_small
from tests.support.search_spaces import SMALL, space
from tests.support.worlds import AT


def test_exploration_on_dask_gives_the_same_front() -> None:
    """A real scheduler and a real worker on loopback give the same front."""
    from distributed import LocalCluster

    small = space(*SMALL)
    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None, host="127.0.0.1", protocol="tcp"
    ) as cluster:
        spread: Executor = Dask(cluster.scheduler_address)
        outcome = explore(small, spread, chunk=700)
    assert outcome.front == explore(small, InProcess()).front


def test_fleet_on_dask_has_the_same_records(tmp_path: Path) -> None:
    """Each folder is judged on the cluster; one that cannot be read is an error of its own."""
    from distributed import LocalCluster

    write_small(tmp_path / "one", "one")
    write_small(tmp_path / "two", "two")
    (tmp_path / "empty").mkdir()
    wish = Wish(root=tmp_path, at=AT, judged_by=__version__)
    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None, host="127.0.0.1", protocol="tcp"
    ) as cluster:
        found = audit(wish, find_folders(tmp_path), chosen_executor(None, cluster.scheduler_address), KeptRecords(None))
    assert found.records == audited(tmp_path).records
    assert [record.folder for record in found.errors] == ["empty"]


def test_dask_without_a_scheduler_is_refused() -> None:
    """The error is one sentence and comes after the given timeout."""
    with pytest.raises(InputError, match="no dask scheduler answers"):
        Dask("tcp://127.0.0.1:9", timeout=1.0)
