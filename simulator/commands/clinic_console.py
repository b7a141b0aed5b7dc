"""A ticket of the clinic in a terminal, or played by a script through standard input."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from pkikit.commands.terminal import console
from pkikit.errors import PkikitError
from pkikit.text import counted, printable
from simulator.clinic.desk import Desk
from simulator.clinic.looks import TOOLS

if TYPE_CHECKING:
    from rich.console import Console

    from pkikit.rules.plain_causes import PlainCause
    from simulator.clinic.looks import Seen
    from simulator.threaded import ThreadedCase

PROMPT = "clinic> "
COMMANDS: Mapping[str, str] = {
    "ticket": "show the ticket again, with its clock",
    "look": "list the tools; look TOOL [PLACE], as in: look log e1, or just: log e1",
    "cause": "list the causes; cause WORDS searches, cause NUMBER picks",
    "fix": "list the fixes; fix ACTION TARGET …, as in: fix renew e1",
    "check": "dial every connection again, after work on the web pages",
    "hint": "get a hint (10 points each)",
    "debrief": "after solving: what you did, and what an expert does",
    "give up": "end without points, and read the debrief",
    "quit": "leave the ticket open",
    "help": "show these commands",
}
_SAME = {
    "?": "help",
    "h": "help",
    "exit": "quit",
    "q": "quit",
    "do": "fix",
    "looks": "look",
    "hints": "hint",
    "causes": "cause",
}
_USAGE = (
    "fix ACTION without a target lists its targets. After order and the machine you can write +NAME, -NAME, planned-names, "
    "server+client, "
    "server-only, client-only, same-ca, lab-ca, public-ca, rsa-2048, rsa-4096 or ecdsa: fix order e1 +x.example.com"
)


def typed_lines(out: Console) -> Iterator[str]:
    """Yield what a person types, or the lines of a script, until it ends or somebody presses Ctrl-C."""
    asked = sys.stdin.isatty()
    while True:
        try:
            line = input(PROMPT if asked else "")
        except (EOFError, KeyboardInterrupt):
            out.print()
            return
        except UnicodeDecodeError:
            line = "?"
        if not asked:
            out.print(f"\n{PROMPT}{printable(line, 300)}", markup=False)
        yield line


class TicketConsole:
    """Reads commands, asks the desk, and prints what it says. Words that it does not know cost nothing."""

    def __init__(self, out: Console, threaded: ThreadedCase) -> None:
        self._out, self._threaded = out, threaded
        self.desk = Desk(threaded.case)
        self._listed: tuple[PlainCause, ...] = ()
        self._over = False
        self._commands: Mapping[str, Callable[[str], None]] = {
            "ticket": self._ticket,
            "look": self._look,
            "cause": self._cause,
            "fix": self._fix,
            "check": self._check,
            "hint": lambda _: self._say(self.desk.hint()),
            "debrief": self._debrief,
            "give up": self._give_up,
            "quit": self._quit,
            "help": self._help,
        }

    def play(self, lines: Iterator[str]) -> bool:
        """Play until the ticket is solved, or the player ends. Return True if it is solved."""
        self._ticket("")
        self._say("\nType help for the commands.")
        for line in lines:
            self._do(" ".join(line.split()))
            if self._over:
                break
        else:
            self._say(f"The ticket stays open. {self.desk.score.told} so far.")
        return self.desk.done

    def _do(self, line: str) -> None:
        word, rest = self._split(line)
        try:
            if word in self._commands:
                self._commands[word](rest)
            elif word in self.desk.tools:
                self._look(line)
            elif line.isdecimal() and self._listed:
                self._cause(line)
            elif line:
                self._unknown(word)
        except PkikitError as error:
            self._say(str(error))
        if self.desk.done and not self._over:
            self._over = True
            self._out.print()
            self._debrief("")

    def _split(self, line: str) -> tuple[str, str]:
        if line.lower().split()[:2] == ["give", "up"]:
            return "give up", ""
        word, _, rest = line.partition(" ")
        return _SAME.get(word.lower(), word.lower()), rest.strip()

    def _unknown(self, word: str) -> None:
        near = difflib.get_close_matches(word, [*self._commands, *self.desk.tools], n=1)
        meant = f" Did you mean {near[0]}?" if near else ""
        self._say(f"Unknown command {printable(word, 40)!r}.{meant} Type help for the list. (No points lost.)")

    def _say(self, text: str) -> None:
        for paragraph in text.split("\n"):
            console.say(self._out, paragraph)

    def _help(self, _: str) -> None:
        self._say("Commands:")
        console.show_facts(self._out, COMMANDS.items())
        self._say("Machines have short names: e1 is e1.example.com.")

    def _ticket(self, _: str) -> None:
        number, *rest = self.desk.ticket.text.split("\n")
        console.headline(self._out, number)
        self._say("\n".join(rest))

    # Looking.

    def _look(self, rest: str) -> None:
        tool, _, of = rest.partition(" ")
        if not tool:
            self._say("Tools of this ticket:")
            console.show_facts(self._out, [(name, TOOLS[name]) for name in self.desk.tools])
            return
        self._show(self._threaded.run(self.desk.look, tool.lower(), of))

    def _show(self, seen: Seen) -> None:
        console.headline(self._out, seen.title)
        rows = seen.rows
        if seen.tool == "zones":
            rows = tuple(row for row in rows if "down" in row[1])
        if seen.tool == "openssl":  # a command is pasted, so it has a line of its own
            console.write(self._out, [f"  {line}" for row in rows for line in (f"port {row[0]}", f"  {row[1]}")])
        elif len(seen.columns) == 2 and seen.tool != "zones":
            console.show_facts(self._out, [(row[0], row[1]) for row in rows])
        elif len(seen.columns) == 1:
            console.write(self._out, [f"  {row[0]}" for row in rows])
        else:
            console.table(self._out, seen.columns, rows, indent=2)
        if seen.note:
            self._say(seen.note)

    # The cause.

    def _cause(self, said: str) -> None:
        if said.isdecimal() and self._listed:
            number = int(said[:6])
            if not 1 <= number <= len(self._listed):
                self._say(f"The list has the numbers 1 to {len(self._listed)}.")
                return
            said = self._listed[number - 1].rule
        elif not said:
            self._list(self.desk.search(""))
            return
        answer = self.desk.cause(said)
        if answer.state != "unlisted":
            self._say(answer.text)
            return
        found = self.desk.search(said)
        if found:
            self._list(found)
        else:
            self._say(answer.text)

    def _list(self, causes: tuple[PlainCause, ...]) -> None:
        self._listed = causes
        gate = ""
        for number, cause in enumerate(causes, 1):
            if cause.gate != gate:
                gate = cause.gate
                self._say(gate)
            console.say(self._out, cause.sentence, first=f"  {number:>2}  ")
        self._say("Name one with: cause NUMBER")

    # Fixes.

    def _fix(self, line: str) -> None:
        if not line:
            self._say("Fixes; each is done for real:")
            console.show_facts(self._out, [(a.value, _first_sentence(told)) for a, told, _ in self.desk.actions()])
            self._say(_USAGE)
            return
        self._say(self._threaded.run(self.desk.fix, line).text)

    def _check(self, _: str) -> None:
        self._threaded.run(self.desk.check)
        if not self.desk.report.down:
            self._say(self.desk.state)
            return
        self._show(replace(self._threaded.run(self.desk.look, "zones", ""), title=self.desk.state))

    # The end.

    def _debrief(self, _: str) -> None:
        if not (self.desk.done or self.desk.score.gave_up):
            self._say("The debrief tells the cause. Solve the ticket first, or type: give up")
            return
        for line in str(self.desk.debrief()).split("\n"):
            indent = len(line) - len(line.lstrip())
            console.say(self._out, line.strip(), indent=indent)

    def _give_up(self, _: str) -> None:
        self.desk.give_up()
        self._debrief("")
        self._over = True

    def _quit(self, _: str) -> None:
        looks = counted(len(self.desk.looked), "look")
        self._say(f"The ticket stays open after {looks}. {self.desk.score.told} so far.")
        self._over = True


def _first_sentence(text: str) -> str:
    return text.partition(". ")[0].rstrip(".")
