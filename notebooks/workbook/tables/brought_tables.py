"""What was brought, as tables: what was read, assumed, asked, what contradicts, what is missing, what fails."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from pkikit.report.doctor.diagnosis import Context
from pkikit.report.doctor.opened.any_file import of_file
from pkikit.text import printable
from simulator.clock import Clock
from workbook.models.brought_files import Brought
from workbook.models.report_page import ReportPage
from workbook.tables.sentences import Lines, Sentence, say

_MOST = 400


def what_was_read(brought: Brought) -> pd.DataFrame | Sentence:
    """Show each file that was brought, and what is in it."""
    columns = ("file", "what is in it", "not used")
    found = brought.found if any(refused for _, _, refused in brought.found) else [row[:2] for row in brought.found]
    return _table(columns[: len(found[0])] if found else columns, found)


def what_is_asked(brought: Brought) -> pd.DataFrame | Sentence:
    """Show what no file has and nobody may guess."""
    rows = [(q.key, q.text, q.allowed, q.how) for q in brought.open_questions]
    return _table(("key", "question", "allowed", "how to find out"), rows, "No question is open.")


def what_was_assumed(brought: Brought) -> pd.DataFrame | Sentence:
    """Show what no file states, which value was taken, and why."""
    rows = [(f.key, value_in_words(f.value), f.why) for f in brought.assumptions]
    return _table(("key", "value", "why"), rows, "Nothing was assumed.")


def what_contradicts(brought: Brought) -> pd.DataFrame | Sentence:
    """Show what cannot both be right, and what to do about it."""
    rows = [(c.message, c.used, c.fix) for c in brought.contradictions]
    return _table(("what contradicts", "used here", "fix"), rows, "Nothing contradicts.")


def what_is_missing(brought: Brought) -> pd.DataFrame | Sentence:
    """Show what would make the copy more complete, and how to get it."""
    return _table(
        ("what is missing", "how to get it"),
        [(m.what, without_option(m.how)) for m in brought.missing],
        "Nothing is missing.",
    )


def what_fails(report: ReportPage) -> pd.DataFrame | Sentence:
    """Show why connections are down, that of most connections first: who refuses whom, and the fix."""
    rows = [(" ".join(p.says), p.fix, str(len(p.connections))) for p in report.values.problems]
    return _table(("who refuses whom, and why", "fix", "connections"), rows, "No connection is down.")


def doctor(file: str | Path, brought: Brought | None = None, machine: str = "") -> Lines:
    """Say what a file is and what is wrong with it, as `pkikit doctor` does.

    Args:
        file: the file.
        brought: the deployment that it belongs to.
        machine: the machine that it is for, by FQDN.

    Returns:
        The verdict, then a line for each finding, with its fix.
    """
    deployment = brought.assembly.deployment if brought is not None else None
    context = Context(at=Clock().now(), deployment=deployment, peer=machine or None)
    found = of_file(Path(file), context)
    told = [f"{Path(file).name} is {found.what}. {found.says[:1].upper()}{found.says[1:]}."]
    return Lines([*told, *(f"{f.message} {f.fix}" for f in found.findings)])


def without_option(how: str) -> str:
    """Return a hint of the command line for people who write answers into a panel or a cell."""
    return how.replace("--answer ", "answer ")


def value_in_words(value: Any) -> str:
    """Return a value of a deployment file for people."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value)) or "none"
    return str(value) if value is not None else "none"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], nothing: str = "Nothing.") -> pd.DataFrame | Sentence:
    if not rows:
        return say(nothing)
    first, *others = columns
    shown = [[printable(cell, _MOST) for cell in row] for row in rows]
    return pd.DataFrame(shown, columns=[first, *others]).set_index(first)
