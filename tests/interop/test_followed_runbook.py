"""A new operator plans a change with the commands of docs/plan.md, and follows the printed runbook in a lab, in two terminals."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pkikit.view.short_names import ShortNames
from tests.support.places import ROOT
from tests.support.runbook_blocks import PrintedStep, read_runbook
from tests.support.wait import LONG, eventually

pytestmark = pytest.mark.needs("openssl", "curl", "jq", "bash")
GUIDE = ROOT / "docs" / "plan.md"
SMALL = "single-pair"  # the guide plans clustered-full: the same commands, with four times as many steps


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with the deployments; `pkikit` and `expressway-sim` are this checkout's."""
    (tmp_path / "notebooks").symlink_to(ROOT / "notebooks")
    (tmp_path / "bin").mkdir()
    for name, module in (("pkikit", "pkikit"), ("expressway-sim", "simulator")):
        script = tmp_path / "bin" / name
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m {module} "$@"\n')
        script.chmod(0o755)
    return tmp_path


def _environment(desk: Path) -> dict[str, str]:
    path = f"{desk / 'bin'}{os.pathsep}{os.environ['PATH']}"
    root = f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    return {**os.environ, "PATH": path, "PYTHONPATH": root, "COLUMNS": "80", "NO_COLOR": "1"}


def bash(desk: Path, command: str, *, code: int = 0) -> str:
    """What a command prints in the operator's terminal."""
    done = subprocess.run(
        ["bash", "-c", command], cwd=desk, env=_environment(desk), capture_output=True, text=True, timeout=LONG
    )
    assert done.returncode == code, f"{command}: {done.stdout}{done.stderr}"
    assert "PRIVATE" not in done.stdout + done.stderr
    return done.stdout


def shown(section: str) -> list[str]:
    """The commands of a section of the guide, for the small deployment."""
    text = GUIDE.read_text(encoding="utf-8").partition(f"## {section}\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("$ ")]
    return [line.removeprefix("$ ").replace("clustered-full", SMALL).replace("10,14", "2,5") for line in lines]


@contextmanager
def first_terminal(desk: Path, start: str) -> Iterator[None]:
    """The lab that the runbook starts, until it has answered everything."""
    access = desk / "lab-state" / "access.json"
    with (
        (desk / "up.log").open("wb") as log,
        subprocess.Popen(["bash", "-c", f"exec {start} --no-acme"], cwd=desk, env=_environment(desk), stdout=log, stderr=log)
        as running,
    ):  # fmt: skip
        try:
            eventually(lambda: access.exists() or running.poll() is not None)
            assert running.poll() is None, (desk / "up.log").read_text()
            yield
        finally:
            running.send_signal(signal.SIGKILL)
            running.wait(LONG)


def follow(desk: Path, runbook: Path, *, rest: bool) -> int:
    """Follow a printed runbook to its end; return how many connections went down, all of them announced by their step."""
    printed = read_runbook(runbook)
    lost = 0
    with first_terminal(desk, printed.start):
        for step in printed.steps:
            call = step.command("REST API") if rest else ""
            bash(desk, f"{printed.setup}\n{call or step.command('Lab')}")
            _prove(desk, printed.setup, step)
            if step.down or step is printed.steps[-1]:
                losses = _losses_when_all_are_up(desk, printed.setup)
                machines = {loss["restarted"].partition(".")[0] for loss in losses[lost:]}
                assert machines == ({step.title.removeprefix("Restart ")} if step.down else set()), losses
                names = ShortNames.of_ids([loss["connection"] for loss in losses])
                assert [x for x in losses[lost:] if names.connection(x["connection"]) not in step.down] == [], (
                    step.title
                )
                lost = len(losses)
    return lost


def _losses_when_all_are_up(desk: Path, setup: str) -> list[dict[str, str]]:
    """What went down since the lab began, as soon as everything is up again."""
    found: list[dict[str, str]] = []

    def settled() -> bool:
        status = json.loads(bash(desk, f'{setup}\nexpressway-sim status --state "$STATE" --json || true'))
        found[:] = status["losses"]
        return all(connection["up"] for connection in status["connections"])

    eventually(settled)
    return found


def _prove(desk: Path, setup: str, step: PrintedStep) -> None:
    """Run the proof until it shows what the runbook says. The lab has no command line of Unified CM."""
    if "Command line (SSH)" in step.proof_says:
        return
    expects = re.match(r"It shows (\d+|one line);?", step.proof_says)
    if expects is None or expects[1].isdigit():
        seen = bash(desk, f"{setup}\n{step.proof} || true").strip()
        assert seen == expects[1] if expects else seen, step.title
    else:  # one line; nothing as long as the machine restarts
        eventually(lambda: len(bash(desk, f"{setup}\n{step.proof} || true").strip().splitlines()) == 1, step.title)


def test_operator_plans_rehearses_and_follows_the_runbook(desk: Path) -> None:
    """Every command as printed. Expressways get REST calls, everything else the lab's own command."""
    for command in shown("Plan a change of root"):
        printed = bash(desk, command)
        assert printed
    assert "no connection is refused" in printed
    assert (desk / "runbook.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    sabotage, *_ = shown("Break it on purpose")
    assert "refused" in bash(desk, sabotage, code=1)
    make_markdown, *_ = shown("Follow the runbook in a lab")
    bash(desk, make_markdown)
    assert follow(desk, desk / "runbook.md", rest=True) == 2  # the only zone, at each of two restarts


def test_plan_of_imported_archives_is_followed_in_the_same_way(desk: Path) -> None:
    """An import has no private key: the lab plays a look-alike, and the new certificates stay those of the plan."""
    bash(desk, 'pkikit ca init new-ca --name "New Root CA"')
    bash(desk, f"expressway-sim check notebooks/deployments/{SMALL}.yaml --archives my-archives")
    for command in shown("Plan for your own system"):
        if "--rekey" not in command and "rehearse" not in command:
            bash(desk, command)
    assert not list((desk / "my-deployment").rglob("key*.pem"))
    assert follow(desk, desk / "runbook.md", rest=False) == 2
