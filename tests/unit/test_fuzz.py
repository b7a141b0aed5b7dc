"""A short fuzz run of every target with fixed seeds, and the controls that show that a find would be noticed."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest

from tests.fuzz import run as watching
from tests.fuzz.mutate import Mutator
from tests.fuzz.seeds import objects
from tests.fuzz.targets import TARGETS
from tests.fuzz.worker import _failure, _smaller

# Inputs for each target; `make fuzz` runs a minute instead.
COUNT = 120


@pytest.mark.parametrize("target", TARGETS)
def test_fuzzed_input_is_always_answered_as_promised(target: str) -> None:
    """Every input is answered as promised: no traceback, no escape sequence, no hang, no 500."""
    report = watching.fuzz(target, seed=20261125, count=COUNT, keep=False)
    assert not report.finds, "\n".join(f"{f.where}: {f.data.hex()}\n{f.traceback}" for f in report.finds)
    assert (report.done, report.ended) == (COUNT, True)


def test_fuzzing_with_one_seed_repeats_its_inputs() -> None:
    """An input that was found once can be made again from its seed."""
    mutators = [Mutator(objects(), random.Random(seed)) for seed in (1, 1, 2)]
    made = [[mutator.make() for _ in range(50)] for mutator in mutators]
    assert made[0] == made[1] != made[2]
    assert len(set(made[0])) > 40


def test_fuzzing_finds_and_shrinks_a_planted_failure() -> None:
    """The control: a function that fails on one octet is reported with its place, and the input shrinks to that octet."""

    def run(data: bytes) -> None:
        if b"\x07" in data:
            raise ValueError("seven")

    data = bytes(range(6)) * 50 + b"\x07" + bytes(range(6)) * 50
    where = _failure(run, data)
    assert where.startswith("ValueError test_fuzz.py:")
    assert _failure(run, b"harmless") == ""
    assert _smaller(run, data, where) == b"\x07"


def test_fuzzing_kills_a_worker_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a worker that uses its processor time without getting on is killed."""
    monkeypatch.setattr(watching, "MAX_CPU", 0.5)
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as worker:
        watching._watch(worker, lambda: 0)  # type: ignore[arg-type]
        assert worker.wait() < 0
