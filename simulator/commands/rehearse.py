"""`expressway-sim rehearse`: a plan on real handshakes, step by step, and what breaks if somebody deviates from it."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pkikit.commands.terminal import console
from pkikit.commands.terminal.arguments import JsonFlag, VerboseFlag
from pkikit.errors import InputError
from pkikit.text import counted

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Console

    from pkikit.planning.plan import Plan
    from simulator.rehearsal.rehearsal_memory import Interrupted, Memory
    from simulator.rehearsal.results import Rehearsal, RehearsedState
    from simulator.rehearsal.sabotage import Sabotage

_PAIR = re.compile(r"([0-9]{1,6}),([0-9]{1,6})")


def rehearse(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="Plan file (JSON) that pkikit plan --out wrote.")],
    swap: Annotated[
        str | None, typer.Option(metavar="I,J", help="Exchange steps I and J. You see which connections break.")
    ] = None,
    kill_after: Annotated[
        int | None,
        typer.Option(
            "--kill-after",
            metavar="N",
            help="Stop after step N: the machine of this step loses power and starts again. What was loaded is then in use.",
        ),
    ] = None,
    roll_back: Annotated[
        int | None,
        typer.Option(
            "--roll-back", metavar="N", help="After step N, undo steps N to 1. You see what breaks on the way."
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--continue", help="Continue an interrupted rehearsal of this plan where it stopped.")
    ] = False,
    out: Annotated[Path | None, typer.Option(metavar="FILE.json", help="Save the result there.")] = None,
    net: Annotated[
        int | None, typer.Option(help="Second octet of the lab's addresses, 127.NET.x.y; by default a free one.")
    ] = None,
    verbose: VerboseFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Rehearse a plan on real handshakes, step by step.

    A lab does each step and dials every connection with real TLS. You see the plan's prediction next to the handshakes.
    Meanwhile, zones and tunnels keep their connections up. While a machine restarts, the lab dials as well.
    The exit code is 0 if no connection is refused, none of a zone goes down unannounced, and every handshake is as predicted.
    Otherwise it is 1.

    Example: expressway-sim rehearse plan.json --swap 3,7
    """
    from pkikit.files import free_path, write_public

    if out is not None:
        free_path(out)
    read, dates = _read(plan)
    sabotage = _sabotage(swap, kill_after, roll_back)
    if sabotage is not None:
        sabotage.check(read)
    memory, left = _memory(plan, sabotage, resume=resume)
    result = _run(read, dates, memory, left, net=net, quiet=as_json)
    if out is not None:
        write_public(out, json.dumps(result.to_json(), indent=2, ensure_ascii=False).encode())

    def show(device: Console) -> None:
        from simulator.commands.rehearse_text import show_rehearsal

        show_rehearsal(device, result, verbose=verbose)
        if out is not None:
            device.print()
            console.saved(device, [("Result", out)])

    console.answer(result.to_json(), as_json=as_json, accepted=result.accepted, show=show)


def _read(path: Path) -> tuple[Plan, tuple[datetime, ...]]:
    """Return a plan that a lab can play, and when each of its steps is complete; no dates if the file has none."""
    from pkikit.planning.lookalike_change import LOOKALIKE, playable_change
    from pkikit.planning.plan_file import bring_plan

    brought = bring_plan(path)
    plan = brought.plan
    change = playable_change(plan.change)
    if change is not plan.change:
        plan = replace(plan, change=change, notes=(*plan.notes, LOOKALIKE))
    ends = {step.key: step.ends for step in brought.schedule}
    return plan, tuple(ends[key] for key in plan.order) if ends.keys() >= set(plan.order) else ()


def _sabotage(swap: str | None, kill_after: int | None, roll_back: int | None) -> Sabotage | None:
    """Return what the options ask to do otherwise; None if they ask for nothing."""
    from simulator.rehearsal.sabotage import Kind, Sabotage

    options = {"--swap": swap, "--kill-after": kill_after, "--roll-back": roll_back}
    given = [name for name, value in options.items() if value is not None]
    if len(given) > 1:
        raise InputError(f"{given[0]} and {given[1]} exclude each other; give one of them")
    if swap is not None:
        pair = _PAIR.fullmatch(swap.replace(" ", ""))
        if pair is None:
            raise InputError(f"--swap {swap[:20]!r}: write the numbers of two steps, as 3,7")
        return Sabotage(kind=Kind.SWAP, step=int(pair[1]), other=int(pair[2]))
    if kill_after is not None:
        return Sabotage(kind=Kind.KILL, step=kill_after)
    return Sabotage(kind=Kind.ROLL_BACK, step=roll_back) if roll_back is not None else None


def _memory(plan: Path, sabotage: Sabotage | None, *, resume: bool) -> tuple[Memory, Interrupted]:
    """Return the file of the rehearsal, and what it begins with: what an interrupted one left, or nothing."""
    from simulator.rehearsal.rehearsal_memory import Interrupted, Memory, identity_of

    identity = identity_of(plan)
    memory = Memory(plan, identity)
    new = Interrupted(plan=identity, sabotage=sabotage)
    if not resume:
        return memory, new
    left = memory.load()
    if left is None:
        _tell("There is no interrupted rehearsal of this plan. It begins with the first step.")
        return memory, new
    if sabotage is not None and left.sabotage != sabotage:
        was = str(left.sabotage) if left.sabotage is not None else "as planned"
        raise InputError(
            f"the interrupted rehearsal is another one ({was}); leave the other options out to continue it",
            where=str(memory.path),
        )
    at = f"at “{left.under_way}”" if left.under_way else "between two steps"
    _tell(
        f"The rehearsal was interrupted {at}. {counted(len(left.states), 'state')} of it are kept, and it continues there."
    )
    return memory, left


def _tell(text: str) -> None:
    with console.steps(quiet=False) as say:
        say(text)


def _run(
    plan: Plan, dates: tuple[datetime, ...], memory: Memory, left: Interrupted, *, net: int | None, quiet: bool
) -> Rehearsal:
    from simulator.commands.rehearse_progress import following
    from simulator.rehearsal.rehearsal_words import words_for
    from simulator.rehearsal.rehearse import SETTINGS, Listener, rehearse
    from simulator.rehearsal.route import Stop

    states, words = list(left.states), words_for(plan)
    keeps = _Keeper(memory, left.sabotage)
    with following(plan, left.sabotage, quiet=quiet) as shown:

        def enters(stop: Stop) -> None:
            keeps.save(tuple(states), words(stop))
            shown.enters(stop)

        def found(state: RehearsedState) -> None:
            states.append(state)
            keeps.save(tuple(states))
            shown.found(state)

        done = rehearse(
            plan,
            left.sabotage,
            dates=dates,
            identity=left.plan,
            earlier=left.states,
            settings=replace(SETTINGS, net=net),
            listener=Listener(begins=shown.begins, enters=enters, found=found),
        )
        try:
            result = asyncio.run(done)
        except KeyboardInterrupt:
            _tell("The states until now are kept. To continue, run it again with --continue.")
            raise
    memory.forget()
    return result


class _Keeper:
    """Writes the state file; where the folder takes none, it says so once, and the rehearsal goes on."""

    def __init__(self, memory: Memory, sabotage: Sabotage | None) -> None:
        self._memory, self._sabotage, self._works = memory, sabotage, True

    def save(self, states: tuple[RehearsedState, ...], under_way: str = "") -> None:
        """Write what was dialled until now."""
        if not self._works:
            return
        try:
            self._memory.save(states, self._sabotage, under_way)
        except InputError as error:
            self._works = False
            _tell(f"{error}. If this rehearsal is interrupted, it cannot continue.")
