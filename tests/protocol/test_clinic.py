"""Every case of the clinic: it fails by itself, the diagnosis names its cause, undoing it brings every leg up."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from pkikit.errors import InputError
from simulator.clinic import Case, case_of, cases, play
from simulator.faults import Ground
from simulator.world import issue_world
from tests.support.worlds import AT, DAY, deployment


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "simulator", *arguments], capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("case", cases().values(), ids=lambda c: c.id)
def test_case(case: Case) -> None:
    """Real handshakes, before and after."""
    played = asyncio.run(play(case))
    assert not played.broken.accepted
    assert played.causes[:1] == (case.cause,), [leg.to_json()["causes"] for leg in played.broken.down]
    assert all(leg.agrees for leg in played.broken.legs)
    assert played.mended.accepted
    assert played.right
    assert case.hints
    assert played.log or case.cause in {"key.mismatch", "key.too-short", "net.unreachable", "dns.name-unresolved"}


def test_all_files_are_cases() -> None:
    """As many cases as files, and enough of them; ids are the files' names."""
    names = sorted(p.stem for p in (Path(__file__).parents[2] / "simulator" / "cases").glob("*.yaml"))
    assert names == sorted(cases())
    assert len(names) >= 25


def test_the_command() -> None:
    """List, one case for people and as JSON, and a case that there is not."""
    listed = json.loads(run("clinic", "--json").stdout)
    assert {c["id"] for c in listed} == set(cases())
    done = run("clinic", "server-auth-only-on-c", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["causes"][0] == document["cause"] == "eku.client-auth-missing"
    assert document["mended"] is True
    people = run("clinic", "server-auth-only-on-c", "--solve")
    assert "TLS Negotiation Error" in people.stdout
    assert "cause: eku.client-auth-missing" in people.stdout
    done = run("clinic", "server-auth-on-c")
    assert done.returncode == 2
    assert "close to it: server-auth-only-on-c" in done.stderr


def test_faults_compose_and_are_undone_by_the_world_before() -> None:
    """Two faults at once; the world itself is never changed; a stranger in a fault is told."""
    issued = issue_world(deployment(), at=AT - DAY, rsa=False)
    ground = Ground(issued, AT, False)
    both = (*case_of("clock-behind").faults, *case_of("swapped").faults)
    world = ground.apply(both, issued.world)
    changed = {f for f, p in world.parties.items() if p != issued.world.parties[f]}
    assert changed == {"e1.example.com", "e2.example.com"}
    assert ground.apply((), issued.world) == issued.world
    with pytest.raises(InputError, match="no party"):
        ground.apply([both[0].model_copy(update={"party": "x.example.com"})], issued.world)
