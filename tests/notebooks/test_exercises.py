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
from workbook.check import check_sans

from pkikit.design.san import design_sans
from tests.support.worlds import E1, E2, deployment

FOLDER = Path(__file__).parents[2] / "notebooks"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ipynb")), ids=lambda p: p.stem)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_solutions_are_right(path: Path) -> None:
    """The notebook, run with its solutions, says so at every exercise."""
    solutions = yaml.safe_load((FOLDER / "solutions" / f"{path.stem}.yaml").read_text(encoding="utf-8"))
    notebook = nbformat.read(path, as_version=4)
    exercises = [c for c in notebook.cells if "exercise" in c.metadata.get("tags", [])]
    assert len(exercises) == len(solutions) > 0
    for cell, solution in zip(exercises, solutions, strict=True):
        cell.source, count = re.subn(r"^answer = \[\]$", f"answer = {solution!r}", cell.source, flags=re.MULTILINE)
        assert count == 1
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(FOLDER)}}).execute()
    for cell in exercises:
        assert cell.outputs[-1]["data"]["text/plain"].startswith("✔ right"), cell.outputs


@pytest.mark.parametrize("answer", [
    [], None, 5, "e1.example.com", {"a": 1}, [1, None, b"x"], ["*.example.com"], ["a b"], [["nested"]], ["😀" * 1000], [E1] * 100_000, float("nan"),
])  # fmt: skip
def test_wrong_answers_are_answered(answer: Any) -> None:
    """Any type, any content: lines, not exceptions; bounded; never the missing name itself."""
    result = check_sans(answer, design_sans(deployment(), E2))
    assert not result.right
    assert repr(result)
    assert len(repr(result)) < 60_000
    assert "cluster-e" not in repr(result)


def test_right_answers_in_other_spellings() -> None:
    """Order, case, trailing dots and a comma list do not matter."""
    layout = design_sans(deployment(), E2)
    assert check_sans("EXAMPLE.com., cluster-e.example.com, e2.example.com", layout).right
    assert check_sans(set(layout.dns_names), layout).right


def test_sanitising_is_short() -> None:
    """What nbval may overlook is stated in one place, and is one thing."""
    rules = [line for line in (FOLDER / "nbval-sanitize.cfg").read_text().splitlines() if line.startswith("regex")]
    assert len(rules) == 1


def test_nbval_would_notice_a_changed_output(tmp_path: Path) -> None:
    """The control: with one word of a committed output changed, nbval fails."""
    import shutil
    import subprocess
    import sys

    shutil.copytree(FOLDER, tmp_path / "notebooks")
    path = tmp_path / "notebooks" / "00-meet-the-lab.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    first = next(i for i, c in enumerate(notebook["cells"]) if c["cell_type"] == "code")
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
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path / "notebooks", timeout=120)
    assert done.returncode == 1, done.stdout
    assert "5 other parties" in done.stdout
