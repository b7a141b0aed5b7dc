"""The executable guide: docs/guide.yaml read, its proofs looked up, and docs/guide.md made of it."""

from __future__ import annotations

import ast
import importlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pkikit.rules.catalogue import all_rules
from tests.support.places import ROOT


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One thing that the guide states, in our words, and what proves it."""

    chapter: str
    says: str
    rules: tuple[str, ...]
    behaviour: str
    test: str
    cell: str

    def problems(self) -> list[str]:
        """What of its proofs is not there."""
        known = {rule.id for rule in all_rules()}
        found = [f"no rule {rule}" for rule in self.rules if rule not in known]
        if not _exists(self.behaviour):
            found.append(f"no {self.behaviour}")
        path, _, name = self.test.partition("::")
        if name not in _tests(path):
            found.append(f"no test {self.test}")
        number, _, text = self.cell.partition(": ")
        if not any(text in cell and "assert" in cell for cell in _cells(number)):
            found.append(f"no asserting cell of notebook {number} with {text!r}")
        return found


def statements() -> list[Statement]:
    """All of docs/guide.yaml."""
    read: dict[str, list[list[Any]]] = yaml.safe_load((ROOT / "docs" / "guide.yaml").read_text(encoding="utf-8"))
    return [
        Statement(chapter=chapter, says=says, rules=tuple(rules), behaviour=behaviour, test=test, cell=cell)
        for chapter, rows in read.items()
        for says, rules, behaviour, test, cell in rows
    ]


def _exists(behaviour: str) -> bool:
    module, _, path = behaviour.partition(":")
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part, None)
    return found is not None


@cache
def _tests(path: str) -> frozenset[str]:
    if not (ROOT / path).is_file():
        return frozenset()
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))


@cache
def _notebook(number: str) -> Path:
    return next((ROOT / "notebooks").glob(f"{number}-*.ipynb"))


@cache
def _cells(number: str) -> tuple[str, ...]:
    """Each code cell, together with the automatic check that follows it."""
    notebook = json.loads(_notebook(number).read_text(encoding="utf-8"))
    code = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]
    checks = [cell if cell.startswith("# automatic check") else "" for cell in (*code[1:], "")]
    return tuple(f"{cell}\n{check}" for cell, check in zip(code, checks, strict=True))


def guide_md() -> str:
    """docs/guide.md."""
    every = statements()
    lines = [
        "# The guide, executable", "",
        "Made by `make docs` from docs/guide.yaml. Each statement of the X12.5 certificate guide, in our words, with the rule that speaks, the code that",
        "behaves so, the test and the notebook cell that prove it. CI fails when a proof is missing or gone.", "",
        f"{len(every)} statements in {len({s.chapter for s in every})} chapters.", "",
    ]  # fmt: skip
    chapter = ""
    for statement in every:
        if statement.chapter != chapter:
            chapter = statement.chapter
            lines += [
                f"## {chapter}",
                "",
                "| the guide states | rules | behaviour | test | cell |",
                "| --- | --- | --- | --- | --- |",
            ]
        rules = ", ".join(f"[`{r}`](rules.md)" for r in statement.rules) or "–"
        number, _, text = statement.cell.partition(": ")
        cell = f"[{number}](../notebooks/{_notebook(number).name}): `{text.replace('|', chr(92) + '|')}`"
        test = f"[{statement.test.partition('::')[2]}](../{statement.test.partition('::')[0]})"
        lines.append(f"| {statement.says} | {rules} | `{statement.behaviour}` | {test} | {cell} |")
        if statement is every[-1] or every[every.index(statement) + 1].chapter != chapter:
            lines.append("")
    return "\n".join(lines)
