"""`pkikit explore`: compared designs, one recommended design, and what it needs to know."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkikit.files import load_deployment
from tests.support.cli import DEPLOYMENT, pkikit_json, run
from tests.support.worlds import E1, E2


def test_explore_command_writes_front_table_and_picture(tmp_path: Path) -> None:
    """One document with the front; a file with every candidate; a picture."""
    out, plot = tmp_path / "all.csv", tmp_path / "front.svg"
    vary = ("--vary", "lifetime=398,47", "--vary", "edge.authority=acme,private")
    document = pkikit_json("explore", DEPLOYMENT, *vary, "--out", str(out), "--plot", str(plot))
    assert document["total"] == len(out.read_text().splitlines()) - 1
    assert document["front"]
    assert document["front"][0]["works"] is True
    assert plot.read_text().startswith("<svg")
    done = run("pkikit", "explore", DEPLOYMENT, "--workers", "2", "--scheduler", "tcp://127.0.0.1:1")
    assert done.returncode == 2
    people = run("pkikit", "explore", DEPLOYMENT, *vary)
    assert people.returncode == 0
    assert people.stdout.splitlines()[0].endswith("can't be beaten on every criterion at once.")
    assert "one certificate per peer; " in people.stdout
    assert "Machines of other people that must install your private root CA." in people.stdout
    none = run("pkikit", "explore", DEPLOYMENT, "--vary", "edge.authority=acme", "--vary", "core.authority=private")
    assert none.stdout.startswith("None of 384 candidates brings every connection up, because ")
    assert "can't be beaten" not in none.stdout


def test_explore_recommends_one_design_and_saves_what_one_needs(tmp_path: Path) -> None:
    """Verdict first, reasons, alternatives, and a deployment file that is the recommended one; no design is a no."""
    given = ("explore", DEPLOYMENT, "--recommend", "--answer", "trust=partners", "--at", "2026-11-26T00:00:00Z")
    document = pkikit_json(*given, "--out", str(tmp_path / "design"))
    assert document["recommended"]["because"]
    ways = [design["from_today"] for design in (document["recommended"], *document["alternatives"])]
    assert ways[0] == {"steps": 9, "restarts": 2, "steps_by_others": 1, "refused_legs": 2}
    assert len(ways) == 1 + len(document["alternatives"])
    assert 1 <= len(document["alternatives"]) <= 2
    assert {r["peer"] for r in document["requests"]} == {"c1.corp.example.com", "c2.corp.example.com", E1, E2}
    assert load_deployment(tmp_path / "design" / "deployment.yaml").version == "X15.5"
    people = run("pkikit", *given)
    assert people.stdout.startswith("Recommended for X15.5: one certificate per peer, public CA on E, ACME")
    assert "  Recommended    9 steps (1 by others), 2 restarts, 2 connections refused\n" in people.stdout
    refused = run("pkikit", "explore", DEPLOYMENT, "--recommend", "--at", "2026-11-26T00:00:00Z")
    assert refused.returncode == 1
    assert "--answer trust=partners" in refused.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give a deployment file"),
        (("--recommend",), "This is not a terminal"),
        (("--recommend", "--answer", "edge-peers=7"), "Expressway-E peers: 7 is out of range"),
        ((DEPLOYMENT, "--recommend", "--answer", "outside=mra"), "read from the deployment file"),
        ((DEPLOYMENT, "--recommend", "--vary", "stores=one"), "--recommend goes only with"),
    ],
)
def test_explore_without_what_it_needs_says_so_in_one_sentence(arguments: tuple[str, ...], said: str) -> None:
    """Exit 2 and one sentence."""
    done = run("pkikit", "explore", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
