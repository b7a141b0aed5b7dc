"""Exercises: the committed notebook asks, the solutions answer, and no answer of whatever kind meets a traceback."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml
from nbclient import NotebookClient
from workbook.course.answer_check import check_sans
from workbook.course.exercises import _ENGINE, check, choices, works

from pkikit.design.san import design_sans
from pkikit.errors import InputError
from tests.support.places import ROOT
from tests.support.wait import LONG
from tests.support.worlds import E1, E2, deployment

FOLDER = ROOT / "notebooks"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ipynb")), ids=lambda p: p.stem)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_solution_of_every_exercise_is_right(path: Path) -> None:
    """The notebook, run with its solutions, says so at every exercise."""
    solutions = yaml.safe_load((FOLDER / "solutions" / f"{path.stem}.yaml").read_text(encoding="utf-8"))
    notebook = nbformat.read(path, as_version=4)
    exercises = [c for c in notebook.cells if "exercise" in c.metadata.get("tags", [])]
    assert len(exercises) == len(solutions) > 0
    for cell, solution in zip(exercises, solutions, strict=True):
        cell.source, count = re.subn(r"^answer = \[\]$", f"answer = {solution!r}", cell.source, flags=re.MULTILINE)
        assert count == 1
    NotebookClient(notebook, timeout=LONG, resources={"metadata": {"path": str(FOLDER)}}).execute()
    for cell in exercises:
        assert cell.outputs[-1]["data"]["text/plain"].startswith("✔ right"), cell.outputs


@pytest.mark.parametrize("answer", [
    [], None, 5, "e1.example.com", {"a": 1}, [1, None, b"x"], ["*.example.com"], ["a b"], [["nested"]], ["😀" * 1000], [E1] * 100_000, float("nan"),
])  # fmt: skip
def test_wrong_answer_gets_a_bounded_reply_without_the_solution(answer: Any) -> None:
    """Any type, any content: lines, not exceptions; bounded; never the missing name itself."""
    result = check_sans(answer, design_sans(deployment(), E2))
    assert not result.right
    assert repr(result)
    assert len(repr(result)) < 60_000
    assert "cluster-e" not in repr(result)


def test_right_answer_in_another_spelling_is_right() -> None:
    """Order, case, trailing dots and a comma list do not matter."""
    layout = design_sans(deployment(), E2)
    assert check_sans("EXAMPLE.com., cluster-e.example.com, e2.example.com", layout).right
    assert check_sans(set(layout.dns_names), layout).right


@pytest.mark.parametrize(
    "answer", [None, 5, "nothing of it", [1, None], {"a": 1}, ["😀" * 1000], ["60"] * 100_000, [["x"]]]
)
@pytest.mark.parametrize("exercise", list(choices()))
def test_choice_takes_any_answer_without_revealing_the_right_one(exercise: str, answer: Any) -> None:
    """Lines, bounded, and never the right option's name where it was not given."""
    result = check(exercise, answer)
    assert repr(result)
    assert len(repr(result)) < 60_000
    if not result.right:
        told = [line for line in result.lines if "is none of" not in line and "Write a list" not in line]
        assert not [r for r in choices()[exercise].right if r in " ".join(told)]


def test_exercise_cell_does_not_contain_its_answer() -> None:
    """The right answers are in solutions/ and in the engine, not in the exercise's cell."""
    for path in FOLDER.glob("*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            if "exercise" in cell.metadata.get("tags", []):
                assert "right=" not in cell.source
    with pytest.raises(InputError, match="there are 00-A"):
        check("99-Z", [])


def test_nbval_sanitising_has_one_rule() -> None:
    """What nbval may overlook is stated in one place, and is one thing."""
    rules = [line for line in (FOLDER / "nbval-sanitize.cfg").read_text().splitlines() if line.startswith("regex")]
    assert len(rules) == 1


def test_nbval_fails_when_an_output_changed(tmp_path: Path) -> None:
    """The control: with one word of a committed output changed, nbval fails."""
    import shutil
    import subprocess
    import sys

    shutil.copytree(FOLDER, tmp_path / "notebooks")
    path = tmp_path / "notebooks" / "00-meet-the-lab.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    first = next(i for i, c in enumerate(notebook["cells"]) if "open_lab(" in "".join(c["source"]))
    notebook["cells"] = notebook["cells"][first : first + 1]
    changed = json.dumps(notebook).replace("4 other parties", "5 other parties")
    assert changed != json.dumps(notebook)
    path.write_text(changed, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:xdist",
        "-p",
        "no:cacheprovider",
        "--nbval",
        str(path),
        "--rootdir",
        str(tmp_path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path / "notebooks", timeout=LONG)
    assert done.returncode == 1, done.stdout
    assert "5 other parties" in done.stdout


def test_exercises_in_notebooks_and_engine_are_the_same() -> None:
    """Numbers in cells and numbers in the engine are the same, each in its own notebook."""
    asked = set()
    for path in FOLDER.glob("*.ipynb"):
        numbers = set(re.findall(r'check\("(\d\d-[A-Z])"', path.read_text(encoding="utf-8").replace("\\", "")))
        assert all(n.startswith(path.name[:2]) for n in numbers)
        asked |= numbers
    assert asked == {*choices(), *works(), *_ENGINE}


@pytest.fixture(autouse=True)
def _own_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests leave no trace in anybody's progress."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
