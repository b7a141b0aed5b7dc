"""A plan's folder, run by `expressway-sim up`, and its steps by `expressway-sim do` from another terminal."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pkikit.issue.authority import create_root
from pkikit.planning.difference import difference_of
from pkikit.planning.plan import Plan
from pkikit.planning.plan_file import write_plan
from pkikit.planning.predictions.replayed_order import replay
from pkikit.planning.steps import Action
from pkikit.worlds.issued_world import layout_of
from simulator.commands.do_step import do as do_step
from simulator.commands.lab_client import LabClient
from simulator.errors import LabError
from simulator.world.craft import craft
from tests.support.cli import command_line, run, run_json, simulator_json_in_process
from tests.support.wait import LONG, eventually
from tests.support.worlds import AT, issued

_ORDER = (Action.APPEND_CA, Action.LOAD, Action.LOAD_CLIENT, Action.RESTART, Action.REMOVE_CA)


def planned() -> Plan:
    """Another CA for the two Expressways of single-pair."""
    today = tomorrow = issued("single-pair").world
    root = create_root("New Root CA", at=AT)
    for fqdn in today.deployment.peers:
        own = craft(layout_of(today.deployment, fqdn).dns_names, root, at=AT, common_name=fqdn)
        lists = (*today.parties[fqdn].trusted_ca_list, root.certificate)
        tomorrow = tomorrow.with_party(replace(today.parties[fqdn], credential=own, trusted_ca_list=lists))
    change = difference_of(today, tomorrow, at=AT)
    order = tuple(s.key for s in sorted(change.steps, key=lambda s: _ORDER.index(s.action)))
    return Plan(change=change, order=order, predictions=replay(change, order), order_exists=True)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plan") / "plan.json"
    write_plan(path, planned())
    return path


@contextmanager
def up(plan: Path, state: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`expressway-sim up` with the folder of the plan, killed at the end."""
    today = plan.with_name("plan.files") / "today"
    line = command_line("simulator", "up", str(today / "deployment.yaml"), "--certs", str(today / "certificates"),
                        "--state", str(state), "--no-acme")  # fmt: skip
    access = state / "access.json"
    before = access.stat().st_mtime_ns if access.exists() else 0
    with (state.parent / "up.log").open("ab") as log, subprocess.Popen(line, stdout=log, stderr=log) as running:
        try:
            eventually(lambda: running.poll() is not None or (access.exists() and access.stat().st_mtime_ns != before))
            assert running.poll() is None, (state.parent / "up.log").read_text(encoding="utf-8")
            yield running
        finally:
            running.send_signal(signal.SIGKILL)
            running.wait(LONG)


def held(state: Path) -> Any:
    """What the lab holds; exit code 1 says that a connection is down, as each is until the lab has come up."""
    return simulator_json_in_process("status", "--state", str(state), codes=(0, 1))


def do(plan: Path, state: Path, number: int, *more: str) -> Any:
    return simulator_json_in_process("do", str(plan), str(number), "--state", str(state), *more)


def test_steps_of_a_plan_from_another_terminal_survive_a_kill(plan: Path, tmp_path: Path) -> None:
    """Each step, its losses, half-steps, undo, a step twice; after kill -9 the lab is where it was."""
    steps = json.loads(plan.read_text(encoding="utf-8"))["steps"]
    numbers = {action: [s["n"] for s in steps if s["action"] == action] for action in {s["action"] for s in steps}}
    state = tmp_path / "state"
    with up(plan, state):
        eventually(lambda: all(c["up"] for c in held(state)["connections"]))
        for number in numbers["append-ca"]:
            done = do(plan, state, number)
            assert done["changed"]
            assert done["held"]["losses"] == []
        assert not do(plan, state, numbers["append-ca"][0])["changed"]
        load, restart = numbers["load-certificate"][0], numbers["restart"][0]
        machine = steps[load - 1]["machine"]
        assert do(plan, state, load)["held"]["restart_needed"] == [machine]
        assert do(plan, state, load, "--undo")["held"]["restart_needed"] == []
        assert do(plan, state, load)["pending"]
        restarted = run_json(
            "simulator", "do", str(plan), str(restart), "--state", str(state)
        )  # in a process of its own
        assert {loss["restarted"] for loss in restarted["held"]["losses"]} == {machine}
        assert [loss for loss in restarted["held"]["losses"] if not loss["back"]] == []
        assert all(c["up"] for c in restarted["held"]["connections"])
        text = run("simulator", "status", "--state", str(state))
        assert text.returncode == 0, text.stdout
        assert "restart of" in text.stdout
        assert "PRIVATE" not in (state / "events.jsonl").read_text(encoding="utf-8")
        keys = list(state.rglob("*key*.pem"))
        assert {stat.S_IMODE(p.stat().st_mode) for p in keys} == {0o600}
        do(plan, state, numbers["load-certificate"][1])
    gone = run("simulator", "status", "--state", str(state))
    assert (gone.returncode, "does not answer" in gone.stderr) == (3, True)
    with up(plan, state):  # everything that was loaded is in use after a start
        eventually(lambda: all(c["up"] for c in held(state)["connections"]))
        assert held(state)["restart_needed"] == []
        assert not do(plan, state, numbers["append-ca"][-1])["changed"]


def test_steps_that_are_none_are_refused(plan: Path, tmp_path: Path) -> None:
    """A number beyond the plan, no plan, no lab."""
    (tmp_path / "empty").mkdir()
    for arguments, code, says in (
        ((str(plan), "99", "--state", str(tmp_path / "empty")), 2, "there is no step 99"),
        ((str(plan), "1", "--state", str(tmp_path / "empty")), 3, "no lab runs"),
        ((str(tmp_path / "none.json"), "1", "--state", str(tmp_path)), 2, "none.json"),
    ):
        done = run("simulator", "do", *arguments)
        assert done.returncode == code, done.stderr
        assert says in done.stderr
        assert "Traceback" not in done.stderr


def test_lab_of_another_deployment_is_left_alone(plan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The places of its settings mean something else there."""
    (tmp_path / "access.json").write_text(
        json.dumps({"peers": {"c1.example.com": {"url": "https://127.1.0.1:443"}}, "accounts": {"admin": "secret"}})
    )
    asked = []

    def ask(_: LabClient, method: str, *__: Any, **___: Any) -> dict[str, Any]:
        asked.append(method)
        return {"deployment": "another"}

    monkeypatch.setattr(LabClient, "ask", ask)
    with pytest.raises(LabError, match="runs another, and the plan is for single-pair"):
        do_step(plan, 1, tmp_path)
    assert asked == ["GET"]
