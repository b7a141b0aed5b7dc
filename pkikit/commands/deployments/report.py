"""`report`: one page about a deployment, from the files of its machines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pkikit.commands.terminal import console
from pkikit.commands.terminal.arguments import AtOption, HandHours, JsonFlag, VersionOption, now
from pkikit.commands.terminal.layout import unbroken
from pkikit.commands.terminal.promise_view import HouseRulesOption, read_house_rules
from pkikit.text import counted, listed, printable
from pkikit.values.instants import parse_instant

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from rich.console import Console

    from pkikit.expectations.house.house_file import HouseRules
    from pkikit.report.content.deployment_report import Report
    from pkikit.report.written.finished_report import FinishedReport

_MARKS = {"red": "✘", "yellow": "!", "green": "✔", "grey": "?"}
_FILES = {"page": "Page", "text": "Markdown", "calendar": "Calendar"}
_MOST = 6


def report(
    path: Annotated[
        Path,
        typer.Argument(metavar="DIR|DEPLOYMENT", help="Imported folder, folder as for --certs, or deployment file."),
    ],
    certs: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Certificates and lists in use: DIR/<fqdn>/cert.pem, trust.pem.")
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write one page that needs nothing else.")] = None,
    md: Annotated[Path | None, typer.Option(metavar="FILE", help="Write Markdown.")] = None,
    ics: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the dates as a calendar.")] = None,
    hours: HandHours = None,
    house_rules: HouseRulesOption = None,
    at: AtOption = None,
    version: VersionOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Report what fails, what ends when, and what is not known.

    The files of the machines decide. No connection is made. A machine without files is not assessed: the report says what is
    missing and how to get it.
    The exit code is 1 if a connection is down, or a promise (`expect:` in the deployment file) or a house rule is broken. It is 0
    if nothing of that is so as far as the files tell.

    Example: pkikit report my-deployment --html report.html --ics dates.ics
    """  # fmt: skip
    from pkikit.report.written.finished_report import target_files

    target_files(html=html, md=md, ics=ics)
    rules = read_house_rules(house_rules)
    made = _made(path, certs, version, parse_instant(at, now()), hours, rules, quiet=as_json)
    saved = made.save(html=html, md=md, ics=ics)
    document = made.to_json() | {"files": {what: str(file) for what, file in saved}} if as_json else None

    def show(out: Console) -> None:
        _show(out, made, saved, path, certs)

    console.answer(document, as_json=as_json, accepted=made.report.accepted is not False, show=show)


def _made(
    path: Path,
    certs: Path | None,
    version: str | None,
    at: datetime,
    hours: float | None,
    rules: HouseRules | None,
    *,
    quiet: bool,
) -> FinishedReport:
    """Read and judge, with a bar when somebody watches."""
    from pkikit.design.hand_work.hand_outlook import HOURS_A_YEAR, checked_hours
    from pkikit.design.legs import legs_of
    from pkikit.report.content.build import build_report
    from pkikit.report.given.given import read_given
    from pkikit.report.written.finished_report import FinishedReport

    planned = checked_hours(HOURS_A_YEAR if hours is None else hours)
    given = read_given(path, certs, version=version)
    with console.progress("Judging connections", total=len(legs_of(given.deployment)), quiet=quiet) as judged:
        return FinishedReport(build_report(given, at, judged, hours=planned, rules=rules))


def _show(
    out: Console, made: FinishedReport, saved: Sequence[tuple[str, Path]], path: Path, certs: Path | None
) -> None:
    """Print the answer, services, what to do, where the files are, and what to do next."""
    from pkikit.model.certificates.facts import format_time
    from pkikit.report.written.report_sentences import SOURCE, answer, to_do

    report = made.report
    console.headline(out, f"{_MARKS[report.light.value]} {report.deployment}: {answer(report)}")
    console.say(out, f"{SOURCE} Judged for {unbroken(format_time(report.at))}.")
    _show_services(out, report)
    _show_promises(out, report)
    items = to_do(report)
    if items:
        console.section(out, "What to do:")
    for number, item in enumerate(items[:_MOST], start=1):
        console.say(out, f"{item.what} {item.why}", first=f"  {number}. ")
    if len(items) > _MOST:
        console.say(out, f"and {counted(len(items) - _MOST, 'more thing')}: the page lists all of them", indent=5)
    console.section(out, "Renewals by hand in the next ten years:")
    console.say(out, " ".join(report.by_hand.sentences), first="  ")
    if saved:
        out.print()
    console.saved(out, [(_FILES[what], file) for what, file in saved])
    console.next_steps(out, _steps(report, saved, path, certs))


def _show_services(out: Console, report: Report) -> None:
    from pkikit.report.written.report_sentences import MARKS, WORDS, by_service

    lines = by_service(report.services)
    if lines:
        console.section(out, "Services:")
    for name, peers in lines:
        for state in dict.fromkeys(line.state for line in peers):
            where = listed([report.short.get(p.peer, p.peer) for p in peers if p.state is state])
            console.say(out, f"{name.label} on {where}: {WORDS[state]}", first=f"  {MARKS[state]} ")


def _show_promises(out: Console, report: Report) -> None:
    from pkikit.report.content.promise_rows import promise_rows

    rows = promise_rows(report.promises)
    if rows:
        console.section(out, "Promises and house rules:")
    for row in rows:
        console.say(out, f"{row.what}: {row.outcome.words}", first=f"  {row.outcome.mark} ")


def _steps(report: Report, saved: Sequence[tuple[str, Path]], path: Path, certs: Path | None) -> list[str]:
    """Return what to do next: look at the page, or write one; get what is missing."""
    from pkikit.files.deployment_folder import certificates_of, find_deployment

    page = next((file for what, file in saved if what == "page"), None)
    shown = printable(str(path))
    steps = [
        f"Open {printable(str(page))} in a browser, or print it."
        if page
        else f"Write a page to hand in:\npkikit report {shown} --html report.html"
    ]
    if not report.inventory.certificates:
        steps.append(f"Give certificates and trusted CA lists:\npkikit report {shown} --certs DIR")
        steps.append("Or make all of it from diagnostic archives:\npkikit import FILE… --out DIR")
    elif report.gaps:
        gap = report.gaps[0]
        folder = certs or certificates_of(path, find_deployment(path))
        how = gap.how.removeprefix(f"On {gap.machine}, ")
        if folder is not None:  # the report does not tell where its author keeps files; a terminal does
            how = how.replace(f" {folder.name}/", f" {printable(str(folder))}/")
        steps.append(f"For the {gap.what} of {gap.machine}: {how}")
    return steps
