"""The dates of the steps: one after the other for what we do, in parallel for what others do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pkikit.errors import InputError
from pkikit.planning.change import Change
from pkikit.planning.schedule.maintenance_windows import Window, fitting
from pkikit.planning.schedule.scheduled_step import ScheduledStep
from pkikit.planning.schedule.step_minutes import IN_WINDOWS, WATCH, length_of
from pkikit.planning.steps import Action, Step


@dataclass(frozen=True, kw_only=True)
class Terms:
    """When work is possible.

    Attributes:
        start: when it begins.
        windows: the only times for loads and restarts of ours; none means any time.
        watch: how long people watch a machine before the next one of its cluster restarts.
    """

    start: datetime
    windows: tuple[Window, ...] = ()
    watch: timedelta = WATCH


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """The steps that have a date so far.

    Attributes:
        change: has the steps.
        terms: when work is possible.
        steps: with their dates, in the order in which they are complete.
    """

    change: Change
    terms: Terms
    steps: tuple[ScheduledStep, ...] = ()

    @property
    def now(self) -> datetime:
        """When the last step is complete."""
        return self.steps[-1].ends if self.steps else self.terms.start

    def dated(self, key: str) -> ScheduledStep:
        """Return the dates of a step if it is the next one to be complete.

        Args:
            key: of the step.

        Returns:
            Its dates. A step of others is asked for in time: its lead time runs while earlier steps are done.

        Raises:
            InputError: no window is long enough.
        """
        step = self.change.by_key[key]
        if step.action is Action.WAIT:
            ends = max(self.now, step.until or self.now)
            return ScheduledStep(key=key, begins=self.now, ends=ends, owner=step.owner.name)
        length = length_of(step)
        if not step.owner.ours:
            lead = max(step.owner.lead, length)
            ends = max(self.now, self._possible(step) + lead)
            return ScheduledStep(key=key, begins=ends - length, ends=ends, owner=step.owner.name, asked=ends - lead)
        begins, window = self._begins(step, length)
        dated = ScheduledStep(key=key, begins=begins, ends=begins + length, owner=step.owner.name, window=window)
        return replace(dated, watched_until=dated.ends + self.terms.watch) if step.restarts else dated

    def _begins(self, step: Step, length: timedelta) -> tuple[datetime, str]:
        """Return when a step of ours begins. What waits for a restart is done shortly before it.

        Args:
            step: the step.
            length: how long it takes.

        Returns:
            The time, and the window as text.

        Raises:
            InputError: no window is long enough.
        """
        windows = self.terms.windows if step.action in IN_WINDOWS else ()
        restart = self.change.by_key.get(self.change.restart_of.get(step.key, ""))
        earliest = max(
            self.now, self._possible_restart(restart) - length if restart is not None else self._possible_restart(step)
        )
        both = length + length_of(restart) if restart is not None else length
        try:
            if any(window.length >= both for window in windows):
                return fitting(windows, earliest, both)
            return fitting(windows, earliest, length)
        except InputError as error:
            raise InputError(f"{step.key}: {error.message}") from None

    def _possible_restart(self, step: Step) -> datetime:
        """Return from when on a machine may restart: nobody has to watch another one of its cluster any more."""
        return max((self.now, *(s.watched_until for s in self._restarts_beside(step) if s.watched_until)))

    def waits_for(self, key: str) -> bool:
        """Return True if a step cannot begin now, so that there is time for others."""
        return self.dated(key).ends - self.now > length_of(self.change.by_key[key])

    def with_step(self, key: str) -> Calendar:
        """Return the calendar with one more step."""
        return replace(self, steps=(*self.steps, self.dated(key)))

    def _possible(self, step: Step) -> datetime:
        """Return when others can be asked: not before the waits that their step needs are over."""
        ends = self._ends
        needed = (p.first for p in self.change.precedences if p.then == step.key and p.rule == "wait")
        return max((self.terms.start, *(ends[key] for key in needed if key in ends)))

    @property
    def _ends(self) -> Mapping[str, datetime]:
        return {s.key: s.ends for s in self.steps}

    def _restarts_beside(self, step: Step) -> Sequence[ScheduledStep]:
        """Return the restarts so far in the cluster of the machine that a step restarts."""
        if not step.restarts:
            return ()
        cluster = self.change.today.deployment.cluster_of(step.machine)
        peers = cluster.peers if cluster is not None else (step.machine,)
        done = ((s, self.change.by_key[s.key]) for s in self.steps)
        return [s for s, other in done if other.restarts and (other.machine in peers or not other.machine)]
