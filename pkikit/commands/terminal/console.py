"""Share between both command lines: one JSON document or text for people, exit codes, one sentence for bad input."""

from __future__ import annotations

import contextlib
import json
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from pkikit import __version__, startup
from pkikit.commands.terminal import layout
from pkikit.commands.terminal.usage import in_words, with_near_file
from pkikit.errors import MAX_WHERE, PkikitError
from pkikit.extras import optional_packages
from pkikit.startup import EXIT_INTERRUPTED
from pkikit.text import listed, printable

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from pkikit.model.findings import Finding

# Usage errors of the command line parser; typer has its own copy of click inside, reached here by a public name.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]
EXIT_NO, EXIT_INPUT, EXIT_LAB = 1, 2, 3


def run(app: typer.Typer, name: str, *, lab_errors: tuple[type[Exception], ...] = ()) -> NoReturn:
    """Run a command line and turn everything that it can raise into a sentence and an exit code."""
    # Rules report what libraries find odd in a certificate; keep it off standard error.
    warnings.simplefilter("ignore")
    startup.begin(name)
    output = startup.Output()
    try:
        code, sentence = _outcome(app, name, lab_errors)
    except KeyboardInterrupt:
        code, sentence = EXIT_INTERRUPTED, "interrupted"
    startup.uninterruptible(name)
    unwritten = output.finish()
    if unwritten and not sentence:
        code, sentence = EXIT_INPUT, f"cannot write to standard output: {unwritten}"
    if sentence:
        # What the parser says names the command itself, and help is no message.
        said = sentence if sentence.startswith((f"{name} ", "Usage:")) else f"{name}: {sentence}"
        print(said, file=sys.stderr, flush=True)
    sys.exit(code)


def _print_version(context: typer.Context, wanted: bool) -> None:
    if wanted:
        print(f"{context.find_root().info_name} {__version__}")
        raise typer.Exit


def version_option(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """The options of a program itself, before its command; register it as the callback of the app."""


def _outcome(app: typer.Typer, name: str, lab_errors: tuple[type[Exception], ...]) -> tuple[int, str]:
    """Return (exit code, what to print on standard error)."""
    try:
        startup.interruptible()
        with optional_packages():
            code = app(prog_name=name, standalone_mode=False)
    except _UsageError as error:
        return EXIT_INPUT, in_words(error)
    except (typer.Abort, KeyboardInterrupt):
        code = EXIT_INTERRUPTED
    except lab_errors as error:
        return EXIT_LAB, str(error)
    except PkikitError as error:
        return EXIT_INPUT, with_near_file(error)
    except Exception as error:
        if not startup.was_interrupted(error):
            raise
        code = EXIT_INTERRUPTED
    # Without standalone mode typer hands the code of `typer.Exit` back as the result.
    code = code if isinstance(code, int) else 0
    return code, "interrupted" if code == EXIT_INTERRUPTED else ""


def answer(document: Any, *, as_json: bool, accepted: bool = True, show: Callable[[Console], None]) -> None:
    """Print an answer and leave with an exit code.

    Args:
        document: the answer as JSON.
        as_json: print the document; otherwise call `show`.
        accepted: False leaves with exit code 1.
        show: prints the answer for people.

    Raises:
        Exit: the answer is no.
    """
    if as_json:
        # Escapes are JSON in any encoding; the stream's replacement for a character that it cannot write is not.
        unicode = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
        print(json.dumps(document, indent=2, ensure_ascii=not unicode))
    else:
        show(device())
    if not accepted:
        raise typer.Exit(EXIT_NO)


def device() -> Console:
    """Return where answers for people are printed.

    A terminal has its width. A file or a pipe has none, unless COLUMNS asks for one: nothing wraps, and the text is the same
    whatever terminal the command ran in.
    """
    import os

    from rich.console import Console

    wraps = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdecimal()
    # Without `emoji=False`, ":imp:" in the id of a connection becomes a picture.
    return Console(highlight=False, emoji=False, soft_wrap=not wraps)


@contextlib.contextmanager
def progress(what: str, *, total: int | None, quiet: bool) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on standard error when somebody watches.

    Args:
        what: the label of the bar.
        total: the number of steps; None if nobody knows.
        quiet: show no bar.

    Yields:
        A function that moves the bar on by a number of steps.
    """
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
    """Yield a function that prints each step of something long on standard error, as it happens."""
    yield (lambda said: None) if quiet else (lambda said: print(f"  {said}", file=sys.stderr))


def width(out: Console) -> int | None:
    """Return the columns to lay text out for; None for a file or a pipe, where every sentence stays on its line."""
    return None if out.soft_wrap else out.width


def write(out: Console, lines: Iterable[str], *, style: str = "") -> None:
    """Print lines as they are, marks and severities coloured; their texts come from certificates and are not markup."""
    from rich.text import Text

    for line in lines:
        text = Text(line, style=style)
        for mark, colour in _COLOURS.items():
            text.highlight_words([mark], colour)
        out.print(text, soft_wrap=True)


_COLOURS = {"✔": "green", "✘": "red", "ERROR": "red", "WARNING": "yellow"}


def say(out: Console, text: str, *, indent: int = 0, first: str = "") -> None:
    """Print sentences, wrapped between words and indented; `first` comes before the first line, in place of the indent."""
    write(out, layout.wrap(text, width(out), first=first or " " * indent))


def headline(out: Console, text: str) -> None:
    """Print the answer, the first line of every command."""
    write(out, layout.wrap(text, width(out)), style="bold")


def section(out: Console, title: str) -> None:
    """Print a heading, apart from what is above it."""
    out.print()
    say(out, title)


def show_facts(out: Console, rows: Iterable[tuple[str, layout.Value]], *, indent: int = 2) -> None:
    """Print aligned labels and values."""
    write(out, layout.facts(rows, width(out), indent=indent))


def table(
    out: Console, columns: Sequence[str], rows: Iterable[Sequence[str]], *, title: str = "", indent: int = 0
) -> None:
    """Print a table without borders; columns without contents, and tables without rows, are left out."""
    lines = layout.table([head[:1].upper() + head[1:] for head in columns], rows, width(out), indent=indent)
    if lines and title:
        section(out, title)
    write(out, lines)


def saved(out: Console, rows: Iterable[tuple[str, Path]]) -> None:
    """Print where each file is: `Key is saved at: …`; several files of one kind below their heading."""
    kinds: dict[str, list[str]] = {}
    for what, path in rows:
        kinds.setdefault(what, []).append(printable(str(path), MAX_WHERE))
    heads = {
        what: f"{what} is saved at:" if len(paths) == 1 else f"{what}s are saved at:" for what, paths in kinds.items()
    }
    column = max((len(heads[what]) for what, paths in kinds.items() if len(paths) == 1), default=0)
    room = width(out)
    for what, paths in kinds.items():
        line = f"{heads[what].ljust(column)} {paths[0]}"
        if len(paths) == 1 and (room is None or len(line) <= room):
            write(out, [line])
        else:
            write(out, [heads[what], *(f"  {path}" for path in paths)])


def next_steps(out: Console, steps: Iterable[str]) -> None:
    """Print what to do now; nothing if there is nothing to do. The second line of a step is a command, unbroken."""
    for n, step in enumerate(steps):
        if not n:
            section(out, "Next steps:")
        sentence, _, command = step.partition("\n")
        say(out, sentence, first="  - ")
        write(out, [f"      {command}"] if command else [])


def show_findings(out: Console, findings: Iterable[Finding], *, words: Callable[[str], str] = str) -> None:
    """Print findings, errors first, each with its evidence and fix; `words` writes ids as people do."""
    from dataclasses import replace

    weights = ("error", "warning", "info")
    same: dict[tuple[str, ...], list[Finding]] = {}
    for found in sorted(findings, key=lambda f: weights.index(f.severity.value)):
        same.setdefault((found.rule, found.severity.value, *found.lines, found.fix), []).append(found)
    for members in same.values():
        subjects = ", ".join(dict.fromkeys(found.subject for found in members))
        show_finding(out, replace(members[0], subject=subjects), words=words)


def show_finding(out: Console, found: Finding, more: Iterable[str] = (), *, words: Callable[[str], str] = str) -> None:
    """Print a finding: its rule and subject, its evidence, `more` lines about it, and the fix."""
    head = {"error": "ERROR  ", "warning": "WARNING", "info": "NOTE   "}[found.severity.value]
    out.print()
    say(out, f"{found.rule}  {words(found.subject)}", first=f"{head}  ")
    for line in (*_folded(found.lines), *more, f"Fix: {found.fix}"):
        # What the head has already is not said again.
        print_indented(out, words(line.removeprefix(f"{found.subject}: ")))


def _folded(lines: Iterable[str]) -> list[str]:
    """Return the lines of a finding with one line for everybody who needs the same."""
    found: list[str] = []
    needed = []
    for line in lines:
        if line.startswith(_NEEDED):
            needed.append(line.removeprefix(_NEEDED).rstrip("."))
        else:
            found.append(line)
    return [*found, f"{_NEEDED}{listed(needed)}."] if needed else found


_NEEDED = "Needed by "
_FINDING = 9


def print_indented(out: Console, text: str, by: int = _FINDING) -> None:
    """Print a text below the head of a finding; all its lines stay indented."""
    say(out, text, indent=by)
