"""The clinic in a terminal: the symptom, the tools that an administrator has, a hint when asked, then the cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from pkikit import console

if TYPE_CHECKING:
    from rich.console import Console

    from simulator.clinic import Played

_HELP = "zones, log, hint, a rule id as your answer (pkikit rules lists them), or give up"


def show_case(out: Console, played: Played, *, ask: bool) -> None:
    """Tell the case; with `ask`, let the person find the cause first."""
    out.print(f"{played.case.title}\n{played.case.symptom}\n", markup=False)
    if ask:
        _asked(out, played)
    else:
        _show_legs(out, played)
        _show_log(out, played)
    out.print(f"\ncause: {played.case.cause}", markup=False)
    leg = next((leg for leg in played.broken.down if played.case.cause in leg.causes), None)
    if leg is not None:
        console.show_findings(out, [f for f in leg.findings if f.rule == played.case.cause][:1])
    out.print(f"mended: {played.case.mend}", markup=False)
    up = len(played.mended.legs) - len(played.mended.down)
    out.print(f"afterwards {up} of {len(played.mended.legs)} legs are up")


def _asked(out: Console, played: Played) -> None:
    hints = iter(played.case.hints)
    out.print(_HELP, markup=False)
    while True:
        said = typer.prompt("clinic").strip().lower()
        match said:
            case "zones":
                _show_legs(out, played)
            case "log":
                _show_log(out, played)
            case "hint":
                out.print(next(hints, "There are no more hints."), markup=False)
            case "give up" | "quit" | "q":
                return
            case played.case.cause:
                out.print("Right.")
                return
            case _:
                out.print(f"No. {_HELP}", markup=False)


def _show_legs(out: Console, played: Played) -> None:
    """Up or down, as the product's pages show it: not yet why."""
    rows = [(leg.leg.id, "✔ active" if leg.outcome.value == "accepted" else "✘ failed") for leg in played.broken.legs]
    console.table(out, ("connection", "status"), rows)


def _show_log(out: Console, played: Played) -> None:
    for event in played.log[:20]:
        out.print(str(event), markup=False)
    if len(played.log) > 20:
        out.print(f"… and {len(played.log) - 20} more")
