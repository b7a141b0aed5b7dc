"""The explorer on a dask cluster: a real scheduler and a real worker on loopback."""

from __future__ import annotations

import pytest

from pkikit.errors import InputError
from pkikit.explore.executors import Dask, Executor, InProcess
from pkikit.explore.exploration import explore
from tests.support.search_spaces import SMALL, space


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


def test_dask_without_a_scheduler_is_refused() -> None:
    """The error is one sentence and comes after the given timeout."""
    with pytest.raises(InputError, match="no dask scheduler answers"):
        Dask("tcp://127.0.0.1:9", timeout=1.0)
