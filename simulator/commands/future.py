"""`expressway-sim sunset` and `renewals`: what the coming years do to a deployment's certificates."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pkikit.commands.terminal import console
from pkikit.commands.terminal.arguments import DeploymentFile, JsonFlag, VerboseFlag, now, read_deployment
from pkikit.errors import InputError
from pkikit.text import counted, listed
from simulator.commands.picture_option import svg_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from simulator.travel.sunset_stages import Stage

Plot = Annotated[Path | None, typer.Option(metavar="FILE.svg", help="A picture of it.")]


def sunset(
    deployment: DeploymentFile, plot: Plot = None, verbose: VerboseFlag = False, as_json: JsonFlag = False
) -> None:
    """Rehearse the end of clientAuth, then each option. Every stage dials real handshakes.

    Example: expressway-sim sunset notebooks/deployments/clustered-full.yaml
    """
    from pkikit.files import write_public
    from simulator.travel.sunset_stages import live_through_sunset

    if plot is not None:
        svg_file(plot)
    read = read_deployment(deployment)
    with console.steps(quiet=as_json) as step:
        lived = asyncio.run(live_through_sunset(read, step=step))
    if plot is not None:
        write_public(plot, lived.timeline.svg(read.name).encode())

    def show(out: Console) -> None:
        console.headline(out, _verdict(lived.stages, read.name))
        rows = [_row(stage) for stage in lived.stages]
        columns = ("stage or option", "up", "restores", "breaks", "services down")
        console.table(out, columns, rows, title="Each line is a lab, all its connections dialled:")
        if verbose:
            for stage in lived.stages:
                _show_stage(out, stage)
        else:
            console.section(out, "--verbose shows what each option takes, and which connections stay down.")
        if plot is not None:
            out.print()
            console.saved(out, [("Picture", plot)])

    console.answer(lived.to_json(), as_json=as_json, show=show)


def _verdict(stages: Sequence[Stage], name: str) -> str:
    """Return what the end of clientAuth does, and which options bring everything back."""
    renewed = next((stage for stage in stages[1:] if stage.before is None), None)  # the first stage has both purposes
    if renewed is None or not renewed.down:
        return f"✔ The end of clientAuth takes no connection of {name} down"
    best = [stage.title for stage in stages if stage.before is renewed.report and not stage.down]
    back = f"back with all of them: {listed(best, 'or')}" if best else "no option brings all of them back"
    lost = f"{len(renewed.down)} of {counted(len(renewed.report.legs), 'connection')}"
    return f"✘ The end of clientAuth takes {lost} of {name} down; {back}"


def _row(stage: Stage) -> tuple[str, str, str, str, str]:
    total = len(stage.report.legs)
    restores = f"{len(stage.restores)} of {len(stage.before.down)}" if stage.before and stage.before.down else ""
    services = ", ".join(dict.fromkeys(text.partition(" ")[0] for text in stage.services_down))
    breaks = str(len(stage.breaks)) if stage.breaks and stage.before else ""
    title = f"{'✘' if stage.down else '✔'} {stage.title}"
    return title, f"{total - len(stage.down)} of {total}", restores, breaks, services


def _show_stage(out: Console, stage: Stage) -> None:
    """Print what an option takes, and what stays down."""
    console.section(out, f"{'✘' if stage.down else '✔'} {stage.title}")
    relations = Counter(leg.leg.relation for leg in stage.report.down)
    console.show_facts(out, [
        ("Takes", stage.takes),
        ("Services down", ", ".join(stage.services_down)),
        ("Connections down", [f"{count} × {relation}" for relation, count in relations.items()]),
    ], indent=4)  # fmt: skip


def renewals(
    deployment: DeploymentFile,
    lifetime: Annotated[str, typer.Option(metavar="DAYS,DAYS", help="Lives of certificates to compare.")] = "90,64,45",
    by: Annotated[str, typer.Option(metavar="acme|upload", help="How to renew; default: both.")] = "acme,upload",
    plot: Plot = None,
    as_json: JsonFlag = False,
) -> None:
    """Rehearse a year of renewals by ACME and by upload. You see restarts and interrupted connections, by certificate lifetime.

    Example: expressway-sim renewals notebooks/deployments/clustered-mra.yaml --lifetime 90,64,45 --plot year.svg
    """
    from pkikit.files import write_public
    from simulator.travel.renewal_years import WAYS, compare

    try:
        days = [float(part) for part in lifetime.split(",")]
    except ValueError:
        raise InputError(f"--lifetime {lifetime[:60]!r}: write days, separated by commas, as 90,64,45") from None
    ways = tuple(way for way in WAYS if way in by.split(","))
    if not ways or set(by.split(",")) - set(WAYS):
        raise InputError(f"--by {by[:60]!r}: write acme, upload, or acme,upload")
    if plot is not None:
        svg_file(plot)
    read = read_deployment(deployment)
    with console.steps(quiet=as_json) as step:
        found = asyncio.run(compare(read, days, at=now(), by=ways, progress=step))
    if plot is not None:
        write_public(plot, found.svg().encode())

    def show(out: Console) -> None:
        rows = [
            (f"{y.lifetime_days:g} days", y.by, str(y.renewals), str(y.restarts), str(y.interrupted), str(y.expired))
            for y in found.years
        ]
        fewest = min(found.years, key=lambda y: (y.expired, y.interrupted))
        best = f"{fewest.lifetime_days:g}-day certificates by {fewest.by}"
        lost = f"{counted(fewest.interrupted, 'interrupted connection')}, {fewest.expired} expired in use"
        console.headline(out, f"A year of {read.name}: {best} disturb least ({lost})")
        columns = ("lifetime", "renewed by", "renewals", "restarts", "connections interrupted", "expired in use")
        out.print()
        console.table(out, columns, rows)
        if plot is not None:
            out.print()
            console.saved(out, [("Picture", plot)])

    console.answer(found.to_json(), as_json=as_json, show=show)
