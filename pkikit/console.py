"""What both command lines share: one JSON document or tables for people, exit codes, one sentence for bad input."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from pkikit.errors import PkikitError

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Console

    from pkikit.model.findings import Finding

# Usage errors of the command line parser; typer has its own copy of click inside, reached here by a public name.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]
EXIT_NO, EXIT_INPUT, EXIT_LAB, EXIT_INTERRUPTED = 1, 2, 3, 130


def run(app: typer.Typer, name: str, *, lab_errors: tuple[type[Exception], ...] = ()) -> NoReturn:
    """Run a command line and turn everything that it can raise into a sentence and an exit code."""
    # What libraries find odd in a certificate is for the rules to tell, not for standard error.
    warnings.simplefilter("ignore")
    try:
        code = app(prog_name=name, standalone_mode=False)
    except _UsageError as error:
        _fail(name, str(error), EXIT_INPUT)
    except (typer.Abort, KeyboardInterrupt):
        _fail(name, "interrupted", EXIT_INTERRUPTED)
    except lab_errors as error:
        _fail(name, str(error), EXIT_LAB)
    except PkikitError as error:
        _fail(name, str(error), EXIT_INPUT)
    except BrokenPipeError:
        # The reader (head, less) went away; say nothing more, not even while Python flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    if code == EXIT_INTERRUPTED:
        _fail(name, "interrupted", EXIT_INTERRUPTED)
    # Without standalone mode typer hands the code of `typer.Exit` back as the result.
    sys.exit(code if isinstance(code, int) else 0)


def _fail(name: str, sentence: str, code: int) -> NoReturn:
    print(f"{name}: {sentence}", file=sys.stderr)
    sys.exit(code)


def answer(document: Any, *, as_json: bool, accepted: bool = True, show: Callable[[Console], None]) -> None:
    """Print the answer in one of its two forms and leave with 0, or 1 when the answer is no."""
    if as_json:
        print(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        from rich.console import Console

        show(Console(highlight=False, soft_wrap=not sys.stdout.isatty()))
    if not accepted:
        raise typer.Exit(EXIT_NO)


@contextlib.contextmanager
def progress(what: str, *, total: int, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error; nothing there when nobody watches. Gives the function that moves it on."""
    if quiet or not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(what, total=total)
        yield lambda done: shown.advance(task, done)


@contextlib.contextmanager
def steps(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Tells each step of something long on standard error, as it happens."""
    yield (lambda said: None) if quiet else (lambda said: print(f"  {said}", file=sys.stderr))


def table(console: Console, columns: Sequence[str], rows: Iterable[Sequence[str]], *, title: str = "") -> None:
    """A plain table; cell contents come from certificates and are not markup."""
    from rich.table import Table
    from rich.text import Text

    made = Table(title=title or None, title_justify="left", show_lines=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(Text(cell) for cell in row))
    console.print(made)


def show_findings(console: Console, findings: Iterable[Finding]) -> None:
    """Findings with evidence and fix."""
    from rich.text import Text

    colours = {"error": "red", "warning": "yellow", "info": "cyan"}
    for found in findings:
        head = Text(f"{found.severity.value.upper():<8}", style=colours[found.severity.value])
        console.print(head.append(f"{found.rule}  {found.subject}", style="default"))
        for evidence in found.evidence[:12]:
            console.print(Text(f"         {evidence.label}: expected {evidence.expected}, found {evidence.seen}"))
        if len(found.evidence) > 12:
            console.print(Text(f"         … and {len(found.evidence) - 12} more"))
        console.print(Text(f"         fix: {found.fix}"))


def parse_instant(text: str | None, now: datetime) -> datetime:
    """`--at`: ISO-8601 with zone; `now` when not given."""
    from datetime import UTC, datetime

    from pkikit.errors import InputError

    if text is None:
        return now
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"--at {text[:60]!r}: write an ISO-8601 time with zone, as 2026-11-24T12:00:00Z") from None
    if instant.tzinfo is None:
        raise InputError(f"--at {text[:60]!r} has no time zone: write Z for UTC, as 2026-11-24T12:00:00Z")
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise InputError(f"--at {text[:60]!r} is outside the years 1 to 9999") from None
