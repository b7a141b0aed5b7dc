"""The report as a value: everything that a page, a text, a calendar or a program shows of it."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from pkikit.design.hand_work.hand_outlook import HandOutlook
from pkikit.expectations.judged_promises import NOTHING_PROMISED, JudgedPromises
from pkikit.judge.legs.known_parts import State
from pkikit.model.findings import Finding
from pkikit.report.content.gaps import Gap
from pkikit.report.content.inventory import Inventory
from pkikit.report.content.report_dates import SOON, Event, Kind, moved
from pkikit.report.content.service_lines import ServiceLine
from pkikit.report.given.import_notes import ImportNotes
from pkikit.view.connections.leg_report import LegReport
from pkikit.view.drawing import Picture


class Light(enum.StrEnum):
    """The traffic light: red if something fails, green only if everything was assessed and nothing needs attention."""

    RED = "red"
    YELLOW = "yellow"
    GREEN = "green"
    GREY = "grey"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One root cause of connections that are down.

    Attributes:
        rule: its id.
        says: who refuses whom, and why; further sentences with facts.
        refused_by: the machines that refuse.
        certificates: the refused certificates, each with its file if there is one.
        connections: the connections that are down for it, in words.
        fix: what to do.
    """

    rule: str
    says: tuple[str, ...]
    refused_by: tuple[str, ...]
    certificates: tuple[str, ...]
    connections: tuple[str, ...]
    fix: str


@dataclass(frozen=True, kw_only=True)
class Warned:
    """Something unwise about connections that are up.

    Attributes:
        finding: what it is.
        says: its sentences, with connections in words.
        connections: the connections, in words.
    """

    finding: Finding
    says: tuple[str, ...]
    connections: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Report:
    """A report about one deployment at one time.

    Attributes:
        deployment: its name.
        version: of the product.
        at: the time that everything is judged for, aware UTC.
        connections: every connection, and what is known about it.
        words: each connection in words, by id.
        legend: what the short names stand for.
        services: the services at each peer.
        problems: why connections are down, that of most connections first.
        warnings: what is unwise.
        events: the timeline.
        timeline: the timeline as a picture.
        inventory: the certificates and CAs.
        by_hand: what ten years of renewals by hand mean.
        topology: the machines and their connections as a picture.
        gaps: what nobody gave.
        limits: what no file can tell.
        notes: what the import noted.
        short: short names by FQDN.
        promises: what became of promises and house rules.
    """

    deployment: str
    version: str
    at: datetime
    connections: tuple[LegReport, ...]
    words: Mapping[str, str]
    legend: str
    services: tuple[ServiceLine, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Warned, ...]
    events: tuple[Event, ...]
    timeline: Picture
    inventory: Inventory
    by_hand: HandOutlook
    topology: Picture
    gaps: tuple[Gap, ...]
    limits: tuple[str, ...]
    notes: ImportNotes
    short: Mapping[str, str]
    promises: JudgedPromises = NOTHING_PROMISED

    @cached_property
    def counts(self) -> Mapping[State, int]:
        """How many connections are in each state."""
        found = Counter(connection.state for connection in self.connections)
        return {state: found[state] for state in State}

    @property
    def failing(self) -> bool:
        """True if a connection is down."""
        return self.counts[State.DOWN] > 0

    @property
    def accepted(self) -> bool | None:
        """False if a connection is down or a promise is broken, True if all is known to be well, None if nobody knows."""
        if self.failing or self.promises.broken:
            return False
        return True if self.complete and self.promises.kept else None

    @property
    def complete(self) -> bool:
        """True if every connection was assessed, and there is at least one."""
        return bool(self.connections) and not self.counts[State.NOT_ASSESSED]

    @cached_property
    def soon(self) -> tuple[Event, ...]:
        """What has ended, or ends soon."""
        ends = {Kind.CERTIFICATE, Kind.AUTHORITY, Kind.CRL}
        return tuple(e for e in self.events if e.kind in ends and e.at <= moved(self.at, SOON))

    @property
    def light(self) -> Light:
        """The traffic light."""
        if self.failing or self.promises.broken:
            return Light.RED
        if not self.counts[State.UP]:
            return Light.GREY
        notes = self.notes
        attention = self.soon or self.warnings or notes.contradictions or notes.questions or notes.missing
        return Light.YELLOW if attention or not (self.complete and self.promises.kept) else Light.GREEN

    def with_state(self, state: State) -> tuple[LegReport, ...]:
        """Return the connections in one state."""
        return tuple(connection for connection in self.connections if connection.state is state)
