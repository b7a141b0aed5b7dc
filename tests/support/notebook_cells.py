"""Which cells of a notebook are collapsed, and why: tags say it, `jupyter.source_hidden` follows from them.

fold: code that is not the lesson. check: assertions, which still run and are compared. exercise: one exercise.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

HIDDEN = frozenset({"fold", "check", "exercise"})
CHECKED = "# automatic check"
IGNORED = "nbval-ignore-output"  # cards with the titles of other notebooks, which change without this one
UNSAVED = "unsaved"  # a result with this machine's addresses: shown when it runs, not kept in the file
_CARDS = ("start(", "finish(", "home(", "predict(", "predict_down(", "exercise(")


def tags_of(cell: dict[str, Any]) -> list[str]:
    """The tags of a cell."""
    return list(cell["metadata"].get("tags", []))


def source_of(cell: dict[str, Any]) -> str:
    """The text of a cell, which files hold as lines."""
    return "".join(cell["source"])


def is_hidden(cell: dict[str, Any]) -> bool:
    """True if JupyterLab shows the cell's code only at a click."""
    return bool(cell["metadata"].get("jupyter", {}).get("source_hidden"))


def metadata_of(cell: dict[str, Any]) -> dict[str, Any]:
    """The metadata that stay in a committed notebook: tags, and what follows from them."""
    tags = tags_of(cell)
    kept: dict[str, Any] = {"jupyter": {"source_hidden": True}} if HIDDEN & set(tags) else {}
    return kept | ({"tags": tags} if tags else {})


def is_card(source: str) -> bool:
    """True if a cell only shows a card: imports, and one call of a function that makes one."""
    lines = [line for line in source.splitlines() if line.strip() and not line.startswith(("from ", "import "))]
    return bool(lines) and lines[0].startswith(_CARDS) and (len(lines) == 1 or lines[-1].startswith(")"))


def shows_the_course(source: str) -> bool:
    """True for the cards that name other lessons."""
    return any(name in source for name in ("start(", "finish(", "home("))


def has_assert(source: str) -> bool:
    """True if a statement of a cell, at any depth, is an assertion."""
    return any(isinstance(node, ast.Assert) for node in ast.walk(_parse(source)))


def _parse(source: str) -> ast.Module:
    """The cell as Python; lines for IPython (`!`, `%`) are left out."""
    return ast.parse("\n".join("" if line.startswith(("!", "%")) else line for line in source.split("\n")))


def split(source: str) -> tuple[str, str, str]:
    """Return (assertions that come first, the cell without its assertions, those that come after).

    An assertion in the middle goes behind the cell if only assertions and one last expression follow it; else it stays.
    """
    statements = _parse(source).body
    first = 0
    while first < len(statements) and isinstance(statements[first], ast.Assert):
        first += 1
    after = [
        n for n in range(first, len(statements)) if isinstance(statements[n], ast.Assert) and _may_wait(statements, n)
    ]
    lines = source.split("\n")
    before_text = _text(lines, statements[:first])
    after_text = _text(lines, [statements[n] for n in after])
    gone = {
        line
        for node in (*statements[:first], *(statements[n] for n in after))
        for line in range(node.lineno - 1, node.end_lineno or node.lineno)
    }
    left = "\n".join(line for n, line in enumerate(lines) if n not in gone).strip("\n")
    return before_text, left, after_text


def _may_wait(statements: Sequence[ast.stmt], place: int) -> bool:
    others = [node for node in statements[place + 1 :] if not isinstance(node, ast.Assert)]
    return not others or (len(others) == 1 and isinstance(others[0], ast.Expr))


def _text(lines: Sequence[str], nodes: Sequence[ast.stmt]) -> str:
    return "\n".join("\n".join(lines[node.lineno - 1 : node.end_lineno]) for node in nodes)


def check_cell(source: str, identity: str) -> dict[str, Any]:
    """A collapsed cell of assertions; its first line is all that a learner sees of it."""
    source = source if source.startswith(CHECKED) else f"{CHECKED}\n{source}"
    cell = {"cell_type": "code", "execution_count": None, "id": identity, "metadata": {"tags": ["check"]}, "outputs": [],
            "source": source.splitlines(keepends=True)}  # fmt: skip
    return cell | {"metadata": metadata_of(cell)}


def fold(notebook: dict[str, Any]) -> list[str]:
    """Split and collapse the cells of a notebook in place; return what needs a hand."""
    cells: list[dict[str, Any]] = []
    left_over: list[str] = []
    for cell in notebook["cells"]:
        source, tags = source_of(cell), tags_of(cell)
        if cell["cell_type"] != "code" or {"check", "exercise"} & set(tags):
            if "check" in tags and not source.startswith(CHECKED):
                cell["source"] = f"{CHECKED}\n{source}".splitlines(keepends=True)
            cells.append(cell)
            continue
        if is_card(source):
            more = ["fold", IGNORED] if shows_the_course(source) else ["fold"]
            cell["metadata"]["tags"] = [*tags, *(tag for tag in more if tag not in tags)]
        if UNSAVED in tags and IGNORED not in tags:
            cell["metadata"]["tags"] = [*tags_of(cell), IGNORED]
        before, kept, after = split(source)
        identity = cell.get("id", "cell")
        cells += [check_cell(before, f"{identity[:50]}-before")] if before else []
        if kept.strip():
            cell["source"] = kept.splitlines(keepends=True)
            cells.append(cell)
            if "fold" not in tags and has_assert(kept):
                left_over.append(kept)
        cells += [check_cell(after, f"{identity[:50]}-check")] if after else []
    for cell in cells:
        cell["metadata"] = metadata_of(cell)
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    for number, cell in enumerate(code, 1):
        cell["execution_count"] = number
        for output in cell["outputs"]:
            if "execution_count" in output:
                output["execution_count"] = number
    notebook["cells"] = cells
    return left_over
