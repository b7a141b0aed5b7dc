"""Share among the commands: argument types, and how they print a verdict."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pkikit.commands.terminal import console
from pkikit.errors import MAX_WHERE, InputError
from pkikit.model.tables.features import VERSION_RANGE
from pkikit.text import did_you_mean, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console

    from pkikit.commands.terminal.layout import Value
    from pkikit.files import Passphrase
    from pkikit.model.deployment import Deployment
    from pkikit.model.findings import Verdict

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AtOption = Annotated[
    str | None, typer.Option("--at", metavar="TIME", help="Evaluate at this time (ISO 8601 with zone).")
]
HandHours = Annotated[
    float | None,
    typer.Option(
        "--hand-hours",
        metavar="HOURS",
        help="Hours of work by hand on certificates that you plan a year (ours: 24).",
    ),
]
VerboseFlag = Annotated[bool, typer.Option("--verbose", "-v", help="Show everything that is left out by default.")]
VersionOption = Annotated[str | None, typer.Option(help=f"Product version, {VERSION_RANGE}.")]
DeploymentFile = Annotated[Path, typer.Argument(metavar="DEPLOYMENT", help="Deployment file (YAML).")]
FileList = Annotated[list[Path], typer.Argument(metavar="FILE...")]
PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file", metavar="FILE", help="Its first line opens what is encrypted; else you are asked."
    ),
]


def now() -> datetime:
    """Return the current time; only the command line reads the clock."""
    return datetime.now(UTC)


def read_deployment(path: Path, *, version: str | None = None) -> Deployment:
    """Read a deployment file. A line on standard error names each default that decides a lot and that the file leaves open.

    Args:
        path: the file (YAML).
        version: product version as `X12.5`; overrides that of the file.

    Returns:
        The deployment.

    Raises:
        InputError: the file is not a deployment, or `version` is not a version.
    """
    from pkikit.files import load_deployment

    read = load_deployment(path, version=version)
    if "version" not in read.model_fields_set:
        typer.echo(f"{printable(str(path), MAX_WHERE)}: names no version, so it is read as {read.version}", err=True)
    open_links = [c.name for c in read.clusters if len(c.peers) > 1 and "cluster_tls" not in c.model_fields_set]
    if open_links:
        where = f"{printable(str(path), MAX_WHERE)}: cluster_tls is not given for {', '.join(open_links)}"
        typer.echo(
            f"{where}, so it is permissive, as on the product; write cluster_tls: enforce or permissive", err=True
        )
    return read


def choice(value: str, allowed: tuple[str, ...], option: str) -> str:
    """Check that an option has one of its allowed values.

    Args:
        value: what the user typed.
        allowed: the allowed values.
        option: the name of the option, for the message.

    Returns:
        The value, unchanged.

    Raises:
        InputError: the value is not allowed.
    """
    if value not in allowed:
        raise InputError(f"{option} {value[:40]!r}: allowed are {', '.join(allowed)}.{did_you_mean(value, allowed)}")
    return value


def passphrase_source(file: Path | None) -> Passphrase | None:
    """Return a function that reads a passphrase: from `file`, else from the terminal; None without either."""
    if file is not None:
        from pkikit.files import read_bytes

        line = read_bytes(file, 4096).splitlines()[0]
        return lambda: line
    if not sys.stdin.isatty():
        return None
    import functools
    import getpass

    @functools.cache  # one passphrase may decrypt several keys of a file
    def ask() -> bytes:
        return getpass.getpass("Passphrase: ").encode()

    return ask


def tell_made(
    facts: dict[str, Any],
    as_json: bool,
    *,
    done: str,
    rows: Sequence[tuple[str, Value]],
    files: Sequence[tuple[str, Path]] = (),
    steps: Sequence[str] = (),
) -> None:
    """Tell what was made: what it is, where each file is, and what to do next.

    Args:
        facts: the document for `--json`.
        as_json: print the document.
        done: the first line.
        rows: what one checks first in it.
        files: what is saved where.
        steps: what to do next; a second line is a command.
    """

    def show(out: Console) -> None:
        console.headline(out, f"✔ {done}")
        console.show_facts(out, rows)
        if files:
            out.print()
        console.saved(out, files)
        console.next_steps(out, steps)

    console.answer(facts, as_json=as_json, show=show)


def tell(verdict: Verdict, as_json: bool, *, yes: str, no: str, verbose: bool = False, **more: Any) -> None:
    """Tell a verdict in one of its two forms; `more` are further keys of the document."""
    document = {**verdict.to_json(), **more}

    def show(out: Console) -> None:
        show_verdict(out, verdict, yes=yes, no=no, verbose=verbose)

    console.answer(document, as_json=as_json, accepted=verdict.accepted, show=show)


def show_verdict(
    out: Console, verdict: Verdict, *, yes: str, no: str, verbose: bool = False, words: Callable[[str], str] = str
) -> None:
    """Print the answer, then the findings that explain it; what exactly was asked only if somebody wants to know."""
    from pkikit.judge.advice import list_advice

    counts = verdict.counts.removeprefix("0 errors, ")
    console.headline(out, f"{'✔' if verdict.accepted else '✘'} {yes if verdict.accepted else no} ({counts})")
    console.show_findings(out, verdict.findings, words=str if verbose else words)
    if note := list_advice(verdict.findings):
        console.section(out, note)
    if verbose:
        console.section(out, "Questions:")
        for question in re.split(r"(?<=\?) ", verdict.question):
            console.say(out, question, first="  - ")
        console.section(out, "Rules checked:")
        console.say(out, ", ".join(verdict.checked), indent=2)


def answers_of(given: list[str]) -> dict[str, str]:
    """Return the values of `--answer KEY=VALUE` by key.

    Args:
        given: the values as they were typed.

    Returns:
        The answers.

    Raises:
        InputError: one has no key or no value, or a key is there twice.
    """
    found: dict[str, str] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise InputError(f"--answer {printable(text, 60)!r}: write KEY=VALUE, as in --answer version=X15.2")
        if key.strip() in found:
            raise InputError(f"--answer {printable(key, 60)} is there twice")
        found[key.strip()] = value.strip()
    return found
