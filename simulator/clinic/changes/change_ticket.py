"""A ticket that is a change: who wants it, what they sent, until when, and what it comes to. Cases as data."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files

import pydantic
from pydantic import BaseModel, ConfigDict, Field

from pkikit.errors import InputError
from pkikit.model.codec.problems import problem_of
from pkikit.model.deployment_file.fields import Label
from pkikit.model.deployment_file.yaml_source import read_yaml
from pkikit.runbook.played_change import PlayedChange
from pkikit.values.names import printable
from simulator.clinic.case import deployments_folder
from simulator.clinic.changes.planning import planned_change

TICKET_NUMBER = r"^CHG-\d{4}$"


class ChangeTicket(BaseModel):
    """One file of `simulator/clinic/changes/tickets`.

    Attributes:
        id: the name of the file.
        ticket: the number that a player sees, CHG-0104.
        title: what is wanted, in one line.
        caller: who wants it, and their role.
        mail: their words.
        given: what came with it, one thing per line.
        deadline: until when, in the caller's words.
        difficulty: 1 to 3.
        minutes: how long it takes somebody who knows the subject.
        deployment: a shipped one.
        goal: as in `pkikit plan --goal`; empty if a new root is all that is wanted.
        new_root: the name of the new root CA; empty if there is none.
        root_in_days: after how many days its certificates are valid.
        hints: the first one is the weakest.
        expert: what somebody who knows the subject thinks, one sentence per line.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Label
    ticket: str = Field(pattern=TICKET_NUMBER)
    title: str
    caller: str
    mail: str
    given: tuple[str, ...] = Field(min_length=1)
    deadline: str
    difficulty: int = Field(default=2, ge=1, le=3)
    minutes: int = Field(default=15, ge=1, le=120)
    deployment: Label = "clustered-mra"
    goal: str = ""
    new_root: str = ""
    root_in_days: int = Field(default=0, ge=0, le=30)
    hints: tuple[str, ...] = Field(min_length=2)
    expert: tuple[str, ...] = Field(min_length=2)

    def planned(self, at: datetime) -> PlayedChange:
        """Return the change with its plan, on certificates that the lab issues."""
        return planned_change(
            deployments_folder() / f"{self.deployment}.yaml",
            goals=(self.goal,) if self.goal else (),
            new_root=self.new_root,
            begins=at + timedelta(days=self.root_in_days),
            at=at,
        )


@cache
def change_tickets() -> dict[str, ChangeTicket]:
    """Return all tickets that are changes, by number.

    Raises:
        InputError: a file is invalid.
    """
    found: dict[str, ChangeTicket] = {}
    for path in sorted((files("simulator.clinic.changes") / "tickets").iterdir(), key=lambda p: p.name):
        if path.name.endswith(".yaml"):
            ticket = read_ticket(path.read_text(encoding="utf-8"), where=path.name)
            found[ticket.ticket] = ticket
    return dict(sorted(found.items()))


def read_ticket(text: str, *, where: str = "") -> ChangeTicket:
    """Return the ticket of a file.

    Raises:
        InputError: the file is invalid; one sentence with the place and what is allowed.
    """
    try:
        return ChangeTicket.model_validate(read_yaml(text, where=where).data)
    except pydantic.ValidationError as error:
        place, sentence = problem_of(error)
        raise InputError(f"{place}: {sentence}" if place else sentence, where=where) from None


def is_change(which: str) -> bool:
    """Return True if a text names a ticket that is a change, and not a case."""
    return which.strip().upper().startswith("CHG") or which.strip().lower() in {t.id for t in change_tickets().values()}


def change_ticket_of(which: str) -> ChangeTicket:
    """Return one ticket.

    Args:
        which: a number as CHG-0104, or the name of its file.

    Raises:
        InputError: there is no such ticket.
    """
    said, known = which.strip(), change_tickets()
    number = re.sub(r"^CHG-?\s*0*(\d+)$", lambda m: f"CHG-{int(m[1][:9]):04d}", said.upper())
    found = known.get(number) or next((t for t in known.values() if t.id == said.lower()), None)
    if found is None:
        raise InputError(f"there is no change {printable(said, 60)!r}; there are {', '.join(known)}")
    return found
