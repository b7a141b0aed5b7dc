"""A deployment under other names is played from its file: real handshakes, fixes that a search finds, and the terminal."""

from __future__ import annotations

import asyncio
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from pkikit.anonymise.anonymiser import Anonymised, anonymise, write_case
from pkikit.anonymise.brought_archive import opened
from pkikit.anonymise.brought_folder import read_folder
from pkikit.model.world import World
from simulator.clinic.case_file import FileCase, case_from
from simulator.clinic.live_case import play
from simulator.clinic.solver import solution_of
from simulator.world.fault_context import FaultContext
from simulator.world.faults import Fault, Reissue
from tests.support.anonymous_folder import folder_of
from tests.support.archives import archives_of
from tests.support.cli import run
from tests.support.round_trip import imported
from tests.support.worlds import AT, CASES, WorldBuilder, deployment, issued

_E1 = "e1.example.com"
BROKEN: dict[str, tuple[Fault, str]] = {
    "names.cluster-fqdn-missing": (
        Reissue(fault="reissue", party="c1.corp.example.com", without=("cluster-c.corp.example.com",)),
        "order c1",
    ),
    "trust.issuer-unknown": (Reissue(fault="reissue", party=_E1, by="stranger"), "append-ca"),
    "validity.expired": (Reissue(fault="reissue", party=_E1, begins_in_days=-90, ends_in_days=-1), "renew e1"),
    "trust.intermediate-missing": (Reissue(fault="reissue", party=_E1, by="new-intermediate", send="leaf"), ""),
    "eku.client-auth-missing": (Reissue(fault="reissue", party=_E1, purposes="server"), "order e1"),
}


def broken(fault: Fault) -> World:
    lab = issued()
    return FaultContext(lab, AT, rsa=False).apply((fault,), lab.world)


def case_of(source: Path, out: Path) -> tuple[Anonymised, FileCase]:
    made = anonymise(read_folder(source), 7, AT)
    return made, case_from(write_case(out, made))


@pytest.mark.parametrize("cause", BROKEN)
def test_case_from_a_file_is_solved_in_the_lab(cause: str, tmp_path: Path) -> None:
    """The first cause is that of the original; each fix is real work, and every connection is up afterwards."""
    fault, fix = BROKEN[cause]
    made, case = case_of(folder_of(broken(fault), tmp_path / "source"), tmp_path / "case")
    assert made.causes[0] == cause
    played = asyncio.run(play(case))
    assert played.causes[0] == cause
    assert played.right
    assert played.mended.accepted
    assert not played.solution.left
    assert played.fixes[0].startswith(fix)
    assert all(leg.agrees for leg in played.broken.legs)


def test_ticket_is_played_in_the_terminal(tmp_path: Path) -> None:
    """Name the cause, renew, read the debrief; the exit code says that it is solved."""
    case_of(folder_of(broken(BROKEN["validity.expired"][0]), tmp_path / "source"), tmp_path / "case")
    path = str(tmp_path / "case" / "case.zip")
    done = run("simulator", "clinic", path, stdin=b"cause validity.expired\nfix renew e1\n", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Solved." in done.stdout
    assert run("simulator", "clinic", path, stdin=b"quit\n", cwd=tmp_path).returncode == 1


@pytest.mark.parametrize("case", CASES[::7], ids=lambda case: case.id)
def test_search_solves_what_can_be_solved(case: object, tmp_path: Path) -> None:
    """Many kinds of faults, judged only."""
    known = next(c for c in CASES if c is case)
    _, made = case_of(folder_of(known.broken(WorldBuilder()).world, tmp_path / "source"), tmp_path / "case")
    assert not solution_of(made).left


def test_deployment_that_works_is_a_case_without_a_cause(tmp_path: Path) -> None:
    made, case = case_of(folder_of(issued().world, tmp_path / "source"), tmp_path / "case")
    assert (made.down, case.causes) == (0, ())
    assert made.is_broken is False
    assert not solution_of(case).lines


def test_diagnostic_archives_become_a_case(tmp_path: Path) -> None:
    """Archives of the peers alone: machines without files are presumed to be right, before and after."""
    world = broken(BROKEN["validity.expired"][0])
    packed = tmp_path / "archives"
    packed.mkdir()
    for name, content in archives_of(world, AT).items():
        if name.endswith(".tar.gz"):
            (packed / name).write_bytes(content)
    _, answers = imported(packed, deployment())
    (tmp_path / "place").mkdir()
    folder = opened(sorted(packed.iterdir()), None, tmp_path / "place", answers=answers)
    assert folder.imported
    made = anonymise(folder, 7, AT)
    case = case_from(write_case(tmp_path / "case", made))
    assert made.causes == ("validity.expired",)
    assert case.imported
    assert [line.split()[0] for line in solution_of(case).lines] == ["renew"]
    done = run("pkikit", "anonymise", str(packed), "--out", str(tmp_path / "other"), "--at", AT.isoformat())
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "other" / "case.zip").is_file()
    refused = run("pkikit", "anonymise", str(packed), "--out", str(packed))
    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["archives", "case", "other", "place"]


def test_packed_folder_is_the_folder(tmp_path: Path) -> None:
    """A tar archive of a folder gives the same case as the folder."""
    source = folder_of(broken(BROKEN["validity.expired"][0]), tmp_path / "source")
    with tarfile.open(tmp_path / "source.tar.gz", "w:gz") as archive:
        archive.add(source, "source")
    (tmp_path / "place").mkdir()
    packed = opened([tmp_path / "source.tar.gz"], None, tmp_path / "place")
    assert anonymise(packed, 7, AT).files == anonymise(read_folder(source), 7, AT).files
    assert replace(packed, certificates=source).machines == packed.machines


def test_same_seed_gives_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    """The order of sets and dictionaries, which a process chooses by chance, decides nothing."""
    source = folder_of(broken(BROKEN["validity.expired"][0]), tmp_path / "source")
    for number in ("1", "2"):
        out = ("--seed", "7", "--at", AT.isoformat(), "--out", str(tmp_path / number))
        assert run("pkikit", "anonymise", str(source), *out, PYTHONHASHSEED=number).returncode == 0
    assert (tmp_path / "1" / "case.zip").read_bytes() == (tmp_path / "2" / "case.zip").read_bytes()
