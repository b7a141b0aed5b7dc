"""A ticket of the clinic in code: open it, look with its tools, name the cause, fix the running lab, read the debrief."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path

import pandas as pd

from pkikit.errors import InputError, PkikitError
from pkikit.rules.plain_causes import PlainCause
from pkikit.text import counted, printable
from pkikit.view.connections.check_report import CheckReport
from pkikit.view.drawing import Picture
from simulator.clinic.assign import assign
from simulator.clinic.case import Case, case_of, cases, random_case
from simulator.clinic.case_file import case_from
from simulator.clinic.changes.change_ticket import is_change
from simulator.clinic.desk import Desk
from simulator.clinic.live_case import LiveCase
from simulator.clinic.looks import TOOLS, Seen, archives_folder
from simulator.clinic.score import Score
from simulator.settings import LabSettings
from simulator.threaded import ThreadedCase
from workbook.models.brought_files import Brought, bring
from workbook.models.ticket_picture import ticket_picture
from workbook.plainly import tell_plainly
from workbook.session import close_current
from workbook.tables.clinic_tables import Causes, DebriefShown, Looked, ticket_frame
from workbook.tables.render import legs
from workbook.tables.sentences import Sentence, facts, say

_DEBRIEF_LATER = "The debrief tells the cause. Solve the ticket first, or give up: case.give_up()"


class ClinicSession:
    """One open ticket. `desk` has everything that the ticket console in a terminal has, too."""

    current: ClinicSession | None = None

    def __init__(
        self, case: Case, *, step: Callable[[str], None] = lambda _: None, settings: LabSettings | None = None
    ) -> None:
        self.case = case
        self.threaded = ThreadedCase(case, settings or LabSettings(rsa=False), step=step)
        self.threaded.start()
        self.desk = Desk(self.live)
        self.broken, self.broken_at = self.live.lab.world, self.live.lab.clock.now()
        self._listed: tuple[PlainCause, ...] = ()

    @property
    def live(self) -> LiveCase:
        """The case with its lab."""
        return self.threaded.case

    @property
    def report(self) -> CheckReport:
        """The newest state of the connections."""
        return self.desk.report

    @property
    def score(self) -> Score:
        """The points so far."""
        return self.desk.score

    def __repr__(self) -> str:
        return "\n".join(self._told())

    def _told(self) -> list[str]:
        ticket = self.desk.ticket
        said = f"{ticket.caller}: “{ticket.symptom}”" if ticket.caller else ticket.symptom
        since = [f"Since: {ticket.since}"] if ticket.since else []
        tools = f"You can look at: {', '.join(self.desk.tools)}. {counted(self.desk.hints_left, 'hint')}."
        return [f"{ticket.number}  {ticket.title}", said, *since, tools]

    def _repr_html_(self) -> str:
        head, *rest = self._told()
        return f"<p><b>{escape(head)}</b></p>" + "".join(f"<p>{escape(line)}</p>" for line in rest)

    def close(self) -> None:
        """Stop the lab of the ticket; record the score once."""
        self.threaded.close()
        if self.score.found:
            self.desk.keep()

    # Looking.

    def look(self, tool: str = "", of: str = "") -> Looked | pd.DataFrame:
        """Look with a tool, as `case.look("log", "e1")` or `case.look("log e1")`. Without a tool: list the tools.

        Args:
            tool: a tool of this ticket.
            of: a machine, connection or name, also in its short form.

        Returns:
            What the tool shows.

        Raises:
            InputError: the tool is not available in this ticket, or the place is unknown.
        """
        name, _, place = f"{tool} {of}".strip().partition(" ")
        if not name:
            return facts({known: TOOLS[known] for known in self.desk.tools})
        return Looked(self.seen(name.lower(), place))

    def seen(self, tool: str, of: str = "", *, dials: bool = True) -> Seen:
        """Return what a tool shows, as values."""
        if tool in TOOLS and tool not in self.desk.tools:
            raise InputError(f"{tool} is not available in this ticket. You can look at: {', '.join(self.desk.tools)}")

        async def looked() -> Seen:
            return await self.desk.look(tool, of, dials=dials)

        return self.threaded.run(looked)

    def zones(self) -> Looked:
        """Dial every connection, and show which are up."""
        return Looked(self.seen("zones"))

    def down(self) -> pd.DataFrame:
        """Show only the connections that are down, and who refuses them."""
        return legs(self.report.down)[["outcome", "rejected by"]]

    def log(self, of: str = "") -> Looked:
        """Show the event log of a machine, or of all."""
        return Looked(self.seen("log", of))

    def certificate(self, of: str = "") -> Looked:
        """Show the certificate of a machine."""
        return Looked(self.seen("certificate", of))

    def trust(self, of: str = "") -> Looked:
        """Show the trusted CA list of a machine."""
        return Looked(self.seen("trust", of))

    def trace(self, of: str = "") -> Looked:
        """Show both sides of a connection, dialed now."""
        return Looked(self.seen("trace", of))

    def dns(self, of: str = "") -> Looked:
        """Show what the DNS outside says about a name."""
        return Looked(self.seen("dns", of))

    def file(self) -> Looked:
        """Show what the page answered to the uploaded file."""
        return Looked(self.seen("file"))

    def preflight(self) -> Looked:
        """Show what would block an ACME order now."""
        return Looked(self.seen("preflight"))

    def archives(self) -> Brought:
        """Collect diagnostic archives and certificate snapshots, and bring them: `case.archives().report()`."""
        self.seen("archives")
        folder = self.archives_folder
        return bring(folder, place=folder.parent / f"{folder.name}-import")

    @property
    def archives_folder(self) -> Path:
        """The folder where the tool *Archives* puts its files."""
        return archives_folder(self.case.ticket or self.case.id)

    def picture(self) -> Picture:
        """Show where each machine is and which connections are up, without reasons."""
        return ticket_picture(self.live.lab.deployment, self.live.lab.world, self.report)

    # The cause.

    def cause(self, said: object = "") -> Causes | Sentence:
        """Search the causes with words, or name one: by its number in the last list, its sentence, or its rule id.

        Only naming a wrong cause costs points. Searching is free.
        """
        if isinstance(said, int):
            if not 1 <= said <= len(self._listed):
                raise InputError(
                    f"The list has {counted(len(self._listed), 'cause')}. Search first: case.cause('name')"
                )
            return self.name(self._listed[said - 1].rule)
        text = str(said or "").strip()[:300]
        answer = self.desk.cause(text) if text else None
        if answer is not None and answer.state != "unlisted":
            return say(answer.text)
        self._listed = self.desk.search(text)
        if self._listed or answer is None:
            return Causes(self._listed)
        return say(answer.text)

    def name(self, cause: str) -> Sentence:
        """Name a cause by its sentence or rule id."""
        return say(self.desk.cause(cause).text)

    def answer(self, cause: object) -> Sentence:
        """Name a cause; a text that is not in the list is not an answer, and costs nothing."""
        return self.name(str(cause))

    # Fixes.

    def fixes(self) -> pd.DataFrame:
        """List the fixes of this ticket."""
        return facts({action.value: told for action, told, _ in self.desk.actions()})

    def fix(self, line: str) -> Sentence:
        """Do a fix for real, as `case.fix("renew e1")`, and dial every connection. It says what else the fix did.

        Raises:
            InputError: the line is not a fix, or the work cannot be done; nothing was changed.
        """
        done = self.threaded.run(self.desk.fix, str(line))
        end = "\nThe ticket is solved. Now read the debrief: case.debrief()" if done.solved else ""
        return say(f"{done.text}{end}")

    def remedy(self, action: object, target: object = "") -> Sentence:
        """Do a fix, written in two parts; work that cannot be done is a sentence."""
        line = f"{action} {target}"
        self.desk.read(line)
        try:
            return self.fix(line)
        except PkikitError as error:
            return say(f"✘ {error}")

    def check(self) -> Sentence:
        """Dial every connection again, after work on the web pages."""
        self.threaded.run(self.desk.check)
        return say(self.desk.state)

    # Help, and the end.

    def hint(self) -> Sentence:
        """Show the next hint (10 points each). When there is none left, asking is free."""
        return say(self.desk.hint())

    def give_up(self) -> DebriefShown:
        """End the ticket without points, and show the debrief."""
        return DebriefShown(self.desk.give_up())

    def debrief(self) -> DebriefShown | Sentence:
        """Show the debrief of a ticket that is solved or given up."""
        over = self.desk.done or self.score.gave_up
        return DebriefShown(self.desk.debrief()) if over else say(_DEBRIEF_LATER)


def open_case(
    which: str | int = "",
    *,
    file: str | Path | None = None,
    step: Callable[[str], None] = lambda _: None,
    capture: str | Path | None = None,
    pages: bool = True,
) -> ClinicSession:
    """Open a ticket: `open_case("INC-0847")`. Trainers may give the name of the file.

    Args:
        which: a ticket; a number opens two tickets at once, the same number the same pair.
        file: a case that somebody sent: the zip archive or folder that `pkikit anonymise` made.
        step: is called with each step while the lab starts.
        capture: a file for a packet capture of everything, written when the ticket is closed.
        pages: serve the web pages of the Expressways.

    Returns:
        The open ticket. The one that was open in this kernel, or the lab, is closed.

    Raises:
        InputError: there is no such ticket.
    """
    tell_plainly()
    case = _chosen(which, file)
    close_case()
    close_current()
    settings = LabSettings(rsa=False, pages=pages, capture=Path(capture) if capture is not None else None)
    ClinicSession.current = ClinicSession(case, step=step, settings=settings)
    return ClinicSession.current


def _chosen(which: str | int, file: str | Path | None) -> Case:
    if file is not None:
        return case_from(Path(file).expanduser())
    if isinstance(which, int):
        return random_case(which)
    if is_change(which):
        raise InputError(
            f'{printable(which, 80)} is a change: nothing is broken yet. Open it with open_change("{printable(which, 80)}")'
        )
    return case_of(printable(which, 80))


def close_case() -> None:
    """Close the ticket that is open in this kernel, if there is one."""
    if ClinicSession.current is not None:
        ClinicSession.current.close()
        ClinicSession.current = None


def ticket_list(seed: int | None = None, count: int = 6) -> tuple[Case, ...]:
    """Return every ticket, easy ones first; or those of one seed, in the order in which a class gets them."""
    if seed is not None:
        return assign(seed, count)
    return tuple(sorted((c for c in cases().values() if c.ticket), key=lambda c: (c.difficulty, c.minutes, c.ticket)))


def case_list(seed: int | None = None, count: int = 6, *, trainer: bool = False) -> pd.DataFrame:
    """Show the tickets: number, symptom, level, minutes. Not the cause.

    Args:
        seed: only those that this seed gives a learner or a class; the same seed gives the same tickets.
        count: how many of them.
        trainer: show topic and file, too.

    Returns:
        The table.
    """
    return ticket_frame(ticket_list(seed, count), trainer=trainer)
