"""`fleet audit`: when each connection of many deployments breaks first, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pkikit import __version__
from pkikit.commands.terminal import console
from pkikit.commands.terminal.arguments import AtOption, JsonFlag, now
from pkikit.commands.terminal.ci_options import BaselineOption, CodeQualityOption, JunitOption, SarifOption, ci_options
from pkikit.commands.terminal.layout import unbroken
from pkikit.commands.terminal.promise_view import HouseRulesOption, read_house_rules
from pkikit.text import counted, printable
from pkikit.values.instants import parse_instant

if TYPE_CHECKING:
    from rich.console import Console

    from pkikit.ci_results.found_cases import Results
    from pkikit.fleet.audit_records import ConnectionRecord, FleetAudit
    from pkikit.fleet.finished_audit import FinishedAudit

_MOST = 8


def audit(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Has a folder for each deployment, or for its archives.")
    ],
    since: Annotated[
        Path | None,
        typer.Option(metavar="FILE.parquet", help="The earlier audit: what has not changed is not judged again."),
    ] = None,
    parquet: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write every connection, for pandas, DuckDB and --since.")
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write one page that needs nothing else.")] = None,
    metrics: Annotated[Path | None, typer.Option(metavar="FILE.prom", help="Write a text file for Prometheus.")] = None,
    within: Annotated[
        int, typer.Option(metavar="DAYS", min=0, max=36500, help="A deployment that breaks so soon is not accepted.")
    ] = 30,
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="Processes on this machine; one on each core by default.")
    ] = None,
    scheduler: Annotated[str | None, typer.Option(metavar="ADDRESS", help="A dask.distributed scheduler.")] = None,
    house_rules: HouseRulesOption = None,
    at: AtOption = None,
    sarif: SarifOption = None,
    junit: JunitOption = None,
    code_quality: CodeQualityOption = None,
    baseline: BaselineOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Audit many deployments: when each connection breaks first, and why.

    A folder in FOLDER is an imported folder, a deployment file with certificates, or a set of archives; folders in folders
    are found, too. A folder that cannot be read does not stop the others. No connection is made.
    An audit that is interrupted goes on when you give the same command again.
    The exit code is 1 if something is down, breaks within 30 days (--within), cannot be judged, or if a promise (`expect:` in the
    deployment file) or a house rule is broken.

    Example: pkikit fleet audit customers --parquet last.parquet --html fleet.html

    Example: pkikit fleet audit customers --since last.parquet --parquet last.parquet
    """
    from contextlib import ExitStack
    from datetime import timedelta

    from pkikit.errors import InputError
    from pkikit.fleet.finished_audit import chosen_executor, run_audit
    from pkikit.fleet.written.outputs import target_files

    if workers is not None and scheduler is not None:
        raise InputError("--workers and --scheduler exclude each other")
    files = target_files(parquet=parquet, html=html, metrics=metrics)
    rules = read_house_rules(house_rules)
    ci = ci_options(
        "pkikit", "fleet audit", sarif, junit, code_quality, baseline, inputs=[since, house_rules, *files.values()]
    )
    with ExitStack() as bars:
        bars.push(_tell_kept)
        made = run_audit(
            folder,
            at=parse_instant(at, now()),
            judged_by=__version__,
            within=timedelta(days=within),
            since=since,
            rules=rules,
            executor=chosen_executor(workers, scheduler),
            files=files,
            watched=lambda total: bars.enter_context(console.progress("Judging folders", total=total, quiet=as_json)),
        )
    ended = ci.conclude(lambda: _results(made), accepted=made.accepted)
    document = None
    if as_json:
        files_said = {what.lower().removesuffix(" file"): str(file) for what, file in (*made.saved, *ended.saved)}
        document = made.to_json() | {"command": "fleet audit", "files": files_said} | ended.document

    def show(out: Console) -> None:
        _show(out, made)
        ended.show(out)
        console.next_steps(out, _steps(made, folder, at))

    console.answer(document, as_json=as_json, accepted=ended.accepted, show=show)


def _tell_kept(kind: type[BaseException] | None, *_: object) -> None:
    """Say after Ctrl-C that the work is not lost."""
    if kind is not None and issubclass(kind, KeyboardInterrupt):
        typer.echo("What is judged so far is kept. Give the same command again to go on.", err=True)


def _results(made: FinishedAudit) -> Results:
    """Return the audit as results for a pipeline: a case for each folder and each connection."""
    from pkikit.ci_results.fleet_cases import Passing, results_of_fleet

    audited = made.audit
    every = (
        Passing(folder=record.folder, id=c.id, name=c.name, remark=_later(c, audited))
        for record in audited.records
        for c in record.connections
    )
    return results_of_fleet(made.to_json(), every)


def _later(connection: ConnectionRecord, found: FleetAudit) -> str:
    """Return when a connection breaks that this audit accepts; empty if nothing breaks it."""
    if connection.breaks_at is None:
        return ""
    when, ahead = f"{connection.breaks_at:%Y-%m-%d}", counted(found.within.days, "day")
    return f"It breaks on {when} by {connection.cause}. This audit accepts what stays up for {ahead} (--within)."


def _show(out: Console, made: FinishedAudit) -> None:
    """Print the verdict, what breaks first, what cannot be judged, and where the files are."""
    from pkikit.fleet.written.fleet_sentences import light_of
    from pkikit.model.certificates.facts import format_time
    from pkikit.report.written.report_sentences import SOURCE

    found = made.audit
    mark = {"red": "✘", "yellow": "!", "green": "✔", "grey": "?"}[light_of(found).value]
    console.headline(out, f"{mark} {made.answer}")
    known = f" {counted(found.reused, 'folder')} unchanged, not judged again." if found.reused else ""
    console.say(out, f"{SOURCE} Judged for {unbroken(format_time(found.at))}.{known}")
    _show_breaks(out, found)
    _show_errors(out, found)
    _show_others(out, found)
    if made.saved:
        out.print()
    console.saved(out, made.saved)


def _show_breaks(out: Console, found: FleetAudit) -> None:
    from pkikit.fleet.written.fleet_sentences import breakings, folder_words, when_words

    entries = breakings(found)
    near = [entry for entry in entries if entry.at - found.at <= found.within]
    shown = (near or list(entries))[:_MOST]
    if shown:
        console.section(out, "Breaks first:" if near else "Breaks next:")
    for entry in shown:
        mark = "✘" if entry.down else "!" if near else " "
        when = f"{when_words(entry, found.at)}  {folder_words(entry.folder)}: {entry.names}"
        console.say(out, printable(when, 300), first=f"  {mark} ")
        console.say(out, entry.first.says, indent=6)
    left = len(near or entries) - len(shown)
    if left > 0:
        console.say(out, f"and {counted(left, 'more break')}: --html and --json list all of them", indent=4)


def _show_errors(out: Console, found: FleetAudit) -> None:
    if found.errors:
        console.section(out, "Cannot be judged:")
    for record in found.errors[:_MOST]:
        console.say(out, printable(f"{record.folder}: {record.error}", 400), first="  ✘ ")
    if len(found.errors) > _MOST:
        console.say(out, f"and {counted(len(found.errors) - _MOST, 'more folder')}", indent=4)


def _show_others(out: Console, found: FleetAudit) -> None:
    from pkikit.fleet.written.fleet_sentences import folder_words, problems_in_short, same_names

    others = [("✘", f"{folders}: {says}") for folders, says in same_names(found.records)]
    others += [
        (sign, f"{folder_words(record)}: {says}")
        for record in found.records
        for sign, says in problems_in_short(record)
    ]
    others.sort(key=lambda entry: entry[0] != "✘")
    if others:
        console.section(out, "Other problems:")
    for sign, line in others[:_MOST]:
        console.say(out, printable(line, 400), first=f"  {sign} ")
    if len(others) > _MOST:
        console.say(out, f"and {len(others) - _MOST:,} more", indent=4)


def _steps(made: FinishedAudit, folder: Path, at: str | None) -> list[str]:
    """Return what to do next: look at the deployment that breaks first, write the page, and audit again."""
    import shlex

    from pkikit.fleet.audit_records import FolderKind
    from pkikit.fleet.written.fleet_sentences import breakings

    written, found, root = dict(made.saved), made.audit, shlex.quote(printable(str(folder)))
    steps = []
    then = f" --at {shlex.quote(printable(at))}" if at is not None else ""
    failing = {record.folder for record in found.failing if not record.error}
    first = next((entry.folder for entry in breakings(found) if entry.folder.folder in failing), None)
    if first is not None:
        one = shlex.quote(printable(str(folder / first.folder)))
        archives = first.kind is FolderKind.ARCHIVES
        look = f"pkikit import {one} --out my-deployment" if archives else f"pkikit report {one}{then}"
        steps.append(f"{'Import' if archives else 'Look at'} the first one:\n{look}")
    if "Page" not in written:
        steps.append(f"Write a page about all of them:\npkikit fleet audit {root} --html fleet.html{then}")
    if "Parquet file" in written:
        last = shlex.quote(printable(str(written["Parquet file"])))
        steps.append(f"Next time, judge only what changed:\npkikit fleet audit {root} --since {last} --parquet {last}")
    return steps
