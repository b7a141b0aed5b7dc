"""The runbook as CSV: one row for each step. No cell is read as a formula by a spreadsheet."""

from __future__ import annotations

import csv
import io

from pkikit.runbook.runbook_contents import Runbook
from pkikit.runbook.runbook_step import RunbookStep
from pkikit.text import not_a_formula, printable

COLUMNS = (
    "step", "title", "owner", "machine", "where", "begins (UTC)", "ends (UTC)", "ask on", "window", "restart", "file", "sha256",
    "commands", "before", "after", "proof", "proof shows", "announced", "undo", "point of no return", "done",
)  # fmt: skip


def to_csv(runbook: Runbook) -> str:
    """Return the table (RFC 4180), with a byte order mark, so that spreadsheets read it as UTF-8.

    Args:
        runbook: the runbook.

    Returns:
        The contents of a `.csv` file.
    """
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for made in runbook.steps:
        writer.writerow([cell(text) for text in _row(made)])
    return f"\ufeff{out.getvalue()}"


def cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: an apostrophe goes before `=`, `+`, `-` and `@` at its begin.

    Args:
        text: anything, also from a hostile certificate.

    Returns:
        The text, printable and bounded; line breaks stay.
    """
    shown = "\n".join(printable(line, 2_000) for line in text.split("\n"))[:8_000]
    return not_a_formula(shown)


def _row(made: RunbookStep) -> tuple[str, ...]:
    words, time = made.words, made.time
    return (
        str(made.number),
        words.title,
        made.step.owner.name,
        made.step.machine,
        words.where,
        f"{time.begins:%Y-%m-%d %H:%M}" if time else "",
        f"{time.ends:%Y-%m-%d %H:%M}" if time else "",
        f"{time.asked:%Y-%m-%d}" if time and time.asked else "",
        time.window if time else "",
        "yes" if made.step.restarts else "no",
        words.file,
        words.sha256,
        "\n".join(command.text for command in words.commands),
        " ".join(words.before),
        " ".join(words.after),
        words.proof.text,
        words.proof.shows,
        " ".join(words.announced),
        " ".join(words.undo),
        words.no_return,
        "",
    )
