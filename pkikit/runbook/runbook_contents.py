"""Everything that a runbook says, once, for all of its forms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from pkikit.planning.plan import Plan
from pkikit.planning.schedule.scheduled_step import ScheduledStep
from pkikit.planning.step_words.all_words import LISTS_AND_MRA, words_of
from pkikit.planning.step_words.letters import BY
from pkikit.planning.step_words.place_words import short_names
from pkikit.planning.step_words.seen import worst_state
from pkikit.planning.step_words.step_file import NOTHING_REPLACED, Replaced
from pkikit.planning.step_words.step_text import letter_text
from pkikit.planning.step_words.ways_back import Refused
from pkikit.planning.steps import Action, Step
from pkikit.report.content.deployment_report import Light
from pkikit.runbook.refused_tomorrow import AFTER_ALL, EXAMPLE, lost_by_cause
from pkikit.runbook.runbook_step import RunbookStep, owner_line
from pkikit.text import counted, listed
from pkikit.view.short_names import ShortNames

_MOST = 12


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One e-mail for all steps of one kind that the same people do by the same day.

    Attributes:
        to: who gets it.
        numbers: of the steps.
        subject: of the e-mail.
        body: its lines.
    """

    to: str
    numbers: tuple[int, ...]
    subject: str
    body: str

    @property
    def title(self) -> str:
        """Its heading: `To partner example.net: step 1`."""
        word = "step" if len(self.numbers) == 1 else "steps"
        return f"To {self.to}: {word} {listed([str(n) for n in self.numbers], at_most=_MOST)}"


@dataclass(frozen=True, kw_only=True)
class Runbook:
    """The contents.

    Attributes:
        plan: what it is about.
        steps: in the order of the plan.
        files: the folder with the files of the steps.
        plan_file: the name of `plan.json`.
        lab: the folder with the look-alike that a lab plays; empty if the plan has all private keys.
    """

    plan: Plan
    steps: tuple[RunbookStep, ...]
    files: str
    plan_file: str
    lab: str = ""

    @property
    def deployment(self) -> str:
        """The name of the deployment."""
        return self.plan.change.today.deployment.name

    @property
    def title(self) -> str:
        """What the runbook is for."""
        goal = self.plan.change.goal or "change of certificates"
        return f"{goal[:1].upper()}{goal[1:]}"

    @cached_property
    def names(self) -> ShortNames:
        """Short names of machines."""
        return short_names(self.plan)

    @property
    def legend(self) -> str:
        """`c1 = c1.corp.example.com, …`."""
        return self.names.legend().replace("\u00a0", " ")

    @property
    def at(self) -> datetime:
        """When the change begins."""
        return self.plan.change.at

    @property
    def restarts(self) -> tuple[RunbookStep, ...]:
        """The steps that restart a machine."""
        return tuple(made for made in self.steps if made.step.restarts)

    @property
    def others(self) -> tuple[RunbookStep, ...]:
        """The steps that other people do."""
        return tuple(made for made in self.steps if not made.step.owner.ours)

    @property
    def mails(self) -> tuple[Mail, ...]:
        """The e-mails to these people."""
        groups: dict[tuple[str, Action, str], list[RunbookStep]] = {}
        for made in self.others:
            if made.words.letter is not None:
                groups.setdefault((made.step.owner.name, made.step.action, made.by), []).append(made)
        return tuple(self._mail(to, by, found) for (to, _, by), found in groups.items())

    def _mail(self, to: str, by: str, found: Sequence[RunbookStep]) -> Mail:
        letters = [made.words.letter for made in found if made.words.letter is not None]
        more = f" and {counted(len(found) - 1, 'more step')}" if len(found) > 1 else ""
        return Mail(
            to=to,
            numbers=tuple(made.number for made in found),
            subject=f"{letters[0].subject}{more}",
            body=letter_text(letters).replace(BY, by),
        )

    @property
    def no_return(self) -> RunbookStep | None:
        """The first step after which going back is not free."""
        return next((made for made in self.steps if made.words.no_return), None)

    @property
    def verdict(self) -> str:
        """The verdict as a heading."""
        if not self.steps:
            return "Nothing to do"
        if self.plan.is_unknown:
            return "Not assessed"
        return "Drops nothing" if self.plan.order_exists else "Drops connections"

    @property
    def light(self) -> Light:
        """The traffic light: green only if every connection is assessed."""
        if self.plan.is_unknown:
            return Light.GREY
        if not self.plan.order_exists:
            return Light.RED
        return Light.YELLOW if self.not_assessed else Light.GREEN

    @property
    def answer(self) -> str:
        """The verdict in a sentence or two."""
        plan, count = self.plan, counted(len(self.steps), "step")
        if not self.steps:
            return "Today's certificates and settings are those of tomorrow."
        if plan.is_unknown:
            return plan.reason
        if plan.order_exists:
            drops = f"In this order of {count}, no connection is refused on the way."
            cut = " Restarts are announced below." if self.restarts else ""
            unknown = self.not_assessed
            more = f" {counted(len(unknown), 'connection')} could not be assessed." if unknown else ""
            return drops + cut + more
        lost = counted(plan.refused_legs, "connection")
        best = "This order loses the least" if plan.proven else "No better order was found"
        stay = len(plan.predictions[-1].refused)
        minutes = f"{counted(round(plan.lost_minutes), 'connection-minute')} in total"
        how_long = f"and {stay} of them {'stays' if stay == 1 else 'stay'} refused" if stay else minutes
        return f"No order of the {count} keeps every connection up. {best}: it drops {lost}, {how_long}."

    @property
    def not_assessed(self) -> tuple[str, ...]:
        """The connections that are not assessed in some state, as people write them."""
        same = self.plan.change.id_today  # a connection of a renamed machine counts once
        found = {
            same(leg): None
            for p in self.plan.predictions
            for leg, state in p.legs.items()
            if state.value == "not-assessed"
        }
        return tuple(self.names.connection(leg) for leg in found)

    @property
    def as_assessed(self) -> str:
        """What a sentence about every service adds if some connections are not assessed."""
        return ", as far as that is assessed" if self.not_assessed else ""

    @property
    def summary(self) -> tuple[tuple[str, str], ...]:
        """Five lines for those who decide: what, and the answer."""
        return (
            ("Steps", self._steps_line),
            ("Restarts", self._restarts_line),
            ("Others must act", self._others_line),
            ("Interruptions", self._interruptions_line),
            ("Point of no return", self._no_return_line),
        )

    @property
    def _steps_line(self) -> str:
        ours = len(self.steps) - len(self.others)
        ends = [made.time.ends for made in self.steps if made.time is not None]
        until = f" The last one ends on {max(ends):%Y-%m-%d}." if ends else ""
        return f"{counted(len(self.steps), 'step')}: {ours} by you, {len(self.others)} by others.{until}"

    @property
    def _restarts_line(self) -> str:
        if not self.restarts:
            return "None."
        times = Counter(
            self.names.short.get(m.step.machine, m.step.machine) or "all Expressways" for m in self.restarts
        )
        machines = [name if count == 1 else f"{name} ({count} times)" for name, count in times.items()]
        return f"{counted(len(self.restarts), 'restart')}, one at a time: {listed(machines, at_most=_MOST)}."

    @property
    def _others_line(self) -> str:
        if not self.others:
            return "Nobody."
        by_owner: dict[str, list[RunbookStep]] = {}
        for made in self.others:
            by_owner.setdefault(made.step.owner.name, []).append(made)
        return " ".join(owner_line(owner, found) for owner, found in by_owner.items())

    def has_no_second(self, step: Step) -> bool:
        """Return True for the restart of a machine that has no other peer beside it.

        Args:
            step: the step.

        Returns:
            Whether nobody carries what runs over it meanwhile.
        """
        cluster = self.plan.change.today.deployment.cluster_of(step.machine)
        return step.action is Action.RESTART and (cluster is None or len(cluster.peers) == 1)

    @property
    def _interruptions_line(self) -> str:
        made_here = (made for made in self.restarts if made.step.action is Action.RESTART)
        cut = [len(made.words.connections) for made in made_here if made.words.connections]
        said = []
        if cut:
            each = f"{min(cut)} to {max(cut)} connections" if min(cut) != max(cut) else counted(cut[0], "connection")
            said.append(f"Each restart cuts {each} of its machine for about 3 minutes.")
        services = dict.fromkeys(text for p in self.plan.predictions for text in p.interrupted)
        if services:
            words = [self.names.machines_in_text(text) for text in services]
            said.append(f"No other peer carries {listed(words, at_most=_MOST)} meanwhile.")
        elif any(self.has_no_second(made.step) for made in self.restarts):
            said.append("For some of them, no other peer takes over.")
        elif cut:
            said.append(f"Every service stays up at another peer{self.as_assessed}.")
        if self.plan.refused_legs:
            worst = worst_state(self.plan)
            said.append(
                f"NOT ANNOUNCED BY A RESTART: {counted(self.plan.refused_legs, 'connection')} refused, up to "
                f"{len(worst.refused)} at a time."
            )
        return " ".join(said) or "None."

    @property
    def _no_return_line(self) -> str:
        made = self.no_return
        if self.plan.is_unknown:
            return "Not assessed."
        if made is None:
            return "None: you can undo every step without dropping a connection."
        day = f" ({made.time.begins:%Y-%m-%d})" if made.time is not None else ""
        return f"Step {made.number}{day}: {made.words.title}. Before it, you can undo everything without dropping a connection."

    @property
    def why_not(self) -> tuple[str, ...]:
        """Why no order exists: the reason, then the facts that together rule out every order."""
        if self.plan.order_exists or self.plan.is_unknown:
            return ()
        lost = lost_by_cause(self.plan.clashes)
        reason = self.plan.reason.partition(EXAMPLE)[0] if lost else self.plan.reason
        facts = [f"{AFTER_ALL}{group.sentence}{f' Fix: {group.fix}' if group.fix else ''}" for group in lost]
        facts += [clash.says for clash in self.plan.clashes if clash.missing or not clash.leg]
        return tuple(self.say(text) for text in (reason, *facts) if text)

    @property
    def notes(self) -> tuple[str, ...]:
        """What had to be assumed, and what the plan does not know."""
        return tuple(dict.fromkeys((*self.plan.notes, *self.plan.change.assumptions, *self._general_notes())))

    def _general_notes(self) -> Iterator[str]:
        peers = set(self.plan.change.today.deployment.peers)
        if any(made.step.changes_list and made.step.machine in peers for made in self.steps):
            yield LISTS_AND_MRA
        if self.restarts:
            yield "That a restart takes about 3 minutes is Cisco's estimate. Calls that are active on the machine end."
        if any(made.step.owner.lead for made in self.others):
            yield "Lead times of others are assumed (ours: no document states them)."
        if self.not_assessed:
            yield f"Not assessed, and therefore not promised: {listed(self.not_assessed, at_most=_MOST)}."

    def say(self, text: str) -> str:
        """Return a text of the plan with short names."""
        return self.names.machines_in_text(self.names.in_text(text))


def runbook_of(
    plan: Plan,
    schedule: Sequence[ScheduledStep] = (),
    *,
    refused: Refused | None = None,
    replaced: Replaced = NOTHING_REPLACED,
    files: str = "plan.files",
    plan_file: str = "plan.json",
    lab: str = "",
) -> Runbook:
    """Return the contents of a runbook.

    Args:
        plan: the plan.
        schedule: when its steps are done.
        refused: judges states that are not in the order, for what undoing drops later; None judges them here.
        replaced: what the plan has in place of real certificates.
        files: the folder with the files of the steps.
        plan_file: the name of `plan.json`.
        lab: the folder with the look-alike that a lab plays; empty if the plan has all private keys.

    Returns:
        The contents.
    """
    times = {time.key: time for time in schedule}
    steps = tuple(
        RunbookStep(step=step, words=words, time=times.get(step.key))
        for step, words in zip(plan.steps, words_of(plan, refused, replaced), strict=True)
    )
    return Runbook(plan=plan, steps=steps, files=files, plan_file=plan_file, lab=lab)
