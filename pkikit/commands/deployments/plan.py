"""`plan`: the steps from today to tomorrow, in an order in which no connection is refused."""

from __future__ import annotations

import shlex
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pkikit.commands.terminal import console
from pkikit.commands.terminal.arguments import AtOption, JsonFlag, VerboseFlag, now
from pkikit.commands.terminal.layout import unbroken
from pkikit.errors import MAX_WHERE
from pkikit.text import counted, printable
from pkikit.values.instants import parse_instant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from pkikit.runbook.finished_plan import FinishedPlan

_FILES = {"plan": "Plan", "files": "Folder with its files", "runbook": "Runbook", "csv": "Table", "ics": "Calendar"}
_MOST_CLASHES, _MOST_NOTES, _MOST_LOST, _MOST_OPTIONS = 4, 6, 12, 2


def plan(
    today: Annotated[
        Path, typer.Argument(metavar="TODAY", help="Deployment file, imported folder, or folder as for --certs.")
    ],
    tomorrow: Annotated[
        Path | None, typer.Argument(metavar="TOMORROW", help="The same after the change. Leave it out for a goal.")
    ] = None,
    goal: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND[:ARGUMENT]",
            help="new-root:FILE, renew:PEER, two-stores, leave-public-ca, add-domain:NAME or rename-peer:OLD=NEW.",
        ),
    ] = None,
    certs_old: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Certificates and lists of today: DIR/<fqdn>/cert.pem, trust.pem."),
    ] = None,
    certs_new: Annotated[Path | None, typer.Option(metavar="DIR", help="The same for tomorrow.")] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="PLAN.json", help="Write the plan, and its files into a folder next to it.")
    ] = None,
    runbook: Annotated[
        Path | None, typer.Option(metavar="FILE.md|.html", help="Write a runbook: Markdown or one page.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE.csv", help="Write the steps as a table.")] = None,
    ics: Annotated[Path | None, typer.Option(metavar="FILE.ics", help="Write the dates as a calendar.")] = None,
    start: Annotated[
        str | None, typer.Option(metavar="TIME", help="The work begins at this time (ISO 8601 with zone).")
    ] = None,
    window: Annotated[
        list[str] | None, typer.Option(metavar="WINDOW", help='Maintenance window, as "Sat 22:00-02:00" (UTC).')
    ] = None,
    watch_days: Annotated[
        float | None,
        typer.Option(
            metavar="DAYS", min=0, max=365, help="Watch a machine so long before the next of its cluster restarts."
        ),
    ] = None,
    at: AtOption = None,
    verbose: VerboseFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Order the steps from today to tomorrow so that no connection is refused on the way.

    Every state between two steps is judged. If no order keeps every connection up, the answer says why and what would help.
    The exit code is 1 if a connection is refused on the way, and 0 if none is, also if there is nothing to do.

    Example: pkikit plan my-deployment --goal new-root:new-root.pem --out plan.json --runbook plan.html
    """
    from pkikit.planning.given_change import read_change
    from pkikit.runbook.finished_plan import check_targets, finish

    check_targets(out=out, runbook=runbook, csv=csv, ics=ics)
    begins = parse_instant(start, now(), makes=True) if start is not None else None
    instant = parse_instant(at, begins or now(), makes=True).replace(microsecond=0)
    with console.progress("Planning", total=None, quiet=as_json) as worked:
        given = read_change(
            today, tomorrow, goals=goal or (), certs_old=certs_old, certs_new=certs_new, at=instant, rsa=out is not None
        )
        made = finish(
            given,
            start=begins,
            windows=window or (),
            watch=timedelta(days=watch_days) if watch_days is not None else None,
            dated=ics is not None,
            progress=lambda what, number: worked(1),
        )
        saved = made.save(out=out, runbook=runbook, csv=csv, ics=ics)

    def show(device: Console) -> None:
        _show(device, made, saved, verbose=verbose)
        console.next_steps(device, _next_steps(made, saved))

    document = made.to_json() if as_json else None
    console.answer(document, as_json=as_json, accepted=made.plan.order_exists, show=show)


def _show(out: Console, made: FinishedPlan, saved: Sequence[tuple[str, Path]], *, verbose: bool) -> None:
    from pkikit.runbook.plan_sentences import answer_of, interruptions_of, legend_of, mark_of, usual_line
    from pkikit.runbook.refused_tomorrow import EXAMPLE

    contents = made.runbook.contents
    answer = answer_of(contents)
    if not made.plan.order_exists and answer.startswith("Tomorrow"):
        answer = answer.partition(EXAMPLE)[0]  # the list below has every cause
    console.headline(out, f"{mark_of(contents)} {answer}")
    usual = usual_line(made)
    if usual:
        console.say(out, usual)
    _show_why_not(out, made, verbose=verbose)
    _show_steps(out, made, verbose=verbose)
    for number, line in enumerate(interruptions_of(contents)):
        if not number:
            console.section(out, "Announced interruptions:")
        console.say(out, line, first="  - ")
    notes = [n for n in dict.fromkeys((*made.plan.change.assumptions, *made.plan.notes)) if n != answer_of(contents)]
    for number, note in enumerate(notes if verbose else notes[:_MOST_NOTES]):
        if not number:
            console.section(out, "Notes:")
        console.say(out, contents.say(note), first="  - ")
    if len(notes) > _MOST_NOTES and not verbose:
        console.say(out, f"and {counted(len(notes) - _MOST_NOTES, 'more note')}: --verbose shows all", indent=4)
    legend = legend_of(contents, notes)
    if contents.steps and legend:
        out.print()
        console.say(out, f"Short names: {legend}")
    if saved:
        out.print()
    console.saved(out, [(_FILES[what], file) for what, file in saved])


def _show_why_not(out: Console, made: FinishedPlan, *, verbose: bool) -> None:
    """Print why no order exists, and what was tried."""
    if made.plan.order_exists or made.plan.is_unknown:
        return
    contents, plan = made.runbook.contents, made.plan
    _show_lost(out, made, verbose=verbose)
    clashes = [contents.say(clash.says) for clash in plan.clashes if clash.missing]
    shown = clashes if verbose else clashes[:_MOST_CLASHES]
    if shown:
        console.section(out, "What rules out every order:")
    for line in shown:
        console.say(out, line, first="  - ")
    if len(clashes) > len(shown):
        console.say(out, f"and {counted(len(clashes) - len(shown), 'more fact')}: --verbose shows all", indent=4)
    rows = [
        ("✔" if tried.works else "✘", contents.say(tried.says), contents.say(tried.achieves), contents.say(tried.price))
        for tried in plan.enabling
    ]
    console.table(out, ("", "tried", "achieves", "costs"), rows, title="What would help:", indent=2)


def _show_lost(out: Console, made: FinishedPlan, *, verbose: bool) -> None:
    """Print the connections that tomorrow refuses, each cause once: an order cannot help them."""
    from pkikit.runbook.refused_tomorrow import lost_by_cause

    contents = made.runbook.contents
    for number, lost in enumerate(lost_by_cause(made.plan.clashes)):
        if not number:
            console.section(out, "Tomorrow refuses:")
        console.say(out, contents.say(lost.sentence), first="  - ")
        if lost.fix:
            console.say(out, f"Fix: {contents.say(lost.fix)}", indent=4)
        shown = lost.legs if verbose else lost.legs[:_MOST_LOST]
        more = [f"{len(lost.legs) - len(shown)} more"] if len(lost.legs) > len(shown) else []
        if len(lost.legs) > 1:
            legs = [unbroken(contents.names.connection(leg)) for leg in shown]
            console.say(out, f"Refused: {', '.join((*legs, *more))}", indent=4)


def _show_steps(out: Console, made: FinishedPlan, *, verbose: bool) -> None:
    contents, plan = made.runbook.contents, made.plan
    refused = [len(prediction.refused) for prediction in plan.predictions[1:]]
    rows = [
        (
            str(step.number),
            step.words.title,
            contents.say(step.words.where) if verbose else "",
            step.step.owner.name,
            unbroken(f"{step.time.ends:%Y-%m-%d %H:%M}") if step.time is not None else "",
            f"{count} refused" if count else "",
        )
        for step, count in zip(contents.steps, refused, strict=True)
    ]
    lost = f" ({plan.lost_minutes:,g} connection-minutes)" if plan.lost_minutes else ""
    title = "Steps:" if plan.order_exists or plan.is_unknown else f"The order that loses the least{lost}:"
    console.table(out, ("", "step", "where", "who", "done by (UTC)", "after it"), rows, title=title, indent=2)


def _next_steps(made: FinishedPlan, saved: Sequence[tuple[str, Path]]) -> list[str]:
    """Return what to do next: read the runbook, rehearse, or write both."""
    if not made.plan.order:
        return []
    files = {what: printable(shlex.quote(str(file)), MAX_WHERE) for what, file in saved}
    steps = []
    if "plan" in files:
        steps.append(f"Rehearse every step on real handshakes:\nexpressway-sim rehearse {files['plan']}")
    else:
        steps.append("Write the plan and its files with --out plan.json, then rehearse it.")
    if "runbook" not in files:
        steps.append("Write the runbook with --runbook plan.html.")
    from pkikit.planning.enabling.how_to import how_to

    works = [tried.kind for tried in made.plan.enabling if tried.works and not made.plan.order_exists]
    return steps + [
        f"Use the option {kind}, so that no connection is refused. {' '.join(how_to(kind))}".rstrip()
        for kind in works[:_MOST_OPTIONS]
    ]
