"""Share among the commands: argument types, and how they print a verdict."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pkikit.commands import console
from pkikit.errors import MAX_WHERE, InputError
from pkikit.model.tables.features import VERSION_RANGE
from pkikit.text import printable

if TYPE_CHECKING:
    from rich.console import Console

    from pkikit.files import Passphrase
    from pkikit.model.deployment import Deployment
    from pkikit.model.findings import Verdict

JsonFlag = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")]
AtOption = Annotated[str | None, typer.Option("--at", metavar="TIME", help="The instant judged, ISO-8601 with zone.")]
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
        typer.echo(f"{where}, so it is permissive, as on the product", err=True)
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
        raise InputError(f"{option} {value[:40]!r}: allowed are {', '.join(allowed)}")
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


def rows_of(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Flatten a described object into rows of a table; a list of facts becomes one row for each."""
    shown: list[tuple[str, str]] = []
    for name, value in facts.items():
        label = name.replace("_", " ")
        match value:
            case dict():
                shown += [(f"{label} {kind}", ", ".join(map(str, values))) for kind, values in value.items()]
            case [{"oid": _}, *_]:
                shown += [
                    (f"  {e['name'] or e['oid'] or 'extensions'}{' (critical)' if e['critical'] else ''}",
                     e.get("error") or e["value"])
                    for e in value
                ]  # fmt: skip
            case list():
                shown.append((label, ", ".join(map(str, value))))
            case bool():
                shown.append((label, "yes" if value else "no"))
            case _:
                shown.append((label, "" if value is None else printable(str(value), MAX_WHERE)))
    return [(label, text) for label, text in shown if text]  # leave empty rows out


def tell_facts(facts: dict[str, Any], as_json: bool) -> None:
    """A described object in one of its two forms."""
    console.answer(facts, as_json=as_json, show=lambda out: console.table(out, ("", ""), rows_of(facts)))


def tell(verdict: Verdict, as_json: bool, **more: Any) -> None:
    """A verdict in one of its two forms; `more` are further keys of the document."""
    document = {**verdict.to_json(), **more}
    console.answer(document, as_json=as_json, accepted=verdict.accepted, show=lambda out: show_verdict(out, verdict))


def show_verdict(out: Console, verdict: Verdict) -> None:
    """Print the questions, the answer, and below it the findings that explain it."""
    from pkikit.judge.advice import list_advice

    for question in re.split(r"(?<=\?) ", verdict.question):
        out.print(question, markup=False)
    out.print(f"{'yes' if verdict.accepted else 'no'}: {verdict.counts}", markup=False)
    console.show_findings(out, verdict.findings)
    if note := list_advice(verdict.findings):
        out.print(note, markup=False)
