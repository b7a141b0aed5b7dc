"""`explore`: every way to do the certificates of a deployment, compared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pkikit.commands import console
from pkikit.commands.arguments import DeploymentFile, JsonFlag, VersionOption, read_deployment
from pkikit.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from pkikit.design.search_space import Space
    from pkikit.explore.executors import Executor
    from pkikit.explore.exploration import Outcome

_SHOWN = 40
# Short names of the objectives: their table has to fit 80 columns.
_HEADS = ("down", "roots out", "blast", "apex", "days", "restarts/a", "reissues")


def explore(
    deployment: DeploymentFile,
    vary: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=a,b…", help="Values to try for one choice, or CLUSTER.KEY=a,b; others stay open."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Processes on this machine.")] = 1,
    scheduler: Annotated[str | None, typer.Option(metavar="ADDRESS", help="A dask.distributed scheduler.")] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.csv|.parquet", help="Every candidate, as it is judged; resumable.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE.svg", help="A picture of the front.")] = None,
    version: VersionOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Candidate SAN designs compared: names, blast radius, renewals, legs without clientAuth, and which are worth choosing.

    Choices: certificate, cluster-name, registration, domains, authority, stores (X15.5), lifetime, profile (ACME).

    Example: pkikit explore notebooks/deployments/clustered-mra.yaml --vary edge.authority=acme,private
    """
    from pkikit.design.choices import parse_vary
    from pkikit.design.search_space import Space
    from pkikit.explore.exploration import explore as run
    from pkikit.explore.exploration import front_picture, front_rows

    if scheduler is not None and workers != 1:
        raise InputError("--workers and --scheduler exclude each other")
    read = read_deployment(deployment, version=version)
    space = Space(read, parse_vary(vary or (), read))
    with console.progress(f"judging {space.size:,} candidates", total=space.size, quiet=as_json) as advance:
        outcome = run(space, _executor(workers, scheduler), out=out, progress=advance)
    if plot is not None:
        from pkikit.files import write_public

        write_public(plot, front_picture(space, outcome).encode())
    front = front_rows(space, outcome)
    document = {
        "deployment": read.name,
        "total": outcome.total,
        "working": outcome.working,
        "front": front,
        "out": str(out) if out else None,
    }
    console.answer(document, as_json=as_json, show=lambda o: _show(o, space, outcome, front))


def _executor(workers: int, scheduler: str | None) -> Executor:
    from pkikit.explore.executors import Dask, InProcess, Processes

    if scheduler is not None:
        return Dask(scheduler)
    return InProcess() if workers == 1 else Processes(workers)


def _show(out: Console, space: Space, outcome: Outcome, front: list[dict[str, Any]]) -> None:
    from pkikit.design.choices import COLUMNS
    from pkikit.design.search_space import OBJECTIVES

    out.print(
        f"{outcome.total:,} candidates, {outcome.working:,} of them bring every leg up; "
        f"{len(front)} are worth a look: no other is better in one respect without being worse in another."
    )
    shown = [row for row in front if row["works"]] or front
    numbers = [(str(row["candidate"]), *(f"{row[k]:g}" for k in OBJECTIVES)) for row in shown[:_SHOWN]]
    console.table(out, ("no.", *_HEADS), numbers)
    for row in shown[:_SHOWN]:
        designs = (
            f"{c.name}: " + _in_words({k: str(row[f"{c.name}.{k}"]) for k in COLUMNS})
            for c in space.deployment.clusters
        )
        out.print(f"{row['candidate']:>8}  " + "\n          ".join(designs), markup=False)
    if len(shown) > _SHOWN:
        out.print(f"… and {len(shown) - _SHOWN} more (--json has all)")
    if len(front) > len(shown):
        out.print(f"{len(front) - len(shown)} of the {len(front)} leave a leg down and are not listed (--json has all)")


def _in_words(chosen: dict[str, str]) -> str:
    """Describe one cluster's choices in words."""
    words = ["one certificate for all peers" if chosen["certificate"] == "shared" else "a certificate a peer"]
    words.append("with the cluster name" if chosen["cluster_name"] == "yes" else "without a cluster name")
    forms = chosen["registration"]
    if forms:
        apex, collab = forms.count("d"), forms.count("c")
        told = [f"{apex} as they are"] * (apex > 0) + [f"{collab} as collab-edge."] * (collab > 0)
        words.append(
            "domains: " + ", ".join(told) + (" in certificates of their own" * (chosen["domains"] == "separate"))
        )
    days = "" if chosen["authority"] == "acme" else " days"
    words.append(f"{chosen['authority']} CA, {chosen['term']}{days}")
    return "; ".join(words) + ("; client certificates apart" if chosen["stores"] == "two" else "")
