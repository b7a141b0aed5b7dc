"""The runbook as a calendar: an event for each step, and a day to ask others. The same runbook gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from pkikit.planning.steps import Action
from pkikit.report.written.date_calendar import CalendarEvent, calendar_of
from pkikit.runbook.runbook_contents import Runbook
from pkikit.runbook.runbook_step import RunbookStep

_SHORTEST = timedelta(minutes=1)
_WARN = 1


def to_runbook_calendar(runbook: Runbook) -> str:
    """Return every step that has a date (RFC 5545). Restarts are busy time, and have a reminder.

    Args:
        runbook: the runbook.

    Returns:
        The contents of an `.ics` file; without a schedule it has no event.
    """
    events = [event for made in runbook.steps for event in _events(runbook, made)]
    return calendar_of(events, name=f"{runbook.title}: {runbook.deployment}", product="plan", at=runbook.at)


def _events(runbook: Runbook, made: RunbookStep) -> Iterator[CalendarEvent]:
    time, words = made.time, made.words
    if time is None:
        return
    seed = f"{runbook.deployment} {runbook.title} {made.step.key}"
    if time.asked is not None and made.letter is not None:
        subject, body = made.letter
        yield CalendarEvent(
            seed=f"{seed} asked", begin=time.asked, title=f"Step {made.number}: ask {made.step.owner.name}",
            says=f"{subject}\n\n{body}", category="ask", warn=_WARN,
        )  # fmt: skip
    restart = made.step.restarts
    said = [*words.announced, f"Where: {words.where}.", *words.after, f"Proof: {words.proof.text}", *words.undo]
    if made.step.action is Action.WAIT or not made.step.owner.ours:
        yield CalendarEvent(
            seed=seed, begin=time.ends, title=f"Step {made.number}: {words.title} ({made.step.owner.name})",
            says="\n".join(said), category=made.step.action.value,
        )  # fmt: skip
        return
    yield CalendarEvent(
        seed=seed,
        begin=time.begins,
        end=max(time.ends, time.begins + _SHORTEST),
        title=f"Step {made.number}: {words.title}",
        says="\n".join(said),
        category=made.step.action.value,
        warn=_WARN if restart else 0,
        busy=True,
    )
