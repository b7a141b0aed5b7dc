"""Steps and states in a few words, for a line of a table."""

from __future__ import annotations

from collections.abc import Callable

from pkikit.planning.change import Change
from pkikit.planning.steps import Action, Step
from pkikit.view.short_names import ShortNames
from simulator.rehearsal.route import Phase, Stop

_DOES = {
    Action.APPEND_CA: "append CA on",
    Action.REMOVE_CA: "remove CA on",
    Action.LOAD: "load certificate on",
    Action.LOAD_CLIENT: "load client certificate on",
    Action.RESTART: "restart",
    Action.SET: "change settings of",
    Action.UPGRADE: "upgrade",
    Action.DNS: "change DNS for",
}


def step_in_words(step: Step, names: ShortNames) -> str:
    """Return a step in a few words: `append CA on c1`."""
    if step.action is Action.WAIT:
        return f"wait until {step.until:%Y-%m-%d}" if step.until is not None else "wait"
    machine = names.short.get(step.machine, step.machine) or "all machines"
    # A list or a store is named only if the machine has several.
    place = step.place if step.place not in {"", "server", "client"} else ""
    words = f"{_DOES[step.action]} {machine}"
    return f"{words} ({place})" if place else words


def words_for(change: Change, names: ShortNames) -> Callable[[Stop], str]:
    """Return the function that names a state after what led to it."""

    def words(stop: Stop) -> str:
        off = names.short.get(stop.off or stop.restarts, stop.off or stop.restarts)
        match stop.phase:
            case Phase.BEFORE:
                return "before the change"
            case Phase.DURING:
                return f"while {off} restarts"
            case Phase.OFF:
                return f"{off} has no power"
            case Phase.LATER:
                return f"before step {stop.number + 1}, on {stop.time(change):%Y-%m-%d}"
            case Phase.BACK:
                return f"{off} is back"
            case _:
                step = step_in_words(change.by_key[stop.key], names)
                return f"undo: {step}" if stop.undo else step

    return words
