"""The explorer: every candidate judged, fronts right, the same however it is cut, spread, killed and resumed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkikit.design.choices import CHOICES, Option, options_of, parse_vary
from pkikit.design.cluster_judge import ClusterJudge
from pkikit.design.san import design_sans
from pkikit.design.search_space import OBJECTIVES, front_of, merge_fronts, pareto
from pkikit.errors import InputError
from pkikit.explore.executors import InProcess, Processes
from pkikit.explore.exploration import explore
from tests.support.search_spaces import SMALL, space
from tests.support.wait import eventually
from tests.support.worlds import CLUSTER_E, DEPLOYMENTS, E1, E2, changed

FULL = changed("clustered-full", version="X15.5")
EDGE = FULL.clusters[1]


def option(**changes: Any) -> Option:
    plain: dict[str, Any] = {
        "certificate": "per-peer", "cluster_name": "yes", "registration": ("dns", "dns"), "domains": "together",
        "authority": "private", "stores": "one", "term": "398",
    }  # fmt: skip
    return Option(**plain | changes)


def test_design_of_the_guide_is_a_candidate_with_its_names() -> None:
    """One certificate a peer, cluster name, apex domains: exactly the names of the SAN layout."""
    judge = ClusterJudge(FULL, EDGE)
    (names,) = judge.names_of(option(), E1)
    assert names == design_sans(FULL, E1).dns_names
    assert judge.judge(option()).legs_unserved == 0


@pytest.mark.parametrize(
    ("changes", "metric", "value"),
    [
        ({}, "certificates", 2),
        ({"certificate": "shared"}, "certificates", 1),
        ({"stores": "two"}, "certificates", 4),
        ({"domains": "separate"}, "certificates", 6),
        (
            {"authority": "public"},
            "legs_broken",
            4,
        ),  # neighbour and foreign XMPP server, dialled from both peers; cluster links ask for no clientAuth from X15.4 on
        ({"authority": "public", "stores": "two"}, "legs_broken", 0),
        ({"authority": "public"}, "public_names", 8),
        ({"registration": ("collab-edge-dns",) * 2}, "apex_names", 1),  # example.com is the federation domain, too
        ({"registration": ("collab-edge-dns",) * 2}, "legs_unserved", 0),
        ({}, "apex_names", 2),
        ({"certificate": "shared"}, "restarts_new_peer", 3),
        ({"domains": "separate"}, "reissues_new_domain", 2),
        ({}, "roots_to_hand_out", 4),  # Jabber and a browser outside, the partner, the foreign XMPP server
        ({"authority": "acme", "term": "classic-2028"}, "exposure_days", 45),
        ({"term": "398"}, "restarts", 1.98),
        ({"authority": "acme", "term": "classic"}, "restarts", 0.0),  # deploying reloads
        ({"authority": "acme", "term": "classic", "stores": "two"}, "restarts", 1.98),  # the client store is by upload
    ],
)
def test_metrics_of_candidates_match_hand_counts(changes: dict[str, Any], metric: str, value: float) -> None:
    """Counted by hand on clustered-full's edge cluster."""
    assert getattr(ClusterJudge(FULL, EDGE).judge(option(**changes)), metric) == value


def test_candidate_without_the_cluster_name_leaves_a_leg_unserved() -> None:
    """C's cluster name is what E looks for; E's own is dialled by nobody here."""
    core, edge = (ClusterJudge(FULL, c) for c in FULL.clusters)
    assert core.judge(option(cluster_name="no", registration=())).legs_unserved == 4
    assert edge.judge(option(cluster_name="no")).legs_unserved == 0
    assert CLUSTER_E not in edge.names_of(option(cluster_name="no"), E2)[0]


def test_public_authority_breaks_legs_with_internal_names() -> None:
    """A public CA signs no name below .local."""
    inside = changed("clustered-full", domains__registration=["corp.local"])
    judge = ClusterJudge(inside, inside.clusters[1])
    assert judge.judge(option(registration=("dns",), authority="public")).refused_names == 1
    assert judge.judge(option(registration=("dns",))).refused_names == 0


def test_candidates_are_distinct_and_count_as_the_product_of_options() -> None:
    """As many different rows as there are numbers, and the number of them is the product of the options."""
    small = space("lifetime=398,47", "profile=classic", "stores=one")
    rows = list(small.rows(0, small.size))
    assert len({row[1:-20] for row in rows} | {row[1:15] for row in rows}) >= small.size
    assert len({row[1:15] for row in rows}) == small.size == len(rows)
    assert all(len(row) == len(small.columns) for row in rows)


def test_meaningless_choices_are_not_offered_as_options() -> None:
    """No ACME on C, none beside Jabber Guest, no second store before X15.5, no cluster name without a cluster."""
    core, edge = FULL.clusters
    allowed = parse_vary((), FULL)
    assert {o.authority for o in options_of(FULL, core, allowed)} == {"private", "public"}
    assert {o.authority for o in options_of(FULL, edge, allowed)} == set(CHOICES["authority"])
    guests = changed("clustered-full", jabber_guest=True)
    assert "acme" not in {o.authority for o in options_of(guests, edge, parse_vary((), guests))}
    old = changed("clustered-full", version="X14.0")
    assert {o.stores for o in options_of(old, edge, parse_vary((), old))} == {"one"}
    single = changed("single-pair")
    assert {o.cluster_name for o in options_of(single, single.clusters[0], parse_vary((), single))} == {"no"}


@pytest.mark.parametrize(
    ("vary", "said"),
    [
        ("certificate", "write KEY=a,b"),
        ("colour=red", "write KEY=a,b"),
        ("certificate=both", "allowed are per-peer, shared"),
        ("nowhere.certificate=shared", "no cluster"),
        ("core.authority=acme", "leaves no way"),
        ("=x", "write KEY=a,b"),
    ],
)
def test_invalid_vary_is_refused_with_the_allowed_values(vary: str, said: str) -> None:
    """The error is one sentence that lists the allowed values."""
    with pytest.raises(InputError, match=said):
        _ = space(vary).options


vectors = st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=40)


@given(vectors)
def test_pareto_front_matches_its_definition(points: list[tuple[int, int, int]]) -> None:
    """Against the definition: nobody in the front is dominated, everybody outside is."""
    front = pareto({p: n for n, p in enumerate(points)})

    def dominates(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
        return a != b and all(x <= y for x, y in zip(a, b, strict=True))

    assert {p for p in points if not any(dominates(q, p) for q in points)} == set(front)


@given(vectors, st.integers(1, 39))
def test_merged_fronts_are_independent_of_chunks_and_order(points: list[tuple[int, int, int]], cut: int) -> None:
    """However the candidates are cut into chunks, and in whatever order these come back."""
    numbered = list(enumerate(points))

    def front(part: list[tuple[int, tuple[int, int, int]]]) -> dict[tuple[float, ...], int]:
        found: dict[tuple[float, ...], int] = {}
        for n, p in part:
            found.setdefault(p, n)
        return pareto(found)

    parts = [front(numbered[:cut]), front(numbered[cut:])]
    whole = front(numbered)
    assert merge_fronts(parts) == merge_fronts(reversed(parts)) == whole


@pytest.mark.parametrize("chunk", [97, 1000, 10**9])
def test_exploration_result_is_independent_of_the_chunk_size(chunk: int, tmp_path: Path) -> None:
    """Front, counts and every row of the file are the same however the run is cut."""
    small = space(*SMALL)
    whole = front_of(small, small.rows(0, small.size))
    outcome = explore(small, InProcess(), out=tmp_path / "all.csv", chunk=chunk)
    assert (outcome.front, outcome.working, outcome.total) == (*whole, small.size)
    table = pd.read_csv(tmp_path / "all.csv")
    assert list(table.columns) == list(small.columns)
    assert list(table["candidate"]) == list(range(small.size))
    assert [p.name for p in tmp_path.iterdir()] == ["all.csv"]
    assert table["works"].sum() == outcome.working
    best = table[table["down"] == 0]
    assert min(v[OBJECTIVES.index("restarts")] for v in outcome.front if v[0] == 0) == best["restarts"].min()


def test_two_processes_write_the_same_table_as_one(tmp_path: Path) -> None:
    """Two processes write the same table as one."""
    small = space(*SMALL)
    explore(small, InProcess(), out=tmp_path / "one.csv")
    explore(small, Processes(2), out=tmp_path / "two.parquet", chunk=500)
    one, two = pd.read_csv(tmp_path / "one.csv"), pd.read_parquet(tmp_path / "two.parquet")
    for column in one.columns:
        assert [_text(v) for v in one[column]] == [_text(v) for v in two[column]], column


def _text(value: Any) -> str:
    return "" if isinstance(value, float) and value != value else str(value)


def test_killed_exploration_resumes_with_its_finished_parts(tmp_path: Path) -> None:
    """kill -9 in the middle: what was finished is kept, the rest is judged, the file is the same."""
    small = space(*SMALL)
    wanted = tmp_path / "wanted.csv"
    explore(small, InProcess(), out=wanted)
    out = tmp_path / "all.csv"
    program = f"""
import time, pathlib
from pkikit.design.search_space import Space
from pkikit.design.choices import parse_vary
from pkikit.explore.exploration import explore
from pkikit.explore.executors import InProcess
from tests.support.search_spaces import SMALL, space
explore(space(*SMALL), InProcess(), out=pathlib.Path({str(out)!r}), chunk=200, progress=lambda n: time.sleep(0.1))
"""
    child = subprocess.Popen([sys.executable, "-c", program], cwd=DEPLOYMENTS.parents[1])
    parts = tmp_path / "all.csv.parts"
    eventually(lambda: len(list(parts.glob("*.csv"))) >= 3)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert not out.exists()
    finished = len(list(parts.glob("[0-9]*.json")))
    assert finished >= 2
    judged: list[int] = []

    class Counting(InProcess):
        def run(self, function: Any, arguments: Any) -> Any:
            return super().run(function, (judged.append(a[1]) or a for a in arguments))  # type: ignore[func-returns-value]

    outcome = explore(small, Counting(), out=out, chunk=200)
    assert len(judged) == -(-small.size // 200) - finished
    assert out.read_bytes() == wanted.read_bytes()
    assert outcome.front == front_of(small, small.rows(0, small.size))[0]


@pytest.mark.parametrize(
    "spoiled", ["{", "[]", '{"working": 3}', '{"front": [["x", 1]], "working": 0}', '{"format": 99}']
)
def test_damaged_note_of_a_chunk_is_replaced(tmp_path: Path, spoiled: str) -> None:
    """A run that goes on trusts only whole notes; those of the format before are whole."""
    small = space(*SMALL)
    front, working = front_of(small, small.rows(0, small.size))
    parts = tmp_path / "all.csv.parts"
    parts.mkdir()
    about = {"space": small.digest, "chunk": small.size, "size": small.size}
    (parts / "space.json").write_text(json.dumps(about))
    (parts / "0.csv").write_text("from an earlier run\n")
    (parts / "0.json").write_text(spoiled)
    outcome = explore(small, InProcess(), out=tmp_path / "all.csv", chunk=small.size)
    assert (outcome.front, outcome.working) == (front, working)
    assert "from an earlier run" not in (tmp_path / "all.csv").read_text()


def test_note_of_the_previous_format_is_used(tmp_path: Path) -> None:
    """It had no format number; its chunk is not judged a second time."""
    small = space(*SMALL)
    parts = tmp_path / "all.csv.parts"
    parts.mkdir()
    about = {"space": small.digest, "chunk": small.size, "size": small.size}
    (parts / "space.json").write_text(json.dumps(about))
    (parts / "0.csv").write_text("from an earlier run\n")
    (parts / "0.json").write_text(json.dumps({"front": [[[0, 1.5], 7]], "working": 3}))
    outcome = explore(small, InProcess(), out=tmp_path / "all.csv", chunk=small.size)
    assert (outcome.front, outcome.working) == ({(0, 1.5): 7}, 3)
    assert "from an earlier run" in (tmp_path / "all.csv").read_text()


def test_exploration_ignores_parts_of_another_space(tmp_path: Path) -> None:
    """Another question is another file; nothing of the first is touched."""
    (tmp_path / "all.csv.parts").mkdir()
    (tmp_path / "all.csv.parts" / "space.json").write_text(json.dumps({"space": "other", "chunk": 1, "size": 1}))
    with pytest.raises(InputError, match="another exploration"):
        explore(space(*SMALL), InProcess(), out=tmp_path / "all.csv")
    with pytest.raises(InputError, match=r"\.csv or \.parquet"):
        explore(space(*SMALL), InProcess(), out=tmp_path / "all.xlsx")
    (tmp_path / "there.csv").write_text("mine")
    with pytest.raises(InputError, match="exists already"):
        explore(space(*SMALL), InProcess(), out=tmp_path / "there.csv")
    assert (tmp_path / "there.csv").read_text() == "mine"


def test_killed_worker_is_reported_and_the_run_resumes(tmp_path: Path) -> None:
    """One sentence instead of a traceback; begun again, the run goes on from what was finished."""
    small = space(*SMALL)
    killed: list[int] = []

    def kill_one(_: int) -> None:
        import multiprocessing

        if not killed and multiprocessing.active_children():
            victim = multiprocessing.active_children()[0]
            killed.append(victim.pid or 0)
            os.kill(victim.pid or 0, signal.SIGKILL)

    out = tmp_path / "all.csv"
    with pytest.raises(InputError, match="begin again"):
        explore(small, Processes(1), out=out, chunk=50, progress=kill_one)
    assert killed
    assert not out.exists()
    explore(small, InProcess(), out=out, chunk=50)
    assert len(out.read_text().splitlines()) == small.size + 1
