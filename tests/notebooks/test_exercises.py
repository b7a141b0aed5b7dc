"""Exercises: the committed notebook asks, the solutions answer, and no answer of whatever kind meets a traceback."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml
from workbook.course.answer_check import check_sans
from workbook.course.bank import exercises
from workbook.course.exercises import check, solution_of
from workbook.course.lessons import sections
from workbook.learning.exercise_card import exercise
from workbook.session import LabSession, open_lab

from pkikit.design.san import design_sans
from pkikit.errors import InputError
from tests.support.labs import QUICK
from tests.support.places import ROOT
from tests.support.wait import LONG
from tests.support.worlds import E1, E2, deployment

FOLDER = ROOT / "notebooks"


_ASKED = re.compile(r'^(?:exercise|check)\("(\d\d-[A-Z])"', re.MULTILINE)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("[0-9]*.ipynb")), ids=lambda p: p.stem)
def test_solution_of_every_exercise_is_right(path: Path) -> None:
    """The solutions of a notebook answer its exercises, in order. nbval runs the notebook itself."""
    solutions = yaml.safe_load((FOLDER / "solutions" / f"{path.stem}.yaml").read_text(encoding="utf-8"))
    cells = nbformat.read(path, as_version=4).cells
    asked = [n for c in cells if "exercise" in c.metadata.get("tags", []) for n in _ASKED.findall(c.source)]
    assert len(asked) == len(solutions) > 0
    for number, solution in zip(asked, solutions, strict=True):
        said = repr(check(number, solution))
        assert said.startswith("✔ Right"), (number, said)


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


CHOICES = [number for number, found in exercises().items() if found.options and not found.cause]


@pytest.mark.parametrize(
    "answer", [None, 5, "nothing of it", [1, None], {"a": 1}, ["😀" * 1000], ["60"] * 100_000, [["x"]]]
)
def test_choice_takes_any_answer_without_revealing_the_right_one(answer: Any) -> None:
    """Lines, bounded, and never the right option's name where it was not given."""
    for number in CHOICES:
        result = check(number, answer)
        assert repr(result)
        assert len(repr(result)) < 60_000
        if not result.right:
            listed = ("is not one of the choices", "Write a list", "choose from")
            told = [line for line in result.lines if not any(words in line for words in listed)]
            assert not [r for r in exercises()[number].right if r in " ".join(told)]


def test_names_get_feedback_line_by_line() -> None:
    """A wildcard, several names on a line, an address, a slip of the pen and a missing name each have their own sentence."""
    told = repr(check("00-A", ["e2.example.com", "*.example.com", "a, b", "192.0.2.1", "cluster-e.example.con"]))
    assert "✔ e2.example.com" in told
    assert "Expressway does not support wildcards (names.wildcard-unsupported)" in told
    assert "a, b: write one name per line" in told
    assert "192.0.2.1: an IP address is not a DNS name" in told
    assert "Did you mean cluster-e.example.com?" in told
    assert "You are still missing 3 names" in told
    assert "You are still missing 1 name." in repr(check("00-A", ["e2.example.com", "example.com", "example.org"]))


def test_help_grows_with_every_wrong_answer() -> None:
    """A hint, a second with a link to the section, then the solution; an empty answer is no try."""
    card = exercise("06-A")
    card.check.click()
    assert "No answer yet" in card.said.value
    assert card.solve.layout.display == "none"
    card.field.put(["der"])
    shown = []
    for _ in range(3):
        card.check.click()
        shown.append(card.help.outputs[0]["data"]["text/html"])
    assert ("Hint 1" in shown[0], "Hint 2" in shown[0], "href" in shown[0]) == (True, False, False)
    assert ("Hint 2" in shown[1], "06-load-chain-and-trust.ipynb#3." in shown[1]) == (True, True)
    assert card.solve.layout.display == ""
    card.solve.click()
    assert sorted(card.field.get()) == sorted(solution_of("06-A"))
    assert "solution shown" in exercise("06-A").said.value
    again = exercise("06-A")
    assert again.field.get() == card.field.get()
    again.check.click()
    assert "✔ Right" in again.said.value


def test_every_exercise_has_its_section_card_and_solution() -> None:
    """The section exists in the notebook; the card takes the solution and gives it back; its text names what to run."""
    for number, found in exercises().items():
        assert found.section in sections(number[:2]), number
        card = exercise(number)
        assert card.plain.endswith("▶ Run this cell to answer.")
        if found.hosts is None:
            solution = solution_of(number)
            card.field.put(solution)
            assert sorted(card.field.get()) == sorted(solution), number


def test_exercise_opens_a_lab_when_none_is_open() -> None:
    """After the end of a notebook closed its lab, the exercise still works, in the same lab for the same deployment."""
    session = open_lab("single-pair", QUICK)
    session.close()
    card = exercise("01-C")
    card.look.click()
    assert "expc → expe (traversal zone) is down" in card.said.value
    assert LabSession.current is session
    card.field.put([["set-clock", "expe.example.com"]])
    card.check.click()
    assert "1 of 1 connection is up" in card.said.value
    session.close()


def test_exercise_cell_does_not_contain_its_answer() -> None:
    """The right answers are in solutions/ and in the engine, not in the exercise's cell."""
    for path in FOLDER.glob("[0-9][0-9]-*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            if "exercise" in cell.metadata.get("tags", []):
                assert "right=" not in cell.source
    with pytest.raises(InputError, match="Choose one of 99-A"):
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
    changed = json.dumps(notebook).replace("54 connections", "55 connections")
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
    assert "55 connections" in done.stdout


def test_exercises_in_notebooks_and_engine_are_the_same() -> None:
    """Numbers in cells and numbers in the engine are the same, each in its own notebook."""
    asked = set()
    for path in FOLDER.glob("[0-9][0-9]-*.ipynb"):
        text = path.read_text(encoding="utf-8").replace("\\", "")
        numbers = set(re.findall(r'(?:check|exercise)\("(\d\d-[A-Z])"', text))
        assert all(n.startswith(path.name[:2]) for n in numbers)
        asked |= numbers
    assert asked == {*exercises()}


@pytest.fixture(autouse=True)
def _own_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests leave no trace in anybody's progress."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
