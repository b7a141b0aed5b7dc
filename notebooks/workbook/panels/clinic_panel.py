"""The clinic's console: symptom, tools, hints, answer and remedies of one case after another, by mouse or keyboard."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from html import escape
from typing import Any, get_args

from pkikit.errors import InputError
from simulator.clinic.case import Tool, cases
from simulator.world.remedies import TOLD, Action, targets
from workbook.course.clinic_session import ClinicSession, close_case, open_case
from workbook.html import PanelOutput, table
from workbook.panels.base import Panel, choice, text

RANDOM = "two at once"


def clinic_console(first: str = "") -> Panel:
    """Choose a case and open it. What happens in the lab is real; so is what you do about it."""
    console = _Console(first)
    return Panel("Clinic", console.inputs, console.show, buttons=console.buttons)


class _Console:
    """The inputs and buttons of the clinic, and the replies to what the player did in the open case."""

    def __init__(self, first: str) -> None:
        listed = [(f"{c.title} ({c.id})", c.id) for c in cases().values()]
        self._remedy = choice("Remedy", [(f"{a.value}: {TOLD[a]}"[:90], a.value) for a in Action], Action.RENEW.value)
        self._target = choice("To", targets(Action.RENEW, cases()[listed[0][1]].base()))
        self._remedy.observe(self._offer_targets, names="value")
        self._replies: list[str] = []
        self._turns = itertools.count(1)  # another pair each time
        self.inputs = {
            "case": choice("Case", [*listed, (RANDOM, RANDOM)], first or listed[0][1]),
            "look": choice("Look at", get_args(Tool)),
            "at": text("Of (party, leg or name)"),
            "answer": text("Cause (rule id)"),
            "remedy": self._remedy,
            "target": self._target,
            "words": text("With"),
        }
        self.buttons: dict[str, Callable[..., str | None]] = {
            "Open": self._open,
            "Hint": lambda **_: self._reply(f"hint: {_open_session().hint()}"),
            "Answer": lambda answer, **_: self._reply(f"{answer}: {_open_session().answer(answer)}"),
            "Do the remedy": lambda remedy, target, words, **_: self._reply(
                f"{remedy} {target} {words}: {_open_session().remedy(remedy, f'{target} {words}')}"
            ),
            "Give up": lambda **_: self._reply(_open_session().give_up()),
            "Close": self._close,
        }

    def show(self, look: str, at: str, **_: Any) -> PanelOutput:
        """Return the state of the open case, with what the chosen tool shows."""
        current = ClinicSession.current
        if current is None:
            return PanelOutput(html="<p>Choose a case and press <b>Open</b>.</p>", text="Choose a case and press Open.")
        return _render(current, look, at, self._replies)

    def _offer_targets(self, _: object = None) -> None:
        if ClinicSession.current is not None:
            self._target.options = targets(Action(self._remedy.value), ClinicSession.current.live.lab.deployment)

    def _open(self, case: str, **_: Any) -> str:
        self._replies.clear()
        open_case(next(self._turns) if case == RANDOM else case)
        self._offer_targets()
        return "The lab runs, and something is wrong in it."

    def _reply(self, line: str) -> str:
        self._replies.append(line)
        return line

    def _close(self, **_: Any) -> str:
        close_case()
        self._replies.clear()
        return "Closed."


def _open_session() -> ClinicSession:
    if ClinicSession.current is None:
        raise InputError("no case is open; choose one and press Open")
    return ClinicSession.current


def _render(session: ClinicSession, look: str, at: str, said: list[str]) -> PanelOutput:
    """Show the symptom, the output of the tool, and the replies so far."""
    try:
        seen = _look(session, look, at)
    except InputError as error:
        seen = [(str(error), "")]
    symptom = f"{session.case.title}: {session.case.symptom}"
    tools = f"Tools of this case: {', '.join(session.case.tools)}."
    points = f"{session.score.points} points, {session.score.hints} hints, {session.score.misses} wrong answers."
    html = f"<p><b>{escape(session.case.title)}</b><br>{escape(session.case.symptom)}</p><p>{escape(tools)}</p>"
    html += table((look, ""), seen, most=60) + session.picture().svg
    html += "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in said) + f"</ul><p>{escape(points)}</p>"
    words = [symptom, tools, *(f"  {a}  {b}".rstrip() for a, b in seen), *said, points]
    return PanelOutput(html=html, text="\n".join(words))


def _look(session: ClinicSession, look: str, at: str) -> list[tuple[str, ...]]:
    first_peer = session.live.lab.deployment.peers[0]
    match look:
        case "zones":
            session.require_tool("zones")
            return [(leg.leg.id, "✔ up" if leg.up else "✘ down") for leg in session.report.legs]
        case "log":
            return [(line, "") for line in session.log()] or [("nothing is logged", "")]
        case "certificate":
            return [(str(k), str(v)) for k, v in session.certificate(at or first_peer)[""].items()]
        case "trust":
            return [(name, "") for name in session.trust(at or first_peer)] or [("nobody", "")]
        case "trace":
            down = session.report.down or session.report.legs
            frame = session.trace(at or down[0].leg.id)
            return [(str(side), str(row)) for side, row in zip(frame.index, frame["what it did"], strict=True)]
        case "dns":
            return [(name, "") for name in session.dns(at or first_peer)] or [("the name leads nowhere", "")]
        case "file":
            return [(line, "") for line in session.file()]
        case _:
            return [(line, "") for line in session.preflight()]
