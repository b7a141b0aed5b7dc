"""What every command prints, compared with files that somebody read: `python -m tests.support.golden` writes them again."""

from __future__ import annotations

import re

import pytest

from tests.support.golden import COMMANDS, GOLDEN, IN_LAB, WIDTHS, goldens

NAMES = (*COMMANDS, *IN_LAB)
# Nothing that Python prints for itself, no borders, no colours.
_NOT_FOR_PEOPLE = re.compile(r"\b(True|False|None)\b(?! of )|\{'|\['|[│┃┏┌]|\x1b")
# A command to paste and an error in one sentence stay on their line, however long.
_WHOLE = (
    "$ ",
    "pkikit",
    "expressway-sim",
    "Usage:",
    "Example:",
    "      pkikit ",
    "      expressway-sim ",
    "  openssl ",
    "openssl ",
    "(cd ",
    "certreq ",
    "# ",
)


@pytest.fixture(scope="module")
def printed() -> dict[str, str]:
    return goldens()


def test_golden_files_are_those_of_the_commands() -> None:
    """No file without its command, no command without its file."""
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_command_prints_its_golden_file(name: str, printed: dict[str, str]) -> None:
    """At 80 and at 120 columns, to the letter."""
    assert printed[name] == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_golden_file_fits_its_columns(name: str) -> None:
    """No line is longer than the terminal but a command to paste or a single long word; nothing of Python is left."""
    text = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
    assert not _NOT_FOR_PEOPLE.search(text)
    for width in WIDTHS:
        shown = text.partition(f"----- {width} columns -----\n")[2].partition("\n-----")[0]
        long = [line for line in shown.splitlines() if len(line) > width and not line.startswith(_WHOLE)]
        assert [line for line in long if " " in line.strip()] == []
