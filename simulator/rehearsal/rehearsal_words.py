"""Steps and states in a line of a table: a step has the title that it has in the plan."""

from __future__ import annotations

from collections.abc import Callable

from pkikit.planning.plan import Plan
from pkikit.planning.step_words.place_words import arounds, short_names, title_of
from simulator.rehearsal.route import Phase, Stop


def words_for(plan: Plan) -> Callable[[Stop], str]:
    """Return the function that names a state of a plan after what led to it, with short names of machines."""
    titles, names = {around.step.key: title_of(around) for around in arounds(plan)}, short_names(plan)

    def words(stop: Stop) -> str:
        off = names.short.get(stop.off or stop.restarts, stop.off or stop.restarts)
        match stop.phase:
            case Phase.BEFORE:
                return "Before the change"
            case Phase.DURING:
                return f"while {off} restarts"
            case Phase.OFF:
                return f"{off} has no power"
            case Phase.LATER:
                return f"before step {stop.number + 1}, on {stop.time(plan.change):%Y-%m-%d}"
            case Phase.BACK:
                return f"{off} is back"
            case _:
                return f"Undo: {titles[stop.key]}" if stop.undo else titles[stop.key]

    return words
