"""The answer of a plan in sentences, for a terminal and for Python users."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pkikit.planning.steps import Action
from pkikit.runbook.finished_plan import FinishedPlan
from pkikit.runbook.runbook_contents import Runbook
from pkikit.text import counted, listed


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
    what = f"{steps}, {counted(_restarted_machines(contents), 'restart')}"
    if plan.is_unknown:
        return f"{what}. {plan.reason}"
    if not plan.order_exists:
        reason = contents.say(plan.reason)
        return reason if reason.startswith("Tomorrow") else f"No order keeps every connection up. {reason}"
    unknown = contents.not_assessed
    if unknown:
        every = {plan.change.id_today(leg) for prediction in plan.predictions for leg in prediction.legs}
        assessed = f"{len(every) - len(unknown)} of {counted(len(every), 'connection')} assessed"
        return f"{what}; no assessed connection is refused on the way ({assessed})."
    return f"{what}; no connection is refused on the way."


def _restarted_machines(contents: Runbook) -> int:
    """Return how often a machine restarts: an upgrade restarts every Expressway."""
    peers = len(contents.plan.change.today.deployment.peers)
    return sum(peers if made.step.action is Action.UPGRADE else 1 for made in contents.restarts)


def mark_of(contents: Runbook) -> str:
    """Return the sign in front of the answer: `?` if nothing can be promised."""
    if contents.plan.is_unknown:
        return "?"
    return "✔" if contents.plan.order_exists else "✘"


def usual_line(made: FinishedPlan) -> str:
    """Return what the usual order would do; empty if it is as good, or if there is nothing to do."""
    if len(made.plan.order) < 2:
        return ""
    usual = made.usual
    if not usual.fails:
        return "The usual order (certificates first) refuses none either."
    fail = "fails" if usual.fails == 1 else "fail"
    every = counted(usual.connections, "connection")
    return f"In the usual order (certificates first), {usual.fails} of {every} {fail} on the way."


def legend_of(contents: Runbook, notes: Iterable[str]) -> str:
    """Return what the short names mean that the answer, the steps and the notes use; empty if all of them are whole names.

    Args:
        contents: the runbook of the plan.
        notes: what is said beside it.

    Returns:
        `c1 = c1.corp.example.com, …`.
    """
    plan = contents.plan
    said = [plan.reason, *notes, *(clash.says for clash in plan.clashes), *(clash.leg for clash in plan.clashes)]
    text = " ".join([contents.say(part) for part in said] + [step.words.title for step in contents.steps])
    words = set(re.split(r"[^\w.-]+", text))
    known = words | {word.rstrip(".") for word in words}
    used = [fqdn for fqdn, short in contents.names.short.items() if short in known]
    return contents.names.legend(used) if used else ""


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
        cut = counted(len(prediction.down_during), "connection")
        if made.step.action is Action.UPGRADE:
            what = "Every Expressway restarts, one after the other."
        else:
            what = f"{cut} {'is' if len(prediction.down_during) == 1 else 'are'} down for about 3 minutes."
        if prediction.interrupted:
            services = listed([contents.say(text) for text in prediction.interrupted])
            what += f" No other peer carries {services} meanwhile."
        elif contents.has_no_second(made.step):
            what += " No other peer takes over."
        elif made.step.action is not Action.UPGRADE:
            carried.append(made)
            continue
        yield f"Step {made.number}, {made.words.title}: {what}"
    if carried:
        cuts = sorted({len(contents.plan.predictions[made.number].down_during) for made in carried})
        each = str(cuts[0]) if len(cuts) == 1 else f"{cuts[0]} to {cuts[-1]}"
        numbers = listed([str(made.number) for made in carried])
        steps = f"Step {numbers} restarts a machine" if len(carried) == 1 else f"Steps {numbers} restart a machine each"
        are = "connection is" if cuts == [1] else "connections are"
        kept = f"Other peers carry every service meanwhile{contents.as_assessed}."
        yield f"{steps}: {each} {are} down for about 3 minutes. {kept}"
