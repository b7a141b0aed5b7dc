"""The ticket desk: one player, one live case. Look, name the cause, fix it, and read the debrief; in any order."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import anyio.to_thread

from pkikit.design.restarts import ESTIMATES
from pkikit.rules.plain_causes import PlainCause, named_cause, search_causes
from pkikit.text import printable
from pkikit.view.connections.check_report import CheckReport
from simulator.clinic.debrief import Act, Debrief, Played, debrief_of
from simulator.clinic.effects import State, effects_of, restarted
from simulator.clinic.live_case import LiveCase
from simulator.clinic.looks import Looks, Seen
from simulator.clinic.score import Score, keep_score
from simulator.world.plan_settings import relaxed
from simulator.world.remedies import TOLD, Action, Remedy, targets

NO_MORE_HINTS = "No more hints for this case."
SEVERITIES = {1: "everybody is affected", 2: "many users are affected", 3: "some users are affected", 4: "nobody yet"}


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """What the desk shows at the top. `elapsed` is in seconds; time costs no points."""

    number: str
    title: str
    caller: str
    symptom: str
    since: str
    severity: int
    minutes: int
    elapsed: int

    @property
    def clock(self) -> str:
        """How long the ticket is open, beside what a practised person takes."""
        return f"open {self.elapsed // 60}:{self.elapsed % 60:02d}, target {self.minutes} min"

    @property
    def text(self) -> str:
        """The ticket as lines; the caller's words are not wrapped."""
        head = f"{self.number}  {self.title}"
        facts = f"severity {self.severity} ({SEVERITIES[self.severity]}) · {self.clock}"
        said = f"{self.caller}: “{self.symptom}”" if self.caller else self.symptom
        since = [f"Since: {self.since}"] if self.since else []
        return "\n".join((head, facts, "", said, *since))


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The reply to a named cause. Only `wrong` costs points; `unlisted` is no answer, and `near` has the closest causes."""

    state: Literal["right", "wrong", "again", "unlisted"]
    text: str
    near: tuple[PlainCause, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """What a fix did: its line in full, its side effects, the state afterwards, and whether the ticket is solved."""

    line: str
    effects: tuple[str, ...]
    report: CheckReport
    solved: bool
    text: str


class Desk:
    """One player at one live case.

    Attributes:
        live: the case with its lab.
        score: points so far.
        looked: what was looked at, in order: (tool, place).
        acts: the fixes so far, with their side effects.
        report: the newest state of the connections.
        outage: minutes during which a machine was away because it restarted.
    """

    def __init__(self, live: LiveCase, *, now: Callable[[], float] = time.monotonic) -> None:
        self.live, self._now = live, now
        self.score = Score(case=live.case.id, ticket=live.case.ticket)
        self.looked: list[tuple[str, str]] = []
        self.acts: list[Act] = []
        self.report: CheckReport = live.broken
        self.outage = 0
        self._looks = Looks(live)
        self._opened = now()
        self._planned = live.lab.deployment
        self._hints = list(live.case.hints)
        self._kept = False
        self._wrong: set[str] = set()

    # The ticket.

    @property
    def ticket(self) -> Ticket:
        """The ticket, with its clock."""
        case = self.live.case
        return Ticket(
            number=case.ticket or "INC",
            title=case.title,
            caller=case.caller,
            symptom=case.symptom,
            since=case.since,
            severity=case.severity,
            minutes=case.minutes,
            elapsed=round(self._now() - self._opened),
        )

    @property
    def state(self) -> str:
        """One line: how many connections are up, what is refused, and what is left to do."""
        total, down = len(self.report.legs), len(self.report.down)
        parts = [f"{total - down} of {total} connections are up."]
        parts += [f"Still refused: {self.live.refused[0].message}"] if self.live.refused else []
        parts += [self.live.unfinished] if self.live.unfinished else []
        return printable(" ".join(parts), 600)

    @property
    def fixed(self) -> bool:
        """True if every connection is up and nothing is left to do."""
        return self.live.settled(self.report)

    @property
    def named(self) -> bool:
        """True if every cause is found."""
        return self.score.found == set(self.live.case.causes)

    @property
    def done(self) -> bool:
        """True if the ticket can be closed: it is fixed, and the cause is named."""
        return self.fixed and self.named

    # Looking.

    @property
    def tools(self) -> tuple[str, ...]:
        """What can be looked at in this case."""
        return self._looks.tools

    def places(self, tool: str) -> tuple[tuple[str, str], ...]:
        """Return (value, label) of everything that a tool can be pointed at; empty if it needs nothing."""
        return self._looks.places(tool)

    async def look(self, tool: str, of: str = "", *, dials: bool = True) -> Seen:
        """Look with a tool. It is free, and recorded for the debrief.

        Args:
            tool: one of `tools`.
            of: a machine, connection or name, also in its short form.
            dials: dial every connection again for `zones`; False shows the newest state.

        Raises:
            InputError: the tool or the place is unknown.
        """
        if tool == "zones" and dials:
            self.report = await self.live.look()
        seen = await self._looks.look(tool, of.strip(), self.report)
        self.looked.append((seen.tool, seen.of))
        return seen

    async def check(self) -> CheckReport:
        """Dial every connection again: after work on the pages."""
        self.report = await self.live.look()
        await self._settled()
        return self.report

    # The cause.

    def search(self, words: str) -> tuple[PlainCause, ...]:
        """Return listed causes that fit some words; all of them for an empty text."""
        return search_causes(words)

    def cause(self, said: str) -> Answer:
        """Name a cause, by its sentence or its rule id. What is not in the list is no answer, and costs nothing."""
        found = named_cause(str(said)[:300])
        if found is None:
            near = search_causes(str(said)[:300], 5)
            hint = "Did you mean one of these?" if near else "Search the list with other words."
            text = f"“{printable(str(said), 60)}” is not in the list of causes. {hint} (No points lost.)"
            return Answer(state="unlisted", text=text, near=near)
        if found.rule in self.score.found:
            return Answer(state="again", text="You have named this cause already.")
        if found.rule in self._wrong:
            return Answer(state="again", text=f"You have named this already, and it is not the cause: {found.sentence}")
        if found.rule not in self.live.case.causes:
            self._wrong.add(found.rule)
            self.score.misses += 1
            return Answer(state="wrong", text=f"No. This is not the cause: {found.sentence}")
        self.score.found.add(found.rule)
        left = len(self.live.case.causes) - len(self.score.found)
        self._settle()
        if self.done:
            self.keep()
        if left:
            return Answer(
                state="right", text=f"Right. There {'is 1 more cause' if left == 1 else f'are {left} more causes'}."
            )
        return Answer(state="right", text="Right. The ticket is solved." if self.fixed else "Right. Now fix it.")

    # Fixes.

    def actions(self) -> tuple[tuple[Action, str, tuple[str, ...]], ...]:
        """Return (action, what it does, its targets) for every fix that this case allows."""
        acme = {Action.WAIT, Action.ORDER_AGAIN, Action.DEPLOY, Action.CAA}
        hidden = set() if self.live.acme is not None else set(acme)
        hidden |= set() if self.live.case.upload is not None else {Action.LOAD}
        deployment = self.live.lab.deployment
        return tuple((a, TOLD[a], targets(a, deployment)) for a in Action if a not in hidden)

    def read(self, line: str) -> Remedy:
        """Return the fix that a line asks for. Raises InputError with what is allowed."""
        return self.live.read(line)

    async def fix(self, line: str) -> Fixed:
        """Do a fix for real, and dial every connection.

        Args:
            line: as one types it: `renew e1`, `append-ca lab-root-ca c1`.

        Raises:
            InputError: the line is not a fix, or the work cannot be done; nothing was changed.
        """
        remedy = self.live.read(line)
        before = State(world=self.live.lab.world, report=self.report)
        self.report = await self.live.remedy(remedy)
        after = State(world=self.live.lab.world, report=self.report)
        effects = effects_of(remedy, before, after, self._looks.names)
        if before.world.deployment == after.world.deployment:
            peers = [f for f in restarted(before.world, after.world) if f in after.world.deployment.peers]
            self.outage += ESTIMATES["restart"] * len(peers)
        self.acts.append(Act(line=str(remedy), effects=effects))
        await self._settled()
        return Fixed(line=str(remedy), effects=effects, report=self.report, solved=self.done, text=self._told(effects))

    def _told(self, effects: tuple[str, ...]) -> str:
        end = "Fixed. Now name the cause." if self.fixed and not self.named else ""
        return "\n".join(line for line in (*effects, self.state, end) if line)

    @property
    def workarounds(self) -> tuple[str, ...]:
        """What verifies less than at the start: connections may be up for that reason only."""
        return relaxed(self._planned, self.live.lab.deployment)

    async def _settled(self) -> None:
        self._settle()
        if self.done:
            await anyio.to_thread.run_sync(self.keep)

    def _settle(self) -> None:
        if self.fixed:
            self.score.mended_by_hand = bool(self.acts) or self.score.mended_by_hand
            self.score.workarounds = len(self.workarounds)

    # Help, and the end.

    @property
    def hints_left(self) -> int:
        """How many hints there are still."""
        return len(self._hints)

    def hint(self) -> str:
        """Return the next hint. Each costs once; when there is none left, asking is free."""
        if not self._hints:
            return NO_MORE_HINTS
        self.score.hints += 1
        return self._hints.pop(0)

    def give_up(self) -> Debrief:
        """End the case without points, and return the debrief."""
        self.score.gave_up = not self.done
        self.keep()
        return self.debrief()

    def debrief(self) -> Debrief:
        """Return the debrief: what you did, what an expert would have looked at, and both handshakes."""
        return debrief_of(
            Played(
                live=self.live,
                looks=self._looks,
                report=self.report,
                score=self.score,
                looked=tuple(self.looked),
                acts=tuple(self.acts),
                outage=self.outage,
                workarounds=self.workarounds,
                fixed=self.fixed,
                named=self.named,
            )
        )

    def keep(self) -> None:
        """Record the score on this machine, once."""
        if not self._kept:
            self._kept = True
            keep_score(self.score)
