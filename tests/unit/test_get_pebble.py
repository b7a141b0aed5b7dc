"""`deploy/get_pebble.py` fetches Pebble; the simulator only looks for it, and names the script if it is not there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.places import ROOT
from tests.support.wait import LONG

SCRIPT = ROOT / "deploy" / "get_pebble.py"
# apt-get and dpkg-deb as far as the script uses them, for a machine whose sources have one version.
APT = """#!/bin/sh
echo "$*" >> "$ASKED"
case "$*" in
  *indextargets*) echo "https://archive.example.com/debian" ;;
  *update*) ;;
  *download*) [ "${AVAILABLE:-}" = "" ] && exit 100; echo "$AVAILABLE" > pebble_any.deb ;;
esac
"""
DPKG = """#!/bin/sh
case "$1" in
  -f) cat "$2" ;;
  -x) mkdir -p "$3/usr/bin" && cp "$2" "$3/usr/bin/pebble" && chmod 755 "$3/usr/bin/pebble" ;;
esac
"""


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine with apt-get and dpkg-deb, an empty cache and no Pebble."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in (("apt-get", APT), ("dpkg-deb", DPKG)):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    for name in ("cat", "cp", "mkdir", "chmod", "sh"):
        found = next(p for p in (Path("/bin") / name, Path("/usr/bin") / name) if p.exists())
        (programs / name).symlink_to(found)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("EXPRESSWAY_LAB")}
    return {
        **kept,
        "PATH": str(programs),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "ASKED": str(tmp_path / "asked"),
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }


def get(machine: dict[str, str], *versions: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *versions], env=machine, capture_output=True, text=True, timeout=LONG
    )


def test_package_of_the_right_version_is_unpacked_into_the_cache_once(machine: dict[str, str]) -> None:
    done = get({**machine, "AVAILABLE": "2.4.0-1"}, "2.4")
    program = Path(machine["XDG_CACHE_HOME"]) / "expressway-certificate-lab" / "pebble-2.4" / "usr" / "bin" / "pebble"
    assert (done.returncode, done.stdout, done.stderr) == (0, f"Pebble 2.4: {program}\n", "")
    assert os.access(program, os.X_OK)
    assert [p.name for p in program.parents[3].iterdir()] == ["pebble-2.4"]
    asked = Path(machine["ASKED"]).read_text()
    assert get(machine, "2.4").stdout == done.stdout
    assert Path(machine["ASKED"]).read_text() == asked, "it was fetched again"


def test_package_of_another_version_is_refused_and_other_releases_are_asked(machine: dict[str, str]) -> None:
    """2.1 is not 2.10; the machine's archive is asked for the releases that have 2.10."""
    done = get({**machine, "AVAILABLE": "2.1.0-1"}, "2.10")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(
        "get_pebble.py: Pebble 2.10, the ACME CA of the lab, is not on this machine; fetch it"
    )
    assert Path(machine["ASKED"]).read_text().count("release.sources") == 4  # two releases: update, then download
    assert not list(Path(machine["XDG_CACHE_HOME"]).rglob("pebble"))


def test_machine_without_a_way_to_fetch_gets_one_sentence_for_each_version(machine: dict[str, str]) -> None:
    done = get({**machine, "PATH": machine["XDG_CACHE_HOME"]})
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert ["Pebble 2.4," in lines[0], "Pebble 2.10," in lines[1], len(lines)] == [True, True, 2]


def test_unknown_version_is_bad_input(machine: dict[str, str]) -> None:
    done = get(machine, "3")
    assert (done.returncode, done.stderr) == (2, "get_pebble.py: allowed versions are 2.4 and 2.10\n")


def test_no_package_starts_an_installer() -> None:
    """The packages look for programs; scripts of the checkout install them."""
    for folder in (ROOT / "pkikit", ROOT / "simulator", ROOT / "notebooks" / "workbook"):
        for path in folder.rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            for command in ('"apt-get"', '"apt"', '"dpkg-deb"', '"go"', '"pip"', '"curl"'):
                assert command not in text, f"{path}: {command}"
