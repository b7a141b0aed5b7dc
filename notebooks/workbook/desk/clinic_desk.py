"""The ticket desk: a queue of tickets; open one, look, name the cause, fix it in the running lab, read the debrief."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from pkikit.errors import PkikitError
from simulator.clinic.case import Case
from simulator.clinic.score import kept_scores
from simulator.folders import state_folder
from workbook.course.clinic_session import close_case, open_case, ticket_list
from workbook.desk.controls import Queue
from workbook.desk.ticket_view import TicketView
from workbook.learning.cards import Card, button, heading, row

TITLE = "Ticket desk"
_STEPS = {"something happens": "breaking something"}


def clinic_console(
    first: str = "", *, file: str | Path | None = None, seed: int | None = None, count: int = 6, trainer: bool = False
) -> ClinicDesk:
    """Show the ticket desk. Everything behind it is real: the lab, its connections, and what you do about them.

    Args:
        first: a ticket that is opened at once.
        file: a case that somebody sent, from `pkikit anonymise`; it is opened at once.
        seed: show only the tickets that this seed gives; a class with one seed has the same tickets.
        count: how many of them.
        trainer: show the topics of the tickets, and filter by them.

    Returns:
        The desk.
    """
    desk = ClinicDesk(first, seed=seed, count=count, trainer=trainer)
    if file is not None:
        desk.open_file(file)
    return desk


class ClinicDesk(Card):
    """The queue, and the ticket that is open."""

    def __init__(self, first: str = "", *, seed: int | None = None, count: int = 6, trainer: bool = False) -> None:
        super().__init__()
        self._trainer, self._pairs = trainer, 0
        self.queue = Queue(trainer=trainer)
        wide = {"description_width": "auto"}
        self.seed = widgets.Text(description="Class number", value="" if seed is None else str(seed), style=wide,
                                 placeholder="any number", continuous_update=False)  # fmt: skip
        self.count = widgets.BoundedIntText(description="Tickets for the class", value=count, min=1, max=40, style=wide)
        self.capture = widgets.Checkbox(description="Write a packet capture of the ticket", value=False, indent=False)
        self.two = button("Two tickets at once", self.safely(self._open_two))
        self.queue.observe(self._asked, names="asked")
        self.seed.observe(self._fill, names="value")
        self.count.observe(self._fill, names="value")
        lead = heading(TITLE, "Something is wrong, and users call. Choose a ticket. Solve it in two steps, in any order: "
                              "name the cause, and fix it.")  # fmt: skip
        helps = row(self.seed, self.count, self.two, self.capture)
        helps.add_class("desk-help")
        self.choosing = widgets.VBox([self.queue, helps])
        self.place = widgets.VBox()
        self.ticket: TicketView | None = None
        self.children = [lead, self.choosing, self.said, self.place]
        self.add_class("desk")
        self._fill()
        if first:
            self.open_ticket(first)

    @property
    def plain(self) -> str:
        """The text form; the same in every run."""
        return f"{TITLE}\n▶ Run this cell to see the tickets."

    def _fill(self, _: object = None) -> None:
        number = self.seed.value.strip()
        self.say()
        if number and not (number.isdecimal() and len(number) <= 9):
            self.say("✘ A class number has only digits, at most nine.")
            return
        listed = ticket_list(int(number) if number else None, self.count.value)
        self.queue.ordered = bool(number)
        self.queue.tickets = _rows(listed, trainer=self._trainer)

    def _asked(self, _: object) -> None:
        self.safely(lambda: self.open_ticket(self.queue.chosen))()

    def _open_two(self) -> None:
        self._pairs += 1
        self.open_ticket(self._pairs)

    def open_file(self, file: str | Path) -> None:
        """Open a case that somebody sent; a file that is none gets a sentence."""
        self.safely(lambda: self.open_ticket(file=file))()

    def open_ticket(self, which: str | int = "", file: str | Path | None = None) -> None:
        """Open a ticket; what happens meanwhile is shown."""
        self.queue.busy = True

        def step(told: str) -> None:
            if not self.queue.busy:  # a fix tells its steps itself
                return
            self.said.value = f'<p role="status">Opening the ticket: {escape(_STEPS.get(told, told))} …</p>'

        step("starting the lab")
        try:
            session = open_case(which, file=file, step=step, capture=self._capture_file(which))
            step("drawing")
            self.ticket = TicketView(session, self.back)
        except PkikitError:
            close_case()
            raise
        finally:
            self.queue.busy = False
        self.say()
        self.choosing.layout.display = "none"
        self.place.children = [self.ticket]

    def _capture_file(self, which: str | int) -> str | None:
        if not self.capture.value:
            return None
        folder = state_folder() / "clinic"
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder / f"{which}.pcapng")

    def back(self) -> None:
        """Close the ticket and show the queue."""
        try:
            close_case()
        except PkikitError as error:
            self.say(f"✘ {error}")
        self.ticket, self.place.children = None, []
        self.choosing.layout.display = ""
        self._fill()


def _rows(listed: tuple[Case, ...], *, trainer: bool) -> list[dict[str, Any]]:
    points: dict[str, int] = {}
    for score in kept_scores():
        points[score.case] = max(score.points, points.get(score.case, 0))
    return [
        {
            "ticket": case.ticket,
            "title": case.title,
            "level": case.difficulty,
            "minutes": case.minutes,
            "topic": str(case.topic).replace("-", " ") if trainer else "",
            "state": f"{points[case.id]} points" if case.id in points else "new",
        }
        for case in listed
    ]
