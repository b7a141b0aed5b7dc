"""A state folder: one lab at a time, never taken for new when it is not, damaged files in one sentence, for its owner only."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pkikit.errors import InputError, PkikitError
from simulator.errors import LabError
from simulator.lab.saved_lab import FILE, LabStore
from simulator.settings import LabSettings
from simulator.threaded import ThreadedLab
from tests.support.cli import DEPLOYMENT, run
from tests.support.labs import QUICK, lab_of
from tests.support.wait import LONG
from tests.support.worlds import E1, E2, deployment


def settings(folder: Path) -> LabSettings:
    return replace(QUICK, pages=False, state=folder)


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a lab that has run, by their path in its folder."""
    folder = tmp_path_factory.mktemp("used")
    with ThreadedLab(deployment(), settings=settings(folder)):
        pass
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def folder(used: dict[str, bytes], tmp_path: Path) -> Path:
    for name, data in used.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    return tmp_path


def start(folder: Path) -> None:
    with ThreadedLab(deployment(), settings=settings(folder)) as lab:
        assert lab.endpoints


# One at a time.


def test_state_folder_in_use_is_refused(folder: Path) -> None:
    """It names the process; the first goes on, and nothing of its files is touched; afterwards the folder is free."""
    with ThreadedLab(deployment(), settings=settings(folder)) as first:
        before = (folder / FILE).read_bytes()
        with pytest.raises(LabError, match=rf"is in use by the lab with process {os.getpid()}$"):
            start(folder)
        assert (folder / FILE).read_bytes() == before
        assert first.check().accepted
    start(folder)


_HOLDER = """
import sys
from pathlib import Path
from simulator.lab.saved_lab import LabStore
held = LabStore(Path(sys.argv[1])).hold()
print("held", flush=True)
sys.stdin.read()
"""


def test_state_folder_of_a_killed_lab_is_free(folder: Path) -> None:
    """Another process holds the folder: exit code 3, one line, the key log not touched. Killed, it holds nothing."""
    (folder / "tls-keys.log").write_text("a secret of the running lab\n")
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        done = run("simulator", "up", "--no-acme", "--state", str(folder), DEPLOYMENT)
        assert done.returncode == 3
        assert done.stderr == f"expressway-sim: {folder} is in use by the lab with process {holder.pid}\n"
        assert (folder / "tls-keys.log").read_text() == "a secret of the running lab\n"
        holder.send_signal(signal.SIGKILL)
        holder.wait(timeout=LONG)
    start(folder)


# Never new.


@pytest.mark.parametrize("keeps", [f"{E1}/peer.json", "events.jsonl", f"{E2}/key.pem", "root.pem"])
def test_state_folder_without_its_lab_file_is_refused(folder: Path, keeps: str) -> None:
    """Any file of a lab is enough; nothing is overwritten, nothing is added."""
    for path in [p for p in folder.rglob("*") if p.is_file() and str(p.relative_to(folder)) != keeps]:
        path.unlink()
    (folder / keeps).parent.mkdir(exist_ok=True)
    (folder / keeps).write_bytes(b"precious")
    with pytest.raises(InputError, match=rf"contains files of a lab \({re.escape(keeps)}\) but not its lab\.json"):
        start(folder)
    left = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    assert left == {keeps, ".lock"}
    assert (folder / keeps).read_bytes() == b"precious"


def test_state_folder_with_unrelated_files_is_new(tmp_path: Path) -> None:
    """The near miss: notes of a learner, the remains of an interrupted write, an empty folder of a peer."""
    (tmp_path / "notes.txt").write_text("my notes")
    (tmp_path / ".lab.json.x1").write_text("{")
    (tmp_path / E1).mkdir()
    start(tmp_path)
    assert (tmp_path / FILE).exists()
    assert (tmp_path / "notes.txt").read_text() == "my notes"


def test_state_folder_is_private_whatever_the_umask(tmp_path: Path) -> None:
    """Whatever the umask is: no folder and no file of the state is open to anybody else."""
    before = os.umask(0)
    try:
        start(tmp_path / "new" / "lab-state")
    finally:
        os.umask(before)
    made = [tmp_path / "new" / "lab-state", *(tmp_path / "new" / "lab-state").rglob("*")]
    assert len(made) > 4
    assert [str(p) for p in made if stat.S_IMODE(p.stat().st_mode) & 0o077] == []


# Damaged.

Document = dict[str, Any]


def _of_lab(change: Callable[[Document], object]) -> Callable[[Path], object]:
    return lambda folder: _rewrite(folder / FILE, change)


def _of_peer(change: Callable[[Document], object]) -> Callable[[Path], object]:
    return lambda folder: _rewrite(folder / E1 / "peer.json", change)


def _rewrite(path: Path, change: Callable[[Document], object]) -> None:
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def _nested(path: Path) -> None:
    path.write_text("[" * 100_000 + "]" * 100_000)


def _swap_keys(folder: Path) -> None:
    ours, theirs = (json.loads((folder / p / "peer.json").read_text()) for p in (E1, E2))
    ours["certificate"]["key"] = theirs["certificate"]["key"]
    (folder / E1 / "peer.json").write_text(json.dumps(ours))


DAMAGE: dict[str, tuple[str, Callable[[Path], object]]] = {
    "lab nested deep": (FILE, lambda folder: _nested(folder / FILE)),
    "lab is a list": (FILE, lambda folder: (folder / FILE).write_text("[]")),
    "lab is bytes": (FILE, lambda folder: (folder / FILE).write_bytes(b"\xff\xfe\x00{")),
    "lab travelled far": (FILE, _of_lab(lambda d: d.update(travelled=1e300))),
    "lab travelled back": (FILE, _of_lab(lambda d: d.update(travelled=-1e11))),
    "lab travelled to no number": (FILE, _of_lab(lambda d: d.update(travelled=float("nan")))),
    "lab without passwords": (FILE, _of_lab(lambda d: d.update(passwords={}))),
    "lab with numbers as passwords": (FILE, _of_lab(lambda d: d.update(passwords=dict.fromkeys(d["passwords"], 7)))),
    "lab without a root": (FILE, _of_lab(lambda d: d.update(root=None))),
    "root with another key": (FILE, _of_lab(lambda d: d["root"].update(key=d["issuing"]["key"]))),
    "issuing CA with another key": (FILE, _of_lab(lambda d: d["issuing"].update(key=d["root"]["key"]))),
    "lab with odd parties": (FILE, _of_lab(lambda d: d["world"].update(parties=dict.fromkeys(d["world"]["parties"], 3)))),
    "lab with odd settings": (FILE, _of_lab(lambda d: d["world"].update(revocation={"x": {"fallback": 9}}))),
    "lab with an unknown key": (FILE, _of_lab(lambda d: d.update(surprise=1))),
    "lab of a newer version": (FILE, _of_lab(lambda d: d.update(format=99))),
    "lab without a world": (FILE, _of_lab(lambda d: d.pop("world"))),
    "lab with an odd firewall": (FILE, _of_lab(lambda d: d["world"].update(blocked=[[E1, "5061"]]))),
    "peer nested deep": (f"{E1}/peer.json", lambda folder: _nested(folder / E1 / "peer.json")),
    "peer of another name": (f"{E1}/peer.json", _of_peer(lambda d: d.update(fqdn=E2))),
    "peer without a certificate": (f"{E1}/peer.json", _of_peer(lambda d: d.update(certificate=None))),
    "peer with an empty chain": (f"{E1}/peer.json", _of_peer(lambda d: d["certificate"].update(chain=""))),
    "peer at hour 99": (f"{E1}/peer.json", _of_peer(lambda d: d["automatic"].update(hour=99))),
    "peer with an odd key": (f"{E1}/peer.json", _of_peer(lambda d: d["certificate"].update(key="-----BEGIN"))),
    "peer is a folder": (f"{E1}/peer.json", lambda folder: ((folder / E1 / "peer.json").unlink(), (folder / E1 / "peer.json").mkdir())),
    "events are a folder": ("events.jsonl", lambda folder: ((folder / "events.jsonl").unlink(), (folder / "events.jsonl").mkdir())),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_state_file_is_named_and_kept(folder: Path, damage: str) -> None:
    """It names the file and is one line; nothing is overwritten by the start that failed."""
    file, spoil = DAMAGE[damage]
    spoil(folder)
    before = {p: p.read_bytes() for p in folder.rglob("*.json") if p.is_file()}
    with pytest.raises(PkikitError) as refused:
        start(folder)
    assert str(folder / file) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert {p: p.read_bytes() for p in folder.rglob("*.json") if p.is_file()} == before


@pytest.mark.parametrize("line", ["[" * 100_000, '{"seq": "one", "at": "2026-11-24T12:00:00+00:00", "party": "x", "kind": "y", "detail": ""}',
    '{"seq": 1e400, "at": "2026-11-24T12:00:00+00:00", "party": "x", "kind": "y", "detail": ""}',
    '{"seq": 5, "at": "2026-11-24T12:00:00", "party": "x", "kind": "y", "detail": ""}', '{"seq": 5, "at": 3}', "7"])  # fmt: skip
def test_invalid_event_line_is_skipped(folder: Path, line: str) -> None:
    """The lines before and after it are kept."""
    with (folder / "events.jsonl").open("a") as log:
        log.write(line + "\n")
    with ThreadedLab(deployment(), settings=settings(folder)) as lab:
        assert lab.events.of(kind="Lab Started")
        assert [e.seq for e in lab.events] == sorted({e.seq for e in lab.events})


def test_swapped_keys_in_the_state_are_reported_and_fail_their_legs(folder: Path) -> None:
    """Two peers may have got each other's key by hand: the lab starts, says so, and the legs of that peer fail for it."""
    _swap_keys(folder)
    with ThreadedLab(deployment(), settings=settings(folder)) as lab:
        assert "belongs to another certificate" in lab.events.of(E1, "State Warning")[-1].detail
        assert not lab.events.of(E2, "State Warning")
        assert {leg.causes[0] for leg in lab.check().down} == {"key.mismatch"}


def test_clock_refuses_years_out_of_range() -> None:
    """Far travel is one sentence, and the clock stays where it was."""
    with lab_of("single-pair", pages=False) as lab:
        for by in (timedelta(days=365 * 9000), timedelta(days=-365 * 1000), timedelta(days=900_000_000)):
            with pytest.raises(InputError, match="outside the years 1951 to 9899"):
                lab.do(lab.clock.travel, by)
        assert abs(lab.clock.travelled) < timedelta(seconds=1)
        assert lab.check().accepted


def test_state_lock_has_one_holder_at_a_time(tmp_path: Path) -> None:
    """One holder at a time; once it is released, another one can hold the folder."""
    store = LabStore(tmp_path / "state")
    with store.hold(), pytest.raises(LabError, match="in use"):
        LabStore(tmp_path / "state").hold()
    with store.hold():
        assert stat.S_IMODE((tmp_path / "state" / ".lock").stat().st_mode) == 0o600
