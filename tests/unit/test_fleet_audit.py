"""Many deployments: what is found, what is said about each, and what is not judged again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pkikit import __version__
from pkikit.errors import InputError
from pkikit.explore.executors import InProcess, Lost, Processes
from pkikit.fleet.audit_records import FolderKind
from pkikit.fleet.finished_audit import chosen_executor, run_audit
from pkikit.fleet.folders import audited_folder as work
from pkikit.fleet.folders.found_folders import find_folders
from pkikit.fleet.stored.kept_records import _place, kept_records
from pkikit.fleet.stored.parquet import to_parquet
from pkikit.fleet.written.fleet_sentences import same_names
from pkikit.judge.legs.known_parts import State
from pkikit.report.content.build import build_report
from pkikit.report.given.given import read_given
from tests.support.archives import archives_of
from tests.support.brought_files import written
from tests.support.fatal import square_unless_three
from tests.support.fleets import audited, expiring, write_customer, write_small
from tests.support.wait import eventually
from tests.support.worlds import AT, E1, issued

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def test_record_says_what_the_report_says_and_when_it_breaks(tmp_path: Path) -> None:
    """States are those of `pkikit report` on the same folder; the break has its date, its cause and its file."""
    folder = write_customer(tmp_path / "fleet" / "alpha", "alpha", expiring(10 * DAY))
    write_customer(tmp_path / "fleet" / "beta", "beta", expiring(-3 * DAY))
    alpha, beta = audited(tmp_path / "fleet").records
    report = build_report(read_given(folder), AT)
    assert [(c.id, c.state, c.name) for c in alpha.connections] == [
        (c.leg.id, c.state, report.words[c.leg.id]) for c in report.connections
    ]
    first = alpha.breaking(AT)[0]
    assert (first.breaks_at, first.cause) == (AT + 10 * DAY + timedelta(seconds=1), "validity.expired")
    assert first.files == (f"certificates/{E1}/cert.pem",)
    assert first.says.endswith("e1's certificate expired at 2026-12-04 12:00 UTC.")
    assert not alpha.accepted(AT)
    assert alpha.accepted(AT, 5 * DAY)
    down = [c for c in beta.connections if c.state is State.DOWN]
    assert {(c.first_break(AT), c.cause) for c in down} == {(AT - 3 * DAY + timedelta(seconds=1), "validity.expired")}
    assert not beta.accepted(AT, timedelta(0))


def test_every_kind_of_folder_is_found_and_no_bad_one_stops_the_rest(tmp_path: Path) -> None:
    """Nested sites, archives, garbage, half files, links in a circle, an empty folder: each has its record."""
    write_small(tmp_path / "customer" / "site-1", "site-1")
    write_small(tmp_path / "customer" / "site-2", "site-2")
    (tmp_path / "customer" / "notes.txt").write_text("not part of it")
    written(tmp_path / "archives", archives_of(issued("single-pair").world, AT))
    for name, content in archives_of(issued("single-pair").world, AT).items():
        written(tmp_path / "by-machine" / name.partition(".")[0], {name: content})
    half = next(iter(archives_of(issued("single-pair").world, AT).items()))
    written(tmp_path / "half", {half[0]: half[1][: len(half[1]) // 2]})
    written(tmp_path / "garbage", {"photo.bin": bytes(range(256)) * 9})
    (write_small(tmp_path / "cut", "cut") / "deployment.yaml").write_text("clusters:\n  - name: c\n")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "circle").symlink_to(tmp_path)
    (tmp_path / "nowhere").symlink_to(tmp_path / "missing")
    (tmp_path / "alias").symlink_to(tmp_path / "customer" / "site-1")
    (tmp_path / "truth.json").write_text("{}")
    (tmp_path / "lost.tar.gz").write_bytes(half[1])
    beside = write_small(tmp_path / "beside", "beside")
    for home in (beside / "certificates").iterdir():
        home.rename(beside / home.name)
    (beside / "certificates").rmdir()
    found = audited(tmp_path)
    errors = {record.folder: record.error for record in found.records}
    judged = {folder for folder, error in errors.items() if not error}
    assert judged == {"customer/site-1", "customer/site-2", "archives", "by-machine", "beside"}
    assert {c.state for r in found.records if r.folder == "beside" for c in r.connections} == {State.UP}
    assert {r.kind for r in found.records if r.folder in {"archives", "by-machine"}} == {FolderKind.ARCHIVES}
    assert set(errors) - judged == {"half", "garbage", "cut", "empty/circle", "nowhere", "lost.tar.gz"}
    assert "cut off" in errors["half"]
    assert errors["empty/circle"] == "is a link to a folder that contains it, so it is not followed"
    assert not found.accepted
    assert not any(str(tmp_path) in error for error in errors.values())


def test_folder_outside_the_fleet_is_followed_through_its_link(tmp_path: Path) -> None:
    outside = write_small(tmp_path / "elsewhere", "elsewhere")
    (tmp_path / "fleet").mkdir()
    (tmp_path / "fleet" / "linked").symlink_to(outside)
    (record,) = audited(tmp_path / "fleet").records
    assert (record.folder, record.deployment, record.error) == ("linked", "elsewhere", "")


def test_nothing_is_left_out_without_a_word(tmp_path: Path) -> None:
    """Links below a deployment and into hidden folders, two deployment files in one folder, a name that is not UTF-8."""
    write_small(tmp_path / "fleet" / ".store" / "farm", "farm")
    (tmp_path / "fleet" / "link").symlink_to(".store/farm")
    outer = write_small(tmp_path / "fleet" / "outer", "outer")
    (outer / "ext").symlink_to(write_small(tmp_path / "ext", "ext"))
    two = write_small(tmp_path / "fleet" / "two", "two")
    (two / "a.yaml").write_bytes((two / "deployment.yaml").read_bytes())
    (two / "deployment.yaml").rename(two / "b.yaml")
    write_small(tmp_path / "fleet" / os.fsdecode(b"\xff"), "odd")
    found = audited(tmp_path / "fleet")
    assert [record.folder for record in found.records] == ["\\udcff", "link", "outer", "outer/ext", "two"]
    assert [record.folder for record in found.errors] == ["two"]
    assert "several deployment files (a.yaml and b.yaml)" in found.errors[0].error
    assert to_parquet(found)


def test_one_name_on_two_deployments_is_a_problem_of_both(tmp_path: Path) -> None:
    for folder in ("one", "two", "three"):
        write_small(tmp_path / folder, "same" if folder != "three" else "other")
    found = audited(tmp_path)
    says = {record.folder: [problem.says for problem in record.problems] for record in found.records}
    assert says["one"] == ["The deployment name same is also that of two. Give each deployment its own name."]
    assert not says["three"]
    assert [record.folder for record in found.failing] == ["one", "two"]
    assert [(folders, says.split(".")[0]) for folders, says in same_names(found.records)] == [
        ("one and two", "They have one deployment name, same")
    ]


@pytest.mark.parametrize(
    ("name", "says"), [("missing", "no such folder"), ("file", "is a file"), ("empty", "is empty")]
)
def test_folder_without_a_fleet_is_refused(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=says):
        find_folders(tmp_path / name)


def test_folder_that_cannot_be_opened_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_small(tmp_path / "open", "open")
    (tmp_path / "shut").mkdir()
    scan = os.scandir

    def refused(path: Path) -> object:
        if Path(path).name == "shut":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refused)
    errors = {record.folder: record.error for record in audited(tmp_path).records}
    assert errors == {"open": "", "shut": "cannot be read: Permission denied"}


def test_folder_that_changes_while_it_is_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two reads that differ are never one answer; a folder that rests in between is read again."""
    folder = write_small(tmp_path / "busy", "busy")
    task = work.FolderTask(found=find_folders(tmp_path)[0], at=AT, judged_by="test")
    reads, changes = work.read_folder, [2]

    def disturbed(found: work.FoundFolder) -> object:
        if changes[0]:
            changes[0] -= 1
            (folder / "note.txt").write_text("x" * changes[0])
        return reads(found)

    monkeypatch.setattr(work, "read_folder", disturbed)
    assert not work.audited_folder(task).error
    changes[0] = 99
    record = work.audited_folder(task)
    assert (record.error, record.digest) == ("changes while it is read; audit it when nobody writes into it", "")


def test_only_what_changed_is_judged_again(tmp_path: Path) -> None:
    """An old record counts as long as its content is the same, its dates have not come, and this version made it."""
    write_customer(tmp_path / "dated", "dated", expiring(10 * DAY))
    write_small(tmp_path / "still", "still")
    write_small(tmp_path / "gone", "gone")
    before = audited(tmp_path)
    known = {record.folder: record for record in before.records}
    shutil.rmtree(tmp_path / "gone")
    again = audited(tmp_path, since=known, later=DAY)
    assert (again.reused, again.gone) == (2, ("gone",))
    assert again.records == audited(tmp_path, later=DAY).records
    late = audited(tmp_path, since=known, later=11 * DAY)
    assert late.reused == 1
    assert late.records == audited(tmp_path, later=11 * DAY).records
    assert audited(tmp_path, since=known, later=-DAY).reused == 0
    assert audited(tmp_path, since={n: replace(r, judged_by="0.1") for n, r in known.items()}).reused == 0
    crl = tmp_path / "still" / "certificates" / "note.txt"
    crl.write_text("new")
    assert audited(tmp_path, since=known).reused == 1


def test_interrupted_audit_goes_on_and_a_finished_one_leaves_nothing(tmp_path: Path) -> None:
    """Each record is on the disk as soon as it is there; a line that was cut off is judged again."""
    for name in ("a", "b", "c"):
        write_small(tmp_path / name, name)
    whole = run_audit(tmp_path, at=AT, judged_by=__version__, executor=chosen_executor(1, None)).audit
    with kept_records(tmp_path) as kept:
        assert kept.read() == {}
        for record in whole.records[:2]:
            kept.keep(record)
        with kept_records(tmp_path) as second:
            assert second.read() == {}  # another audit of the same folder works without it
    (journal,) = Path(os.environ["XDG_CACHE_HOME"]).rglob("*.jsonl")
    journal.write_bytes(journal.read_bytes()[:-20])
    resumed = run_audit(tmp_path, at=AT, judged_by=__version__, executor=chosen_executor(1, None)).audit
    assert (resumed.reused, resumed.records) == (1, whole.records)
    assert not journal.exists()


def test_full_disk_of_the_cache_does_not_end_an_audit(tmp_path: Path) -> None:
    write_small(tmp_path / "a", "a")
    (record,) = audited(tmp_path).records
    _place(tmp_path).symlink_to("/dev/full")
    with kept_records(tmp_path) as kept:
        kept.keep(record)


def test_killed_audit_goes_on(tmp_path: Path) -> None:
    """kill -9 in the middle, then the same command: it judges the rest, and leaves no process."""
    fleet, journal = tmp_path / "fleet", Path(os.environ["XDG_CACHE_HOME"])
    for number in range(60):
        write_small(fleet / f"{number:02}", f"name-{number}")
    command = [sys.executable, "-m", "pkikit", "fleet", "audit", str(fleet), "--at", AT.isoformat(), "--workers", "2"]
    killed = subprocess.Popen([*command, "--json"], stdout=subprocess.DEVNULL, env=os.environ, start_new_session=True)
    eventually(lambda: any(p.stat().st_size for p in journal.rglob("*.jsonl")) or killed.poll() is not None)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    kept = sum(path.read_bytes().count(b"\n") for path in journal.rglob("*.jsonl"))
    assert 0 < kept < 60
    eventually(lambda: not _members(killed.pid))
    done = run_audit(fleet, at=AT, judged_by=__version__, executor=chosen_executor(1, None)).audit
    assert done.reused == kept
    assert done.accepted


def _members(group: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "-g", str(group)], capture_output=True, text=True, check=False)
    return [int(pid) for pid in found.stdout.split()]


def test_lost_worker_stops_nothing() -> None:
    """What ends its process has no result; what was under way beside it has."""
    found = dict(Processes(2).attempts(square_unless_three, range(8)))
    assert found.pop(3) == Lost("the process that read it ended")
    assert found == {number: number * number for number in range(8) if number != 3}
    assert dict(InProcess().attempts(abs, [-1, 2])) == {-1: 1, 2: 2}
