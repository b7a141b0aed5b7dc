"""`expressway-sim clinic`: the list of tickets, one ticket to play, its solution, and the scores."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pkikit.commands.terminal import console
from pkikit.errors import InputError
from pkikit.text import counted
from simulator.clinic.score import kept_scores
from simulator.folders import state_folder

if TYPE_CHECKING:
    from rich.console import Console

    from simulator.clinic.case import Case

_LEVELS = {1: "easy", 2: "normal", 3: "hard"}


def clinic(
    case: Annotated[
        str | None,
        typer.Argument(
            metavar="[CASE|FILE]",
            help="A ticket such as INC-0240 or CHG-0104, or a case that pkikit anonymise made; without one, the list.",
        ),
    ] = None,
    show_list: Annotated[bool, typer.Option("--list", help="List the tickets.")] = False,
    trainer: Annotated[bool, typer.Option("--trainer", help="With --list: case ids, topics and causes.")] = False,
    solve: Annotated[bool, typer.Option("--solve", help="Show the solution immediately.")] = False,
    two: Annotated[bool, typer.Option("--random", help="Two random faults at once.")] = False,
    seed: Annotated[
        int | None, typer.Option(help="Assign tickets by this number; with --random, draw this pair.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="With --seed: how many tickets.")] = 5,
    scores: Annotated[bool, typer.Option("--scores", help="Show your scores.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Troubleshoot a broken lab. Find out what is wrong, fix it, see it come up.

    Example: expressway-sim clinic INC-0240
    """
    if scores:
        _show_scores(as_json=as_json)
    elif case is not None or two:
        if two and case is not None:
            raise InputError("give a case or --random, not both")
        if case is not None and not is_case_file(case) and _is_change(case):
            _play_change(case, solve=solve, as_json=as_json)
            return
        if show_list and case is not None and is_case_file(case):
            _show_cases([_chosen(case, seed)], f"clinic {case}", trainer=trainer, as_json=as_json)
            return
        _play(_chosen(case, seed), solve=solve, as_json=as_json)
    else:
        _show_list(seed if not show_list else None, count, trainer=trainer, as_json=as_json)


def is_case_file(said: str) -> bool:
    """Return True if a word names a file or folder, and not a ticket."""
    return "/" in said or said.lower().endswith((".zip", ".yaml")) or Path(said).exists()


def _is_change(case: str) -> bool:
    from simulator.clinic.changes.change_ticket import is_change

    return is_change(case)


def _play_change(which: str, *, solve: bool, as_json: bool) -> None:
    """Order the steps of a change. Exit code 1 if no order without refusals was played."""
    from simulator.clinic.changes.change_desk import ChangeDesk
    from simulator.clinic.changes.change_ticket import change_ticket_of
    from simulator.clock import Clock
    from simulator.commands.change_console import ChangeConsole
    from simulator.commands.clinic_console import typed_lines

    ticket = change_ticket_of(which)
    with console.steps(quiet=as_json or not sys.stdin.isatty()) as step:
        step("planning the change")
        desk = ChangeDesk(ticket, Clock().now().replace(microsecond=0))
    if solve or as_json:
        document = desk.to_json()

        def show(out: Console) -> None:
            for line in (*desk.lines(), "", *desk.debrief()[4:]):
                console.say(out, line.strip(), indent=len(line) - len(line.lstrip()))

        console.answer(document, as_json=as_json, accepted=document["accepted"], show=show)
        return
    out = console.device()
    if not ChangeConsole(out, desk).play(typed_lines(out)):
        raise typer.Exit(1)


def _chosen(case: str | None, seed: int | None) -> Case:
    from simulator.clinic.case import case_of, random_case

    if case is not None and is_case_file(case):
        from simulator.clinic.case_file import case_from

        return case_from(Path(case))
    return case_of(case) if case is not None else random_case(seed if seed is not None else secrets.randbelow(10_000))


def _show_list(seed: int | None, count: int, *, trainer: bool, as_json: bool) -> None:
    from simulator.clinic.assign import assign
    from simulator.clinic.case import cases

    known = assign(seed, count) if seed is not None else tuple(cases().values())
    ordered = sorted(
        known, key=lambda c: (str(c.topic) if trainer and seed is None else "", c.difficulty, c.minutes, c.ticket)
    )
    told = f", assigned by seed {seed}" if seed is not None else ""
    _show_cases(ordered, f"clinic {ordered[0].ticket}", told, trainer=trainer, as_json=as_json)


def _show_cases(ordered: Sequence[Case], opens: str, told: str = "", *, trainer: bool, as_json: bool) -> None:
    columns = ("ticket", "symptom", "level", "minutes", *(("topic", "case", "cause") if trainer else ()))
    rows = [
        (
            c.ticket,
            c.title,
            _LEVELS[c.difficulty],
            str(c.minutes),
            *((str(c.topic), c.id, ", ".join(c.causes)) * trainer),
        )
        for c in ordered
    ]

    def show(out: Console) -> None:
        console.headline(out, f"{counted(len(rows), 'ticket')}{told}.")
        console.table(out, columns, rows)
        if not told and len(ordered) > 1:
            _list_changes(out)
        console.next_steps(out, [f"Open a ticket:\nexpressway-sim {opens}"])

    keys = ("id", "ticket", "title", "symptom", "difficulty", "minutes", *(("topic", "causes") if trainer else ()))
    listed = [{key: getattr(c, key) for key in keys} for c in ordered]
    if not trainer:  # an id such as leaf-expired is the answer
        listed = [{**entry, "id": c.ticket or c.id} for entry, c in zip(listed, ordered, strict=True)]
    console.answer(listed, as_json=as_json, show=show)


def _list_changes(out: Console) -> None:
    """Print the tickets that are changes: nothing is broken yet."""
    from simulator.clinic.changes.change_ticket import change_tickets

    rows = [(t.ticket, t.title, _LEVELS[t.difficulty], str(t.minutes)) for t in change_tickets().values()]
    console.table(out, ("change", "what is wanted", "level", "minutes"), rows, title="Changes to plan:")


def _play(case: Case, *, solve: bool, as_json: bool) -> None:
    """Play the case with the person or the script on standard input; or show its solution."""
    if not (solve or as_json):
        _play_live(case)
        return
    from simulator.clinic.live_case import play
    from simulator.commands.clinic_solution import show_solution

    with console.steps(quiet=as_json) as step:
        played = asyncio.run(play(case, step=step))
    console.answer(
        played.to_json(), as_json=as_json, accepted=played.right, show=lambda out: show_solution(out, played)
    )


def _play_live(case: Case) -> None:
    """The lab runs in its own thread while the person is asked. Exit code 1 if the ticket is not solved."""
    from simulator.commands.clinic_console import TicketConsole, typed_lines
    from simulator.settings import LabSettings
    from simulator.threaded import ThreadedCase

    folder = state_folder() / "clinic"
    folder.mkdir(parents=True, exist_ok=True)
    name = case.ticket or case.id
    settings = replace(LabSettings(rsa=False), capture=folder / f"{name}.pcapng", keylog=folder / f"{name}.keylog")
    quiet = not sys.stdin.isatty()
    with console.steps(quiet=quiet) as step, ThreadedCase(case, settings, step=step) as threaded:
        out = console.device()
        solved = TicketConsole(out, threaded).play(typed_lines(out))
    if not solved:
        raise typer.Exit(1)


def _show_scores(*, as_json: bool) -> None:
    played = kept_scores()
    columns = ("ticket", "points", "hints", "wrong causes", "time")
    rows = [(s.ticket or s.case, str(s.points), str(s.hints), str(s.misses), f"{s.seconds} s") for s in played]
    console.answer(
        [asdict(score) for score in played],
        as_json=as_json,
        show=lambda out: (
            console.table(out, columns, rows) if rows else console.say(out, "No ticket was played on this machine yet.")
        ),
    )
