"""One step of a runbook: what is done, its words and its time; and what one owner does in all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pkikit.model.certificates.facts import format_time
from pkikit.planning.schedule.scheduled_step import ScheduledStep
from pkikit.planning.step_words.letters import BY
from pkikit.planning.step_words.step_text import StepWords
from pkikit.planning.steps import Action, Step
from pkikit.text import counted


@dataclass(frozen=True, kw_only=True)
class RunbookStep:
    """One step with its words and its time.

    Attributes:
        step: the step.
        words: what people read.
        time: when it is done; None without a schedule.
    """

    step: Step
    words: StepWords
    time: ScheduledStep | None = None

    @property
    def number(self) -> int:
        """Its number, from 1."""
        return self.words.number

    @property
    def when(self) -> str:
        """When it is done: `2026-12-05 22:00 to 22:03 UTC`; empty without a schedule."""
        if self.time is None:
            return ""
        begins, ends = self.time.begins, self.time.ends
        if begins == ends:
            return format_time(begins)
        if begins.date() == ends.date():
            return f"{begins:%Y-%m-%d %H:%M} to {ends:%H:%M} UTC"
        return f"{begins:%Y-%m-%d %H:%M} to {ends:%Y-%m-%d %H:%M} UTC"

    @property
    def takes(self) -> str:
        """How long it takes: `3 minutes`, `14 days`; empty without a schedule, and for a wait."""
        if self.time is None or self.step.action is Action.WAIT:
            return ""
        return duration((self.time.ends - self.time.begins).total_seconds() / 60)

    @property
    def letter(self) -> tuple[str, str] | None:
        """Subject and body of the e-mail to its owner; None if nobody has to be asked."""
        if self.words.letter is None:
            return None
        return self.words.letter.subject, self.words.letter.body.replace(BY, self.by)

    @property
    def by(self) -> str:
        """When it has to be done, as an e-mail says it."""
        return format_time(self.time.ends) if self.time is not None else "a date that we agree on"


def duration(minutes: float) -> str:
    """Return a length of time in words.

    Args:
        minutes: how many.

    Returns:
        `3 minutes`, `2 hours`, `14 days`; empty for nothing.
    """
    for unit, size in (("day", 1440), ("hour", 60), ("minute", 1)):
        if minutes >= size:
            return counted(round(minutes / size), unit)
    return ""


def owner_line(owner: str, found: Sequence[RunbookStep]) -> str:
    """Return how many steps of an owner there are, and by when: `DNS: 1 step by 2026-12-01, ask on 2026-11-28.`."""
    times = [made.time for made in found if made.time is not None]
    first, last = (f"{end(time.ends for time in times):%Y-%m-%d}" if times else "" for end in (min, max))
    by = f" by {first}" if first and first == last else f", the first by {first}, the last by {last}" if first else ""
    asked = [time.asked for time in times if time.asked is not None]
    ask = f", ask on {min(asked):%Y-%m-%d}" if asked else ""
    return f"{owner[:1].upper()}{owner[1:]}: {counted(len(found), 'step')}{by}{ask}."
