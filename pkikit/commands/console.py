"""Share between both command lines: one JSON document or tables for people, exit codes, one sentence for bad input."""

from __future__ import annotations

import contextlib
import json
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from pkikit import __version__, startup
from pkikit.errors import PkikitError
from pkikit.extras import optional_packages
from pkikit.startup import EXIT_INTERRUPTED

if TYPE_CHECKING:
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
        print(f"{name}: {sentence}", file=sys.stderr, flush=True)
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
        return EXIT_INPUT, str(error)
    except (typer.Abort, KeyboardInterrupt):
        code = EXIT_INTERRUPTED
    except lab_errors as error:
        return EXIT_LAB, str(error)
    except PkikitError as error:
        return EXIT_INPUT, str(error)
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
        from rich.console import Console

        # Without `emoji=False`, ":imp:" in the id of a leg becomes a picture.
        show(Console(highlight=False, emoji=False, soft_wrap=not sys.stdout.isatty()))
    if not accepted:
        raise typer.Exit(EXIT_NO)


@contextlib.contextmanager
def progress(what: str, *, total: int, quiet: bool) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on standard error when somebody watches.

    Args:
        what: the label of the bar.
        total: the number of steps.
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


def table(console: Console, columns: Sequence[str], rows: Iterable[Sequence[str]], *, title: str = "") -> None:
    """Print a plain table without its empty columns; cell contents come from certificates and are not markup."""
    from rich.table import Table
    from rich.text import Text

    cells = [list(row) for row in rows]
    used = [n for n in range(len(columns)) if not cells or any(row[n] for row in cells)]
    made = Table(title=title or None, title_justify="left", show_lines=False)
    room = console.width - 1 - 3 * len(used) - sum(_width([row[n] for row in cells]) for n in used[1:])
    firsts = [_broken(row[used[0]], room) for row in cells]
    needed = max((len(line) for cell in firsts for line in cell.splitlines()), default=0)
    middle = sum(max((len(row[n]) for row in cells), default=0) for n in used[1:-1])
    rest = console.width - 1 - 3 * len(used) - needed - middle
    for n in used:
        squeezed = n == used[-1] != used[0] and needed <= room and rest >= _NARROWEST
        made.add_column(columns[n], overflow="fold", max_width=rest if squeezed else None)
    for first, row in zip(firsts, cells, strict=True):
        made.add_row(Text(first), *(Text(row[n]) for n in used[1:]))
    console.print(made)


_NARROWEST = 12


def _width(column: Sequence[str]) -> int:
    """Return what a column needs: long texts wrap at blanks."""
    whole = max(map(len, column), default=0)
    return whole if whole <= 24 else max((len(word) for cell in column for word in cell.split()), default=0)


def _broken(cell: str, room: int) -> str:
    """Return the id of a leg on as many lines as it needs, so that no name is cut in its middle."""
    dialler, _, server = cell.rpartition(">")
    kind, _, client = dialler.rpartition(":")
    if len(cell) <= room or " " in cell or not kind:
        return cell
    return f"{dialler}>\n{server}" if len(dialler) < room else f"{kind}:\n{client}>\n{server}"


def show_findings(console: Console, findings: Iterable[Finding]) -> None:
    """Print findings with evidence and fix."""
    from rich.text import Text

    from pkikit.model.findings import MAX_EVIDENCE_PRINTED

    colours = {"error": "red", "warning": "yellow", "info": "cyan"}
    for found in findings:
        head = Text(f"{found.severity.value.upper():<8}", style=colours[found.severity.value])
        console.print(head.append(f"{found.rule}  {found.subject}", style="default"))
        for evidence in found.evidence[:MAX_EVIDENCE_PRINTED]:
            print_indented(console, str(evidence))
        if len(found.evidence) > MAX_EVIDENCE_PRINTED:
            print_indented(console, f"… and {len(found.evidence) - MAX_EVIDENCE_PRINTED} more")
        print_indented(console, f"fix: {found.fix}")


def print_indented(console: Console, text: str, by: int = 9) -> None:
    """Print a line below the head of a finding; on a terminal all its lines stay indented, elsewhere it does not wrap."""
    from rich.padding import Padding
    from rich.text import Text

    if console.soft_wrap:
        console.print(Text(f"{' ' * by}{text}"))
    else:
        console.print(Padding(Text(text), (0, 0, 0, by), expand=False))
