"""docs/fleet.md: every command, query and line of Python, in the order of the page, on the fleet that it makes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import duckdb
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.support.cli import run_inside
from tests.support.places import ROOT

GUIDE = (ROOT / "docs" / "fleet.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    """The blocks of the page in one language."""
    return re.findall(rf"^```{kind}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


def test_guide_is_followed_from_zero_to_the_pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for part in (p for block in blocks("console") for p in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]):
        command, *shown = part.splitlines()
        command, _, into = command.partition(" > ")
        done = run_inside("pkikit", *shlex.split(command)[1:])
        says_no = bool(into) or any(line.startswith("✘") for line in shown)
        assert done.returncode == int(says_no), f"{command}\n{done.stdout}{done.stderr}"
        if into:
            Path(into).write_text(done.stdout, encoding="utf-8")
        printed = " ".join(done.stdout.split())
        assert [line for line in shown if " ".join(line.split()) not in printed] == [], done.stdout
    assert Path("customers/truth.csv").read_text().count(",breaks,") == 2
    queries = blocks("sql")
    answers = [duckdb.sql(query).fetchall() for query in queries]
    assert sorted(row[0] for row in answers[0]) == ["ash1", "maple8"]
    assert len(answers[-1]) == 10
    (program,) = blocks("python")
    exec(program, {})
    named = set(
        re.findall(r"\b(?:expressway|x509)_\w+", GUIDE.partition("## Watch it in Grafana")[2].partition("\n## ")[0])
    )
    written = {family.name for family in text_string_to_metric_families(Path("fleet.prom").read_text())}
    assert named <= written
    (alerts,) = (yaml.safe_load(block) for block in blocks("yaml"))
    assert all({"alert", "expr", "annotations"} <= set(rule) for rule in alerts["groups"][0]["rules"])
