"""A lab with a fault: its capture, its archives and the lab itself give the same first cause."""

from __future__ import annotations

from pathlib import Path

from tests.support.certs_folder import write_certs
from tests.support.cli import DEPLOYMENT, run, run_json
from tests.support.worlds import AT, CASES, WorldBuilder


def test_capture_and_archives_of_a_lab_give_its_first_cause(tmp_path: Path) -> None:
    case = next(case for case in CASES if case.id == "leaf-expired")
    certs = write_certs(case.broken(WorldBuilder()).world, tmp_path / "certs", keys=True)
    capture, archives = tmp_path / "lab.pcapng", tmp_path / "archives"
    options = ("--certs", certs, "--at", AT.isoformat(), "--tls", "1.2", "--capture", capture, "--archives", archives)
    done = run("simulator", "check", DEPLOYMENT, *map(str, options))
    assert done.returncode == 1, done.stderr
    assert case.rule in done.stdout
    for file in (capture, *archives.glob("*.tar.gz")):
        answer = run_json("pkikit", "diagnose", str(file), code=1)
        assert answer["causes"][0] == case.rule, file
        assert any(connection["state"] == "down" for connection in answer["connections"])
        asked = run_json("pkikit", "doctor", str(file), code=1)
        assert case.rule in {finding["rule"] for finding in asked["findings"]}, file
