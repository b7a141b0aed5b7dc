"""`expressway-sim sunset` and `renewals`: what the coming years do to a deployment's certificates."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pkikit.commands import console
from pkikit.commands.arguments import DeploymentFile, JsonFlag, now, read_deployment
from pkikit.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

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
        rows = [
            (s.title, f"{len(s.report.legs) - len(s.down)} of {len(s.report.legs)}", "\n".join(s.down[:12]), s.takes)
            for s in lived.stages
        ]
        console.table(out, ("stage", "legs up", "down", "takes"), rows, title=read.name)

    console.answer(lived.to_json(), as_json=as_json, show=show)


def renewals(
    deployment: DeploymentFile,
    lifetime: Annotated[str, typer.Option(metavar="DAYS,DAYS", help="Lives of certificates to compare.")] = "90,47,6",
    by: Annotated[str, typer.Option(metavar="acme|upload", help="How to renew; default: both.")] = "acme,upload",
    plot: Plot = None,
    as_json: JsonFlag = False,
) -> None:
    """A year of renewals by ACME and by upload: restarts and interrupted connections, by certificate lifetime.

    Example: expressway-sim renewals notebooks/deployments/clustered-mra.yaml --lifetime 90,47,6 --plot year.svg
    """
    from pkikit.files import free_path, write_public
    from simulator.travel.renewal_years import WAYS, compare

    try:
        days = [float(part) for part in lifetime.split(",")]
    except ValueError:
        raise InputError(f"--lifetime {lifetime[:60]!r}: write days, separated by commas, as 90,47,6") from None
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
