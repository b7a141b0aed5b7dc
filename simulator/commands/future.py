"""`expressway-sim sunset` and `renewals`: what the coming years do to a deployment's certificates."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pkikit.commands import console
from pkikit.commands.arguments import DeploymentFile, JsonFlag, now, read_deployment
from pkikit.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from simulator.travel.sunset_stages import Stage

Plot = Annotated[Path | None, typer.Option(metavar="FILE.svg", help="A picture of it.")]


def sunset(deployment: DeploymentFile, plot: Plot = None, as_json: JsonFlag = False) -> None:
    """Live a deployment through the end of clientAuth, then try each way out, all on real handshakes.

    Example: expressway-sim sunset notebooks/deployments/clustered-full.yaml
    """
    from pkikit.files import free_path, write_public
    from simulator.travel.sunset_stages import live_through_sunset

    if plot is not None:
        free_path(plot)
    read = read_deployment(deployment)
    with console.steps(quiet=as_json) as step:
        lived = asyncio.run(live_through_sunset(read, step=step))
    if plot is not None:
        write_public(plot, lived.timeline.svg(read.name).encode())

    def show(out: Console) -> None:
        out.print(read.name, style="bold", markup=False)
        for stage in lived.stages:
            _show_stage(out, stage)

    console.answer(lived.to_json(), as_json=as_json, show=show)


def _show_stage(out: Console, stage: Stage) -> None:
    """Print a stage: how much is up, what comes back, what stays down, what it takes."""
    total = len(stage.report.legs)
    back = f", restores {len(stage.restores)} of {len(stage.before.down)}" if stage.before else ""
    back += f", breaks {len(stage.breaks)}" if stage.breaks else ""
    out.print(
        f"{'✘' if stage.down else '✔'} {stage.title}: {total - len(stage.down)} of {total} legs up{back}", markup=False
    )
    relations = Counter(leg.leg.relation for leg in stage.report.down)
    lines = {
        "down": ", ".join(f"{count} × {relation}" for relation, count in relations.items()),
        "services down": ", ".join(stage.services_down),
        "takes": stage.takes,
    }
    for label, text in lines.items():
        if text:
            out.print(f"    {label}: {text}", markup=False, soft_wrap=True)


def renewals(
    deployment: DeploymentFile,
    lifetime: Annotated[str, typer.Option(metavar="DAYS,DAYS", help="Lives of certificates to compare.")] = "90,64,45",
    by: Annotated[str, typer.Option(metavar="acme|upload", help="How to renew; default: both.")] = "acme,upload",
    plot: Plot = None,
    as_json: JsonFlag = False,
) -> None:
    """A year of renewals by ACME and by upload: restarts and interrupted connections, by certificate lifetime.

    Example: expressway-sim renewals notebooks/deployments/clustered-mra.yaml --lifetime 90,64,45 --plot year.svg
    """
    from pkikit.files import free_path, write_public
    from simulator.travel.renewal_years import WAYS, compare

    try:
        days = [float(part) for part in lifetime.split(",")]
    except ValueError:
        raise InputError(f"--lifetime {lifetime[:60]!r}: write days, separated by commas, as 90,64,45") from None
    ways = tuple(way for way in WAYS if way in by.split(","))
    if not ways or set(by.split(",")) - set(WAYS):
        raise InputError(f"--by {by[:60]!r}: write acme, upload, or acme,upload")
    if plot is not None:
        free_path(plot)
    read = read_deployment(deployment)
    with console.steps(quiet=as_json) as step:
        found = asyncio.run(compare(read, days, at=now(), by=ways, progress=step))
    if plot is not None:
        write_public(plot, found.svg().encode())

    def show(out: Console) -> None:
        rows = [
            (f"{y.lifetime_days:g}", y.by, str(y.renewals), str(y.restarts), str(y.interrupted), str(y.expired))
            for y in found.years
        ]
        columns = ("lifetime, days", "by", "renewals", "restarts", "connections interrupted", "expired in use")
        console.table(out, columns, rows, title=f"{read.name}: a year")

    console.answer(found.to_json(), as_json=as_json, show=show)
