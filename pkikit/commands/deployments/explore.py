"""`explore`: every way to do the certificates of a deployment, compared; with --recommend, one design with reasons."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pkikit.commands.terminal import console
from pkikit.commands.terminal.arguments import AtOption, HandHours, JsonFlag, VersionOption, read_deployment
from pkikit.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from pkikit.design.search_space import Space
    from pkikit.explore.executors import Executor
    from pkikit.explore.exploration import Outcome

_SHOWN = 10


def explore(
    deployment: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DEPLOYMENT]", help="Deployment file (YAML); --recommend can do without.", show_default=False
        ),
    ] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=a,b…", help="Values to try for one choice, or CLUSTER.KEY=a,b; others stay open."),
    ] = None,
    recommend: Annotated[
        bool, typer.Option("--recommend", help="One design with reasons, and two alternatives.")
    ] = False,
    answer: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE",
            help="Answer a question of --recommend: trust, version, upgrade, domain, restarts, acme; without a file also "
            "outside, core-fqdn, edge-fqdn, core-peers, edge-peers, domains.",
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Processes on this machine.")] = 1,
    scheduler: Annotated[str | None, typer.Option(metavar="ADDRESS", help="A dask.distributed scheduler.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv|.parquet|DIR",
            help="Every candidate, resumable; with --recommend the folder for deployment file, names and CSR values.",
        ),
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Without --out: keep finished parts here, and go on from them.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE.svg", help="A picture of the designs that work.")] = None,
    hours: HandHours = None,
    at: AtOption = None,
    version: VersionOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Compare certificate designs, or recommend one. You see what works, what others must do, and what it costs.

    Choices: certificate, cluster-name, registration, domains, authority, stores (X15.5), lifetime, profile (ACME).

    Example: pkikit explore notebooks/deployments/clustered-mra.yaml --vary edge.authority=acme,private

    Example: pkikit explore notebooks/deployments/clustered-mra.yaml --recommend --answer trust=partners
    """
    if recommend or answer:
        from pkikit.commands.deployments.design_advice import recommend_design

        if vary or plot or scheduler or resume or workers != 1:
            raise InputError("--recommend goes only with --answer, --out, --hand-hours, --at, --version and --json")
        recommend_design(deployment, answer or (), out=out, at=at, version=version, hours=hours, as_json=as_json)
        return
    if hours is not None:
        raise InputError("--hand-hours goes only with --recommend")
    if deployment is None:
        raise InputError(
            "give a deployment file: pkikit explore DEPLOYMENT; or answer questions: pkikit explore --recommend"
        )
    if out is not None and resume is not None:
        raise InputError("--resume goes without --out, which keeps finished parts next to its file")
    read = read_deployment(deployment, version=version)
    _compare(read, vary or [], workers, scheduler, out, resume, plot, as_json=as_json)


def _compare(
    read: Any,
    vary: list[str],
    workers: int,
    scheduler: str | None,
    out: Path | None,
    resume: Path | None,
    plot: Path | None,
    *,
    as_json: bool,
) -> None:
    from pkikit.design.choices import parse_vary
    from pkikit.design.search_space import Space
    from pkikit.explore.exploration import explore as run
    from pkikit.explore.exploration import front_picture, front_rows
    from pkikit.view.drawing import resolved

    if scheduler is not None and workers != 1:
        raise InputError("--workers and --scheduler exclude each other")
    space = Space(read, parse_vary(vary, read))
    with console.progress(f"judging {space.size:,} candidates", total=space.size, quiet=as_json) as advance:
        outcome = run(space, _executor(workers, scheduler), out=out, notes=resume, progress=advance)
    if plot is not None:
        from pkikit.files import write_public

        write_public(plot, resolved(front_picture(space, outcome)).encode())
    front = front_rows(space, outcome)
    document = {
        "deployment": read.name,
        "total": outcome.total,
        "working": outcome.working,
        "front": front,
        "out": str(out) if out else None,
    }
    files = [(what, path) for what, path in (("Every candidate", out), ("Picture", plot)) if path is not None]
    console.answer(document, as_json=as_json, show=lambda o: _show(o, space, outcome, front, files))


def _executor(workers: int, scheduler: str | None) -> Executor:
    from pkikit.explore.executors import Dask, InProcess, Processes

    if scheduler is not None:
        return Dask(scheduler)
    return InProcess() if workers == 1 else Processes(workers)


def _show(
    out: Console, space: Space, outcome: Outcome, front: list[dict[str, Any]], files: list[tuple[str, Path]]
) -> None:
    from pkikit.explore.legend import COLUMNS, design_name, verdict

    console.headline(out, verdict(outcome.total, front, outcome.working))
    working = [row for row in front if row["works"]]
    shown = working[:_SHOWN]
    if working:
        console.section(out, "Designs that nothing beats on every criterion:")
        for number, row in enumerate(shown, 1):
            console.say(out, design_name(space.deployment, row), first=f"{number:>4}  ")
        if len(working) > len(shown):
            console.say(out, f"… and {len(working) - len(shown)} more (--json lists all of them)", indent=6)
        # A column in which all designs are equal decides nothing: the legend says its value instead.
        columns = [c for c in COLUMNS if len({row[c.key] for row in shown}) > 1]
        rows = [(str(n), *(f"{row[c.key]:g}" for c in columns)) for n, row in enumerate(shown, 1)]
        if columns:
            out.print()
            console.table(out, ("no.", *(c.head for c in columns)), rows)
        console.section(out, "What the columns mean (smaller is better):")
        console.show_facts(out, [(c.head, f"{c.meaning} Unit: {c.unit}.{_if_equal(c.key, shown)}") for c in COLUMNS])
    if files:
        out.print()
        console.saved(out, files)
    console.next_steps(out, ["Let one design be recommended:\npkikit explore DEPLOYMENT --recommend"])


def _if_equal(key: str, rows: list[dict[str, Any]]) -> str:
    held = {row[key] for row in rows}
    return f" Here always {next(iter(held)):g}." if len(held) == 1 else ""
