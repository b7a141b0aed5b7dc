"""A plan with everything that people get of it: dates, runbook, files, and the usual order to compare with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

from pkikit.errors import InputError
from pkikit.planning.given_change import GivenChange
from pkikit.planning.lookalike_change import playable_change
from pkikit.planning.plan import Plan
from pkikit.planning.plan_file.written_plan import DEFAULT_FILES, LAB, files_folder_of, plan_json, write_plan
from pkikit.planning.planner import make_plan
from pkikit.planning.predictions import SETTINGS, Oracle, naive_order
from pkikit.planning.predictions.verdicts import Verdicts
from pkikit.planning.schedule.dated_plan import dated_plan
from pkikit.planning.schedule.maintenance_windows import parse_windows
from pkikit.planning.schedule.scheduled_step import ScheduledStep
from pkikit.planning.schedule.step_dates import Terms
from pkikit.planning.schedule.step_minutes import WATCH
from pkikit.planning.step_words.step_text import StepWords
from pkikit.runbook.finished_runbook import FinishedRunbook, finished_runbook, runbook_files


@dataclass(frozen=True, kw_only=True)
class Usual:
    """What the usual order does: certificates first, then the lists of CAs.

    Attributes:
        fails: how many connections are refused on the way.
        connections: how many connections there are.
    """

    fails: int
    connections: int


@dataclass(frozen=True, kw_only=True)
class FinishedPlan:
    """A plan that prints itself, shows itself in a notebook, and writes its files.

    Attributes:
        plan: the order, and the proof.
        given: the change as it was given.
        schedule: when each step is done; empty without dates.
        verdicts: what was judged already.
    """

    plan: Plan
    given: GivenChange
    schedule: tuple[ScheduledStep, ...] = ()
    verdicts: Verdicts

    @cached_property
    def runbook(self) -> FinishedRunbook:
        """The runbook, named for a plan that nobody saved."""
        return self._runbook(DEFAULT_FILES, "plan.json")

    @cached_property
    def usual(self) -> Usual:
        """The usual order, to compare with."""
        change = self.plan.change
        order, oracle = naive_order(change), Oracle(change, self.verdicts, whole=True)
        fails: set[str] = set()
        legs: set[str] = set()
        for number in range(len(order) + 1):
            done = frozenset(order[:number])
            refused = frozenset(oracle.refused(done))
            if SETTINGS not in refused:  # otherwise nobody can enter these settings: there are no connections
                fails |= refused
                legs |= self.verdicts.states(done).keys()
        known = change.id_today
        return Usual(fails=len({*map(known, fails)}), connections=len({*map(known, legs)}))

    def to_json(self) -> dict[str, Any]:
        """Return what `pkikit plan --json` prints."""
        words = [step.words for step in self.runbook.contents.steps]
        return plan_json(self.plan, self.schedule, words=words, originals=self.given.originals)

    def save(
        self,
        *,
        out: str | PathLike[str] | None = None,
        runbook: str | PathLike[str] | None = None,
        csv: str | PathLike[str] | None = None,
        ics: str | PathLike[str] | None = None,
    ) -> tuple[tuple[str, Path], ...]:
        """Write the plan, its files and the runbook; what is there of an earlier plan is replaced.

        Args:
            out: `plan.json`; its files are in a folder beside it.
            runbook: Markdown or a page: the name ends in `.md` or `.html`.
            csv: the steps as a table.
            ics: the dates as a calendar.

        Returns:
            (what it is, the file) for each file.

        Raises:
            InputError: a name does not end as such a file does, something else is there, or it cannot be written.
        """
        check_targets(out=out, runbook=runbook, csv=csv, ics=ics)
        saved: list[tuple[str, Path]] = []
        made = self.runbook
        if out is not None:
            path = Path(out)
            made = self._runbook(str(files_folder_of(path)), str(path), lookalike=self._lookalike is not None)
            words = [step.words for step in made.contents.steps]
            write_plan(path, self.plan, self.schedule, words=words, originals=self.given.originals)
            self._write_lookalike(files_folder_of(path), words)
            saved += [("plan", path), ("files", files_folder_of(path))]
        return (*saved, *made.save(runbook=runbook, csv=csv, ics=ics))

    @cached_property
    def _lookalike(self) -> Plan | None:
        """The plan as a lab plays it; None if no private key is missing, or if there are too many to make."""
        try:
            change = playable_change(self.plan.change)
        except InputError:
            return None
        return replace(self.plan, change=change) if change is not self.plan.change else None

    def _write_lookalike(self, files: Path, words: Sequence[StepWords]) -> None:
        if self._lookalike is not None:
            (files / LAB).mkdir(exist_ok=True)
            write_plan(files / LAB / "plan.json", self._lookalike, self.schedule, words=words)

    def _runbook(self, files: str, plan_file: str, *, lookalike: bool = False) -> FinishedRunbook:
        refused = Oracle(self.plan.change, self.verdicts).refused
        return finished_runbook(
            self.plan, self.schedule, refused=refused, originals=self.given.originals, stand_ins=self.given.stand_ins,
            files=files, plan_file=plan_file, lab=f"{files}/{LAB}" if lookalike else "",
        )  # fmt: skip

    def _repr_html_(self) -> str:
        return self.runbook._repr_html_()

    def __str__(self) -> str:
        return self.runbook.text


def check_targets(*, out: str | PathLike[str] | None, **files: str | PathLike[str] | None) -> None:
    """Check the names of the files that somebody wants, before the work begins.

    Args:
        out: the plan.
        **files: the runbook's, by form.

    Raises:
        InputError: a name does not end as such a file does, or it is a folder.
    """
    runbook_files(**files)
    if out is not None and Path(out).suffix.lower() != ".json":
        raise InputError("a plan is written to a file whose name ends in .json", where=str(out))
    if out is not None and Path(out).is_dir():
        raise InputError("is a folder; name a file", where=str(out))


def finish(
    given: GivenChange,
    *,
    start: datetime | None = None,
    windows: Sequence[str] = (),
    watch: timedelta | None = None,
    dated: bool = False,
    progress: Callable[[str, int], None] | None = None,
) -> FinishedPlan:
    """Plan what was given.

    Args:
        given: the change.
        start: when the work begins; the time of the change if it is left out.
        windows: maintenance windows, such as `Sat 22:00-02:00`.
        watch: how long people watch a machine before the next one of its cluster restarts; None for some minutes.
        dated: give dates to the steps, also without a start, windows and time to watch.
        progress: is called with what the work does, and how many times it did so.

    Returns:
        The plan. It has dates if they were asked for, or if a certificate ends on the way: then they change the answer.

    Raises:
        InputError: a window is not understood, or too short for a step.
    """
    terms = Terms(
        start=start or given.change.at, windows=parse_windows(windows), watch=WATCH if watch is None else watch
    )
    verdicts = Verdicts(given.change)
    plan = make_plan(given.change, progress, verdicts)
    plan = replace(plan, notes=tuple(dict.fromkeys((*given.notes, *plan.notes))))
    verdicts = verdicts.for_change(plan.change)  # the plan may have more restarts than the change that was given
    schedule: tuple[ScheduledStep, ...] = ()
    found = dated_plan(plan, terms, verdicts)
    if dated or windows or start is not None or watch is not None or found.notes:
        plan, schedule = found.plan, found.steps
    return FinishedPlan(plan=plan, given=given, schedule=schedule, verdicts=verdicts)
