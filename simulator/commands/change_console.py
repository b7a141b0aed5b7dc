"""A ticket that is a change, in a terminal: order the cards, play them, rehearse them on real handshakes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from pkikit.commands.terminal import console
from pkikit.errors import PkikitError
from pkikit.text import counted, printable

if TYPE_CHECKING:
    from rich.console import Console

    from simulator.clinic.changes.change_desk import ChangeDesk

COMMANDS: Mapping[str, str] = {
    "ticket": "show the ticket again",
    "cards": "show the cards in your order",
    "play": "play your order, or another one: play C A B …, each letter once",
    "move": "move one card: move C 1 puts C first",
    "rehearse": "do your order on real handshakes",
    "hint": "get a hint (10 points each)",
    "debrief": "after solving: the best order, and why",
    "give up": "end without points, and read the debrief",
    "quit": "leave the ticket open",
    "help": "show these commands",
}


class ChangeConsole:
    """Reads commands, asks the desk, and prints what it says."""

    def __init__(self, out: Console, desk: ChangeDesk) -> None:
        self._out, self.desk, self._over = out, desk, False
        self._commands: Mapping[str, Callable[[str], None]] = {
            "ticket": lambda _: self._say(*self.desk.lines()),
            "cards": lambda _: self._say(*self.desk.cards.labels(self.desk.order)),
            "play": self._play,
            "move": self._move,
            "rehearse": self._rehearse,
            "hint": lambda _: self._say(self.desk.hint()),
            "debrief": self._debrief,
            "give up": self._give_up,
            "quit": self._quit,
            "help": lambda _: self._say(*(f"{name:<9}  {what}" for name, what in COMMANDS.items())),
        }

    def play(self, lines: Iterable[str]) -> bool:
        """Play until the lines end or the player quits, and return True if the change is solved."""
        self._say(*self.desk.lines(), "")
        self._say(*self.desk.cards.labels(self.desk.order))
        self._say("", f"{counted(self.desk.hints_left, 'hint')}. Type play and the letters in your order, or help.")
        for line in lines:
            self._act(line)
            if self._over:
                break
        return self.desk.solved

    def _act(self, line: str) -> None:
        said = " ".join(line.split())
        name = next((n for n in self._commands if said.lower() == n or said.lower().startswith(f"{n} ")), "")
        if not name:
            if said:
                self._say(f"There is no command {printable(said, 60)!r}: help lists them.")
            return
        try:
            self._commands[name](said[len(name) :].strip())
        except PkikitError as error:
            self._say(f"✘ {error}")

    def _say(self, *lines: str) -> None:
        for line in lines:
            console.say(self._out, line.strip(), indent=len(line) - len(line.lstrip()))

    def _play(self, letters: str) -> None:
        cards = self.desk.cards
        self._say(*self.desk.play(cards.order_of(letters) if letters else self.desk.order))
        if self.desk.solved:
            self._say("", "Solved. debrief shows why; rehearse does it on real handshakes.")

    def _move(self, words: str) -> None:
        letter, _, place = words.partition(" ")
        cards = self.desk.cards
        key = next((key for key, known in cards.letters.items() if known == letter.upper()), None)
        if key is None or not (place.isascii() and place.isdigit()):
            self._say("Write a letter and a place, as in: move C 1")
            return
        self.desk.order = cards.moved(self.desk.order, key, int(place[:4]) - 1)
        self._say(*cards.labels(self.desk.order))

    def _rehearse(self, _: str) -> None:
        from simulator.rehearsal.blocking import rehearse

        cards, order = self.desk.cards, self.desk.order
        if objections := cards.objections(order):
            self._say("✘ This order is not possible.", *objections)
            return
        plan = replace(cards.planned.plan, order=tuple(order), predictions=cards.planned.play(order).predictions)
        with console.steps(quiet=not self._out.is_terminal) as step:
            step("dialling every connection in every state")
            found = rehearse(plan)
        right = (
            "every prediction was right" if not found.differences else f"{len(found.differences)} were not as predicted"
        )
        refused = counted(len(found.refused), "connection") if found.refused else "no connection"
        self._say(
            f"{'✘' if found.refused else '✔'} {counted(found.handshakes, 'handshake')}: {refused} refused, and {right}."
        )
        names = cards.planned.names
        for broken in found.breaks[:6]:
            at = f"step {broken.state.number}" if broken.state.number else "the beginning"
            connection = names.connection(broken.connection.id)
            self._say(f"  From {at} on: {connection}: {names.machines_in_text(broken.connection.says)}")

    def _debrief(self, _: str) -> None:
        over = self.desk.over
        self._say(*(self.desk.debrief() if over else ("First find an order that refuses nothing, or type give up.",)))

    def _give_up(self, _: str) -> None:
        self.desk.give_up()
        self._say(*self.desk.debrief())
        self._over = True

    def _quit(self, _: str) -> None:
        self._over = True
