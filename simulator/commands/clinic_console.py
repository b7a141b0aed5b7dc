"""The clinic in a terminal: the symptom, a running lab to work on, a hint on request, then the cause and a score."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

import typer

from pkikit.commands import console
from pkikit.errors import PkikitError
from pkikit.rules.catalogue import all_rules
from pkikit.values.names import printable
from simulator.clinic.score import Score
from simulator.world.remedies import TOLD

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal
    from rich.console import Console

    from pkikit.model.findings import Finding
    from simulator.clinic.live_case import LiveCase, PlayResult
    from simulator.events import Event
    from simulator.world.report import CheckReport

_COMMANDS = ("zones", "log", "pages", "hint", "do", "check", "mend", "give up", "help")
_HELP = (
    "zones · log · pages · hint · do REMEDY TARGET (do alone lists them) · check (after your own mending on the pages) · "
    "mend (let it be mended) · give up; "
    "your answer is a rule id (pkikit rules lists them)"
)


def show_case(out: Console, played: PlayResult) -> None:
    """Print a case and its solution at once."""
    _show_symptom(out, played.case.title, played.case.symptom)
    _show_legs(out, played.broken)
    _show_log(out, played.log)
    _show_solution(out, played.case.causes, (played.refused, played.broken))
    out.print(f"fixed: {played.case.fix}", markup=False)
    _show_count(out, played.mended)


def play_live(out: Console, live: LiveCase, portal: BlockingPortal, ask: Callable[[], str] | None = None) -> Score:
    """Let a person find the cause and fix it in the running lab. `ask` returns what the person types."""
    score, hints = Score(case=live.case.id), iter(live.case.hints)
    wanted, known = set(live.case.causes), {rule.id for rule in all_rules()}
    _show_symptom(out, live.case.title, live.case.symptom)
    out.print(_HELP, markup=False)
    mended = False
    while not (mended and score.found == wanted):
        said = ask() if ask is not None else typer.prompt("clinic").strip().lower()
        match said:
            case "zones":
                _show_legs(out, portal.call(live.look))
            case "log":
                _show_log(out, tuple(live.lab.events)[-40:])
            case "pages":
                _show_pages(out, live)
            case "hint":
                score.hints += 1
                out.print(next(hints, "There are no more hints."), markup=False)
            case "check":
                mended = score.mended_by_hand = _check_legs(out, portal.call(live.look))
            case "mend":
                mended = _check_legs(out, portal.call(live.fix))
                out.print(live.case.fix, markup=False)
            case _ if said.split(maxsplit=1)[:1] == ["do"]:
                mended = score.mended_by_hand = _do_work(out, live, portal, said)
            case "give up" | "quit" | "q":
                score.gave_up = True
                break
            case _ if said in wanted:
                score.found.add(said)
                left = len(wanted) - len(score.found)
                out.print("Right." if not left else f"Right, and there is {left} more.", markup=False)
            case _ if said in known:
                score.misses += 1
                out.print("No, that is not the cause.", markup=False)
            case _:
                out.print(_hint_at(said, known), markup=False)
    _show_solution(out, live.case.causes, (live.refused, live.broken))
    out.print(f"{score.points} points, {score.seconds} s", markup=False)
    return score


def _hint_at(said: str, known: Collection[str]) -> str:
    """Return the reply to a word that is neither a command nor a rule; it is not an answer, so it costs nothing."""
    if said in {"", "help", "?", "h"}:
        return _HELP
    near = difflib.get_close_matches(said, [*_COMMANDS, *known], n=1)
    meant = f" Did you mean {near[0]}?" if near else ""
    return f"{printable(said, 40)!r} is neither a command nor a rule id.{meant} Type help for what there is."


def _do_work(out: Console, live: LiveCase, portal: BlockingPortal, said: str) -> bool:
    """`do renew-certificate e1.example.com`: real work, then every leg is dialled. True when all is well."""
    _, *words = said.split()
    if not words:
        console.table(out, ("remedy", "what is done"), list(TOLD.items()))
        return False
    try:
        report = portal.call(live.remedy, live.read(" ".join(words)))
    except PkikitError as error:
        out.print(str(error), markup=False)
        return False
    for refused in live.refused:
        out.print(refused.message, markup=False)
    return _check_legs(out, report) and live.settled(report)


def _check_legs(out: Console, report: CheckReport) -> bool:
    _show_count(out, report)
    if not report.accepted:
        _show_legs(out, report)
    return report.accepted


def _show_symptom(out: Console, title: str, symptom: str) -> None:
    out.print(f"{title}\n{symptom}\n", markup=False)


def _show_pages(out: Console, live: LiveCase) -> None:
    lab = live.lab
    for site in lab.sites.values():
        out.print(f"{site.peer.fqdn}: https://{site.address[0]}:{site.address[1]}/", markup=False)
    out.print(f"log in as admin, password {lab.passwords['admin']}", markup=False)


def _show_solution(out: Console, causes: tuple[str, ...], seen: tuple[tuple[Finding, ...], CheckReport]) -> None:
    refused, broken = seen
    findings = [*refused, *(f for leg in broken.down for f in leg.findings)]
    for cause in causes:
        out.print(f"\ncause: {cause}", markup=False)
        console.show_findings(out, [f for f in findings if f.rule == cause][:1])


def _show_count(out: Console, report: CheckReport) -> None:
    out.print(report.count)


def _show_legs(out: Console, report: CheckReport) -> None:
    """Print which legs are up or down, as the product's pages show it, without the reasons."""
    rows = [(leg.leg.id, "✔ active" if leg.up else "✘ failed") for leg in report.legs]
    console.table(out, ("connection", "status"), rows)


def _show_log(out: Console, log: tuple[Event, ...]) -> None:
    for event in log[:20]:
        out.print(str(event), markup=False)
    if len(log) > 20:
        out.print(f"… and {len(log) - 20} more")
