"""Share among commands: `--house-rules`, and how they print what became of promises and house rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pkikit.commands.terminal import console
from pkikit.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from pkikit.expectations.house.house_file import HouseRules
    from pkikit.expectations.judged_promises import JudgedPromises

HouseRulesOption = Annotated[
    Path | None,
    typer.Option("--house-rules", metavar="FILE.yaml", help="Also ask rules of your own (docs/expectations.md)."),
]


def read_house_rules(path: Path | None) -> HouseRules | None:
    """Read the file of `--house-rules` and prove its rules; None without the option.

    Args:
        path: the file.

    Returns:
        The rules.

    Raises:
        InputError: a rule is wrong, or its example or near miss does not prove it.
    """
    if path is None:
        return None
    from pkikit.report.given.house_rules_file import load_house_rules

    return load_house_rules(path)


def not_assessed(number: int) -> str:
    """Return in one sentence how many promises and house rules nobody can assess."""
    return f"Not assessed: {counted(number, 'promise or house rule', 'promises or house rules')}"


def show_promises(out: Console, judged: JudgedPromises, words: Callable[[str], str] = str) -> None:
    """Print each promise with what became of it, then what breaks promises and house rules."""
    if judged.expectations:
        console.section(out, f"{judged.promises_in_words}:")
        for expectation in judged.expectations:
            promise = words(expectation.promise)
            console.say(out, f"{promise[:1].upper()}{promise[1:]}", first=f"  {expectation.outcome.mark} ")
    if judged.house is not None:
        console.section(out, judged.rules_in_words)
    if judged.findings:
        console.show_findings(out, judged.findings, words=words)
