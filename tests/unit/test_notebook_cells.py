"""Code that is not the lesson is collapsed, assertions are in cells of their own, and no notebook is a dead end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.clean_notebooks import clean
from tests.support.notebook_cells import (
    CHECKED,
    HIDDEN,
    IGNORED,
    check_cell,
    fold,
    has_assert,
    is_hidden,
    source_of,
    split,
    tags_of,
)
from tests.support.places import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]-*.ipynb"))
# A notebook whose last cell is `finish(…)` follows the conventions.
REWRITTEN = [path for path in NOTEBOOKS if "finish(" in path.read_text(encoding="utf-8")]


def code_cells(path: Path) -> list[dict[str, Any]]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_hidden_cells_are_those_with_a_tag_that_hides(path: Path) -> None:
    """A cell is collapsed if and only if its tags say why; older notebooks have tags that came before this."""
    for cell in code_cells(path):
        if is_hidden(cell) or path in REWRITTEN:
            assert is_hidden(cell) == bool(HIDDEN & set(tags_of(cell))), source_of(cell)


@pytest.mark.parametrize("path", REWRITTEN, ids=lambda p: p.stem)
def test_notebook_has_no_visible_assertion_and_leads_on(path: Path) -> None:
    """Assertions are collapsed; the first cell is the start card, the last one the way to the next lesson."""
    cells = code_cells(path)
    for cell in cells:
        assert is_hidden(cell) or not has_assert(source_of(cell)), source_of(cell)
        if "check" in tags_of(cell):
            assert not cell["outputs"], source_of(cell)
            assert source_of(cell).startswith(CHECKED), source_of(cell)
        assert "lab.close()" not in source_of(cell), "after Run all the lab must stay usable"
    assert f'start("{path.name[:2]}")' in source_of(cells[0])
    assert f'finish("{path.name[:2]}")' in source_of(cells[-1])
    assert IGNORED in tags_of(cells[0])
    assert IGNORED in tags_of(cells[-1])


def test_assertions_move_without_changing_what_runs() -> None:
    """First ones go before the cell, those before a last expression behind it, others stay."""
    assert split("assert a\nb = 1\nassert b\nshow(b)") == ("assert a", "b = 1\nshow(b)", "assert b")
    assert split("x = f()\nassert x\ny = g()\nassert y") == ("", "x = f()\nassert x\ny = g()", "assert y")
    assert split("assert (\n    a\n)\n!ls") == ("assert (\n    a\n)", "!ls", "")


def test_fold_splits_and_collapses_and_clean_keeps_it() -> None:
    """Cells keep their order and their tags; cleaning afterwards changes nothing about them."""
    cells = [
        {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "execution_count": 7, "source": ['start("06")']},
        {"cell_type": "code", "id": "b", "metadata": {}, "outputs": [], "execution_count": 9,
         "source": ["x = 1\n", "assert x\n", "x"]},
    ]  # fmt: skip
    notebook: dict[str, Any] = {"cells": cells, "metadata": {}}
    assert fold(notebook) == []
    shapes = [(source_of(c), tags_of(c), is_hidden(c), c["execution_count"]) for c in notebook["cells"]]
    assert shapes == [
        ('start("06")', ["fold", IGNORED], True, 1),
        ("x = 1\nx", [], False, 2),
        (f"{CHECKED}\nassert x", ["check"], True, 3),
    ]
    assert [c["metadata"] for c in clean(notebook)["cells"]] == [c["metadata"] for c in notebook["cells"]]  # type: ignore[attr-defined]
    assert is_hidden(check_cell("assert x", "c"))
