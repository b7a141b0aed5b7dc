"""`expressway-sim do` and `expressway-sim status`: a step of a plan in a running lab, and what is up in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pkikit.commands.terminal import console
from pkikit.commands.terminal.arguments import JsonFlag, VerboseFlag
from pkikit.errors import InputError
from pkikit.text import counted, listed, printable
from simulator.errors import LabError

if TYPE_CHECKING:
    from rich.console import Console

    from pkikit.model.certificates.credential import Credential
    from pkikit.model.world import Party
    from pkikit.planning.change import Change
    from pkikit.planning.steps import Step

StateOption = Annotated[
    Path, typer.Option("--state", metavar="DIR", help="The folder of the running lab: expressway-sim up … --state DIR.")
]


def do(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="Plan file (JSON) that pkikit plan --out wrote.")],
    number: Annotated[int, typer.Argument(metavar="N", help="Number of the step, from 1.")],
    state: StateOption,
    undo: Annotated[bool, typer.Option("--undo", help="Undo the step instead.")] = False,
    verbose: VerboseFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Do a step of a plan in a running lab, on any machine. You see what happened and which connections went down.

    The lab does the step the way its owner does it. On an Expressway a certificate is loaded and waits for the restart.
    The exit code is 0 if the step is done, 2 if the plan has no such step, and 3 if no lab runs or the lab refuses the step.

    Example: expressway-sim do plan.json 3 --state lab-state
    """
    from pkikit.planning.plan_file import read_change
    from simulator.commands.lab_client import LabClient
    from simulator.peer.api.step_order import order_of

    change, order = read_change(plan)
    if not 1 <= number <= len(order):
        raise InputError(f"there is no step {number}; this plan has {counted(len(order), 'step')}", where=str(plan))
    step = change.by_key[order[number - 1]]
    body = order_of(
        step,
        waits=step.key in change.restart_of,
        undo=undo,
        was=_earlier(change, order[: number - 1], step) if undo else None,
        new=_new_machines(change, step),
    )
    restarts = step.restarts
    lab = LabClient(state)
    _require_lab_of(change, lab.ask("GET", "/held")["deployment"], state)
    answer = lab.ask("POST", "/steps", body, avoid=step.machine if restarts else "")
    document = {"step": {"n": number, "key": step.key, "undone": undo}, **answer}

    def show(out: Console) -> None:
        word = "Undid step" if undo else "Step"
        console.headline(out, f"{word} {number} of {len(order)}: {answer['says']}")
        if answer["warnings"]:
            console.section(out, "The product warns:")
            console.write(out, [f"  {w.get('message', '')}" for w in answer["warnings"]])
        _show_held(out, answer["held"], verbose=verbose)

    console.answer(document, as_json=as_json, show=show)


def _require_lab_of(change: Change, running: str, state: Path) -> None:
    """Return if a lab runs the deployment of a plan: the places of its settings mean something else elsewhere."""
    names = tuple(dict.fromkeys((change.today.deployment.name, change.tomorrow.deployment.name)))
    if running not in names:
        raise LabError(f"the lab of {state} runs {printable(running, 80)}, and the plan is for {listed(names, 'or')}")


def _earlier(change: Change, done: tuple[str, ...], step: Step) -> Credential | None:
    """Return the certificate that a load replaced, loaded or in use."""
    from pkikit.planning.difference.changed_machines import group_in
    from pkikit.planning.difference.party_steps import held_in

    if step.credential is None:
        return None
    with_restarts = frozenset(done) | {change.restart_of.get(key, key) for key in done}
    world, name = change.world(with_restarts), change.name_of(step.machine, with_restarts)
    party = world.parties.get(name)
    return held_in(party, step.place, group_in(world.deployment, name)) if party is not None else None


def _new_machines(change: Change, step: Step) -> dict[str, Party]:
    """Return the machines that exist only after this step, for a lab that has never seen them."""
    if not step.settings:
        return {}
    known = {n for group in change.today.deployment.groups for n in group.members} | {new for _, new in step.renames}
    return {fqdn: party for fqdn, party in change.today.parties.items() if fqdn not in known}


def status(state: StateOption, verbose: VerboseFlag = False, as_json: JsonFlag = False) -> None:
    """See what is up in a running lab, and which zones and tunnels went down since it started.

    Zones and tunnels keep their connections up. The list of losses shows each time one of them went down: since when, for how
    long, and which restart caused it.
    The exit code is 0 if all connections are up and nothing went down without a restart. Otherwise it is 1.

    Example: expressway-sim status --state lab-state
    """
    from simulator.commands.lab_client import LabClient

    held = LabClient(state).ask("GET", "/held")
    down = [c for c in held["connections"] if c["up"] is False]
    unexplained = [loss for loss in held["losses"] if not loss["restarted"]]

    def show(out: Console) -> None:
        total, up = len(held["connections"]), sum(c["up"] is True for c in held["connections"])
        console.headline(out, f"{held['deployment']} ({held['version']}), {_clock(held['at'])}")
        console.say(out, f"{up} of {counted(total, 'connection')} up.")
        for key, says in (
            ("restart_needed", "Loaded, and in use only after a restart:"),
            ("waiting", "Done, and in effect only after a restart:"),
        ):
            if held[key]:
                console.section(out, says)
                console.write(out, [f"  {name}" for name in held[key]])
        _show_held(out, held, verbose=verbose)

    console.answer(held, as_json=as_json, accepted=not down and not unexplained, show=show)


def _show_held(out: Console, held: dict[str, Any], *, verbose: bool) -> None:
    """Print which connections are down, and what went down."""
    from pkikit.view.short_names import ShortNames

    names = ShortNames.of_ids([c["id"] for c in held["connections"]])

    def short(leg: str) -> str:
        return leg if verbose else names.connection(leg)

    down = [c["id"] for c in held["connections"] if c["up"] is False]
    if down:
        console.section(out, "Down now:")
        console.write(out, [f"  ✘ {short(leg)}" for leg in down])
    if not held["losses"]:
        console.say(out, "No zone and no tunnel went down.")
        return
    console.section(out, "Connections of zones and tunnels that went down:")
    for loss in held["losses"]:
        why = f"restart of {names.machines_in_text(loss['restarted'])}" if loss["restarted"] else loss["why"]
        back = f"up again at {_clock(loss['back'])}" if loss["back"] else _not_back(loss)
        mark = " " if loss["restarted"] else "!"
        console.say(out, f"{_clock(loss['at'])}  {short(loss['connection'])}: {why}; {back}", first=f"{mark} ")


def _not_back(loss: dict[str, Any]) -> str:
    return "still down" if loss["configured"] else "no longer configured"


def _clock(instant: str) -> str:
    """Return an instant as people read it: with the date, to the second."""
    return instant.replace("T", " ").partition(".")[0].removesuffix("Z").removesuffix("+00:00")
