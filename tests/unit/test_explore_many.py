"""The explorer without a file: blocks of kinds give what rows give, and a stopped run goes on, with dask too."""

from __future__ import annotations

from pathlib import Path

import distributed
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pkikit.design.choices import parse_vary
from pkikit.design.search_space import Space, front_of
from pkikit.errors import InputError
from pkikit.explore.executors import Dask, InProcess
from pkikit.explore.exploration import explore
from pkikit.model.deployment import deployment_from
from tests.support.search_spaces import SMALL, space


def _edge_first() -> Space:
    """The same choices, and the digit of the edge changes fastest."""
    data = space(*SMALL).deployment.model_dump(mode="json")
    data["clusters"].reverse()
    deployment = deployment_from(data)
    return Space(deployment, parse_vary(SMALL, deployment))


SPACES = (space(*SMALL), _edge_first(), space(*SMALL, "core.certificate=shared", "core.authority=private"))


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(SPACES), st.data())
def test_blocks_give_the_front_of_the_rows(of: Space, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, of.size))
    end = data.draw(st.integers(first, min(of.size, first + 700)))
    assert of.front_between(first, end) == front_of(of, of.rows(first, end))


def test_options_are_made_when_they_are_asked_for() -> None:
    options = SPACES[0].options[1]
    assert options[:] == tuple(options[n] for n in range(len(options))) == tuple(options)
    assert len(set(options)) == len(options)
    assert options[-1] == options[len(options) - 1]
    with pytest.raises(IndexError):
        options[len(options)]


def test_stopped_exploration_goes_on_elsewhere_and_leaves_no_notes(tmp_path: Path) -> None:
    """Stopped in this process, continued on a dask cluster: the same answer, and nothing is judged twice."""
    small, notes, judged = SPACES[0], tmp_path / "notes", []

    def stop(number: int) -> None:
        judged.append(number)
        if len(judged) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        explore(small, InProcess(), notes=notes, chunk=200, progress=stop)
    assert len(list(notes.glob("[0-9]*.json"))) == 3
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0"
    ) as cluster:
        ran = Dask(cluster.scheduler_address)
        parts: list[int] = []
        run = ran.run
        ran.run = lambda function, arguments: run(function, (parts.append(a[1]) or a for a in arguments))  # type: ignore[method-assign,func-returns-value,index]
        outcome = explore(small, ran, notes=notes, chunk=200)
    assert parts == list(range(600, small.size, 200))
    assert (outcome.front, outcome.working) == front_of(small, small.rows(0, small.size))
    assert not notes.exists()


def test_notes_do_not_go_into_a_folder_with_other_files(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="not of an exploration"):
        explore(SPACES[0], InProcess(), notes=tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]
