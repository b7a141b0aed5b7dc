"""The answer of a plan in sentences, for a terminal and for Python users."""

from __future__ import annotations

from collections.abc import Iterator

from pkikit.planning.steps import Action
from pkikit.runbook.finished_plan import FinishedPlan
from pkikit.runbook.runbook_contents import Runbook
from pkikit.text import counted


def answer_of(contents: Runbook) -> str:
    """Return the answer in a sentence or two.

    Args:
        contents: the runbook of the plan.

    Returns:
        `14 steps, 4 restarts; no connection is refused on the way.`
    """
    plan, steps = contents.plan, counted(len(contents.steps), "step")
    if not contents.steps:
        return "Tomorrow equals today: there is nothing to do."
    if not plan.order_exists:
        return f"No order: {contents.say(plan.reason)}"
    what = f"{steps}, {counted(len(contents.restarts), 'restart')}"
    unknown = contents.not_assessed
    if unknown:
        every = {leg for prediction in plan.predictions for leg in prediction.legs}
        assessed = f"{len(every) - len(unknown)} of {counted(len(every), 'connection')} assessed"
        return f"{what}; no assessed connection is refused on the way ({assessed})."
    return f"{what}; no connection is refused on the way."


def usual_line(made: FinishedPlan) -> str:
    """Return what the usual order would do; empty if it is as good, or if there is nothing to do."""
    if len(made.plan.order) < 2:
        return ""
    usual = made.usual
    if not usual.fails:
        return "The usual order (certificates first) refuses none either."
    fail = "fails" if usual.fails == 1 else "fail"
    return (
        f"In the usual order (certificates first), {usual.fails} of {usual.connections} connections {fail} on the way."
    )


def interruptions_of(contents: Runbook) -> Iterator[str]:
    """Yield what restarts interrupt: the connections of each machine, and services that nobody else carries.

    Args:
        contents: the runbook of the plan.

    Yields:
        Sentences; none without a restart.
    """
    carried = []
    for made in contents.restarts:
        prediction = contents.plan.predictions[made.number]
        if made.step.action is Action.UPGRADE:
            what = "each Expressway restarts, one after the other"
        else:
            what = f"{counted(len(prediction.down_during), 'connection')} down for about 3 minutes"
        if prediction.interrupted:
            services = ", ".join(contents.say(text) for text in prediction.interrupted)
            yield f"Step {made.number} ({made.words.title}): {what}. No other peer carries {services} meanwhile."
        else:
            carried.append((made, len(prediction.down_during)))
    if carried:
        numbers = ", ".join(str(made.number) for made, _ in carried)
        cut = sorted({count for _, count in carried})
        each = str(cut[0]) if len(cut) == 1 else f"{cut[0]} to {cut[-1]}"
        steps = f"Step {numbers} restarts" if len(carried) == 1 else f"Steps {numbers} restart"
        yield (
            f"{steps} a machine each: {each} connections are down for about 3 minutes. Other peers carry every service "
            "meanwhile."
        )
