"""`expressway-sim rehearse`: its document, bad input, and an interruption by kill -9."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pkikit.errors import InputError
from pkikit.planning.plan_file import write_plan
from simulator.commands.cli import app
from simulator.rehearsal.saved_result import read_result
from tests.support.cli import run, run_json
from tests.support.root_plans import new_root, planned
from tests.support.worlds import AT, deployment

C = "expc"


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a plan: a new root for a pair of Expressways, in six steps."""
    file = tmp_path_factory.mktemp("plans") / "plan.json"
    write_plan(file, planned(new_root(deployment("single-pair"), AT)))
    return file


def test_document_has_prediction_and_handshake_of_each_connection_in_each_state(plan: Path, tmp_path: Path) -> None:
    out = tmp_path / "result.json"
    found = run_json("simulator", "rehearse", str(plan), "--out", str(out))
    assert read_result(out).to_json() == json.loads(out.read_text())
    assert (found["accepted"], found["counts"]["handshakes"], found["counts"]["states"]) == (True, 9, 9)
    for state in found["states"]:
        [connection] = state["connections"]
        assert connection["dialled"]
        assert connection["predicted"] == connection["state"] == ("down" if state["phase"] == "during" else "up")
    assert not plan.with_name("plan.rehearsal.json").exists(), "a rehearsal that has ended leaves nothing to continue"


def test_refusals_give_exit_code_1_and_name_who_refuses(plan: Path) -> None:
    found = run_json("simulator", "rehearse", str(plan), "--swap", "2,5", code=1)
    [refused] = found["refused"]
    assert (refused["n"], refused["refused_by"], refused["predicted"]) == (4, "expe.example.com", "down")
    assert found["differences"] == []


def test_rehearsal_continues_after_kill_9(plan: Path) -> None:
    state = plan.with_name("plan.rehearsal.json")
    killed = run("tests.support.killed_rehearsal", "11", "rehearse", str(plan), "--roll-back", "6")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    left = json.loads(state.read_text())
    assert (len(left["states"]), left["under_way"]) == (5, f"Restart {C}"), "written before and after each state"

    other = run("simulator", "rehearse", str(plan), "--continue", "--swap", "1,2")
    assert other.returncode == 2
    assert "rolled back after step 6" in other.stderr

    text = plan.read_text()
    plan.write_text(f"{text}\n")
    another = run("simulator", "rehearse", str(plan), "--continue")
    plan.write_text(text)
    assert another.returncode == 2
    assert "belongs to another plan" in another.stderr

    found = run_json("simulator", "rehearse", str(plan), "--continue")
    assert (found["accepted"], found["continued"], found["counts"]["states"]) == (True, 5, 15)
    assert found["sabotage"] == {"kind": "roll-back", "step": 6, "other": None}
    assert not state.exists()


def test_continue_without_an_interrupted_rehearsal_begins_and_says_so(plan: Path) -> None:
    done = run("simulator", "rehearse", str(plan), "--continue", "--kill-after", "1")
    assert done.returncode == 0, done.stderr
    assert "There is no interrupted rehearsal of this plan." in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--swap", "a"), "--swap 'a': write the numbers of two steps, as 3,7"),
        (("--swap", "3,4"), "cannot be done before step 4"),
        (("--swap", "1,2", "--roll-back", "1"), "exclude each other"),
        (("--roll-back", "7"), "the plan has steps 1 to 6"),
        (("--kill-after", "0"), "the plan has steps 1 to 6"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(plan: Path, arguments: tuple[str, ...], says: str) -> None:
    with pytest.raises(InputError, match=re.escape(says)) as refused:
        CliRunner().invoke(app, ["rehearse", str(plan), *arguments], catch_exceptions=False)
    assert "\n" not in str(refused.value)


def test_file_that_is_not_a_result_is_refused(plan: Path) -> None:
    with pytest.raises(InputError, match="is not the result of a rehearsal"):
        read_result(plan)
