"""What `make dist` makes: the same bytes anywhere, accepted by the index's own checks, complete, and nothing of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.support.places import ROOT
from tests.support.wait import LONG

BUILD = "deploy/release/build_dist.py"


def built(source: Path, folder: Path, **environment: str) -> dict[str, bytes]:
    """Build in a process with its own umask and environment."""
    umask = environment.pop("umask")
    done = subprocess.run(
        [sys.executable, str(source / BUILD), str(folder)],
        cwd=folder.parent,
        env={**os.environ, **environment},
        umask=int(umask, 8),
        capture_output=True,
        text=True,
        timeout=LONG,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist") / "dist"
    built(ROOT, folder, umask="0022", TZ="UTC")
    return folder


def test_two_builds_of_one_commit_have_the_same_bytes(dist: Path, tmp_path: Path) -> None:
    """Another checkout in another folder, with another umask, time zone and language."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    other = tmp_path / "a folder with spaces"
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (other / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, other / name)
            (other / name).chmod(0o700 if os.access(ROOT / name, os.X_OK) else 0o600)
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com"]
    when = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()
    dated = {**os.environ, "GIT_COMMITTER_DATE": f"@{when.strip()} +0000"}
    for command in (["init", "-q"], ["add", "-A", "-f"], ["commit", "-q", "-m", "copy"]):
        subprocess.run([*git, *command], cwd=other, env=dated, check=True, timeout=LONG)
    (other / "pkikit" / "left.pem").write_text("what a person left in the folder, unknown to git")
    again = built(other, tmp_path / "dist", umask="0077", TZ="Pacific/Auckland", LC_ALL="C", PYTHONHASHSEED="7")
    assert again == {path.name: path.read_bytes() for path in dist.iterdir()}


def test_sdist_has_every_tracked_file_and_no_other(dist: Path) -> None:
    """The tests are in it, so that a packager can run them; test_house.py searches tracked files for paths and keys."""
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        members = archive.getmembers()
    top = sdist.name.removesuffix(".tar.gz")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    tracked = {name for name in listed.split("\0") if name and (ROOT / name).is_file()}
    assert {member.name.removeprefix(f"{top}/") for member in members} == tracked | {"PKG-INFO"}
    assert {(member.uid, member.gid, member.uname) for member in members} == {(0, 0, "")}
    assert {member.mode & 0o777 for member in members} == {0o644, 0o755}


def test_distributions_pass_the_checks_of_the_package_index(dist: Path) -> None:
    """`twine check --strict` renders the README; check-wheel-contents looks for what does not belong into a wheel."""
    programs = Path(sys.executable).parent
    for command in (
        [programs / "twine", "check", "--strict", *dist.iterdir()],
        [programs / "check-wheel-contents", *dist.glob("*.whl")],
    ):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONG, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
