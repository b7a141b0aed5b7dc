"""`fleet make`: deployments with certificates in folders, some of them broken, and the truth about them."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pkikit.commands.terminal import console
from pkikit.commands.terminal.arguments import AtOption, JsonFlag, now
from pkikit.commands.terminal.layout import unbroken
from pkikit.text import counted, printable

if TYPE_CHECKING:
    from rich.console import Console

    from pkikit.fleet.made.truth import Truth


def make(
    number: Annotated[int, typer.Argument(metavar="N", help="How many deployments (1 to 20000).", show_default=False)],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Write the fleet into this new folder.")],
    seed: Annotated[str, typer.Option(metavar="S", help="The same seed and time give the same files.")] = "1",
    broken: Annotated[int, typer.Option(metavar="K", help="How many of them break, now or within 30 days.")] = 0,
    damaged: Annotated[
        int, typer.Option(metavar="M", help="Add this many damaged folders: garbage, half an archive, a link loop, …")
    ] = 0,
    at: AtOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Make a fleet for practice and tests: deployments of many shapes with real certificates.

    FOLDER/truth.json and truth.csv say for each deployment which fault it has, which connections break, when, and why. The
    fleet is made for the beginning of this day (UTC), or for --at; audit it with the same --at to get the same dates.
    A few RSA key pairs, which everybody has, serve all machines. No private key is written.

    Example: pkikit fleet make 500 --seed 7 --broken 37 --out fleet
    """
    from pkikit.fleet.made.made_fleet import make_fleet
    from pkikit.values.instants import parse_instant

    instant = parse_instant(at, now(), makes=True).replace(microsecond=0)
    if at is None:
        instant = instant.replace(hour=0, minute=0, second=0)
    with console.progress("Making deployments", total=number + damaged, quiet=as_json) as made:
        truth = make_fleet(out, count=number, broken=broken, damaged=damaged, seed=seed, at=instant, made=made)
    document = {**truth.to_json(), "folder": str(out)} if as_json else None
    console.answer(document, as_json=as_json, show=lambda shown: _show(shown, truth, out))


def _show(out: Console, truth: Truth, folder: Path) -> None:
    from pkikit.model.certificates.facts import format_time
    from pkikit.view.description import iso

    sound = [one for one in truth.folders if not one.damage]
    damaged = [one for one in truth.folders if one.damage]
    breaks = sum(one.expected == "breaks" for one in sound)
    connections = sum(one.connections for one in sound)
    console.headline(out, f"Made {counted(len(sound), 'deployment')} with {counted(connections, 'connection')}.")
    many = f"{breaks:,} of them {'breaks' if breaks == 1 else 'break'}" if breaks else "None of them breaks"
    console.say(out, f"{many}, now or within 30 days of {unbroken(format_time(truth.at))}.")
    if damaged:
        verb = "is" if len(damaged) == 1 else "are"
        console.say(out, f"{counted(len(damaged), 'damaged folder')} {verb} next to them.")
    out.print()
    console.saved(out, [("Fleet", folder), ("Truth", folder / "truth.json"), ("Table", folder / "truth.csv")])
    root = shlex.quote(printable(str(folder)))
    console.next_steps(
        out, [f"Audit it, and compare the answer with the table:\npkikit fleet audit {root} --at {iso(truth.at)}"]
    )
