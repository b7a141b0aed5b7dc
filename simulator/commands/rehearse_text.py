"""A rehearsal for people: the verdict, a line for each state, who refuses whom from which step on, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from pkikit.commands.terminal import console
from pkikit.commands.terminal.layout import unbroken
from pkikit.judge.legs.known_parts import State
from pkikit.model.leg import machines_of_id
from pkikit.text import counted, listed
from pkikit.view.connections.cause_words import cause_in_words
from pkikit.view.short_names import ShortNames
from simulator.commands.rehearse_progress import dialled, kept_up, predicted
from simulator.rehearsal.results import Break, Cause, Connection, Rehearsal, RehearsedState
from simulator.rehearsal.route import Phase
from simulator.rehearsal.sabotage import Kind

if TYPE_CHECKING:
    from rich.console import Console

# So many connections of one cause are listed; the others are a number.
_LISTED = 8


def show_rehearsal(out: Console, found: Rehearsal, *, verbose: bool = False) -> None:
    """Print a rehearsal.

    Args:
        out: where to print.
        found: what it found.
        verbose: every connection that is down in every state, with full ids.
    """
    names = ShortNames.of_ids(c.id for state in found.states for c in state.connections)
    console.headline(out, verdict(found))
    for line in _lines_below(found):
        console.say(out, line, indent=2)
    columns = ("", "step", "dialled", "predicted", "kept up", "time")
    console.table(
        out, columns, [_row(state) for state in found.states], title="Every connection, dialled in each state:"
    )
    _show_differences(out, found, names, verbose=verbose)
    _show_unannounced(out, found, names, verbose=verbose)
    _show_breaks(out, found, names, verbose=verbose)
    for note in found.notes:
        console.section(out, note if verbose else names.machines_in_text(note))
    _show_end(out, found, names, verbose=verbose)


def verdict(found: Rehearsal) -> str:
    """Return the answer in one or two sentences."""
    steps = counted(found.steps, "step") if found.steps else "no steps"
    what = f"{found.deployment}, {steps}" if found.sabotage is None else f"{found.deployment}, {found.sabotage}"
    if found.differences:
        wrong = len({connection.id for _, connection in found.differences})
        is_one = "1 connection is" if wrong == 1 else f"{wrong} connections are"
        return f"✘ {what}: {is_one} not as predicted. This is an error in pkikit or in the lab; please report it."
    if found.problems:
        state = found.problems[0][0]
        return f"✘ {what}: {_place(state)} does not do what the plan says."
    if found.unannounced:
        lost = len({leg for _, leg in found.unannounced})
        goes = "1 connection goes" if lost == 1 else f"{lost} connections go"
        return f"✘ {what}: {goes} down although the plan does not announce it."
    if found.refused:
        first = found.breaks[0].state
        is_refused = "1 connection is" if len(found.refused) == 1 else f"{len(found.refused)} connections are"
        return f"✘ {what}: {is_refused} refused, first at {_place(first)}, as predicted."
    if _unknown(found) and not found.handshakes and not found.not_dialled:
        return f"? {what}: nothing was dialled, because files are missing."
    assessed = "no connection" if not _unknown(found) else "no assessed connection"
    if found.not_dialled:
        return f"✔ {what}: {assessed} is refused. {_judged_only(found)}"
    return f"✔ {what}: {assessed} is refused, and {_agreement(found)}."


def _agreement(found: Rehearsal) -> str:
    handshakes = found.handshakes
    return "the handshake is as predicted" if handshakes == 1 else f"all {handshakes:,} handshakes are as predicted"


def _judged_only(found: Rehearsal) -> str:
    """Return what was not dialled, and what is known then."""
    every = max(len(state.connections) for state in found.states)
    are = "is" if len(found.not_dialled) == 1 else "are"
    judged = f"{len(found.not_dialled)} of {counted(every, 'connection')} {are} judged only, because private keys are missing"
    return f"{judged}; {_agreement(found)}." if found.handshakes else f"{judged}: nothing was dialled."


def _unknown(found: Rehearsal) -> int:
    """Return how many connections are not assessed because files are missing."""
    return max((state.count(State.NOT_ASSESSED) for state in found.states), default=0)


def _lines_below(found: Rehearsal) -> Iterator[str]:
    """Yield what the verdict leaves out: held connections, services, what was dialled, and how long it took."""
    lost = {leg for state in found.states for leg in set(state.dropped) - set(state.moved)}
    kept = max((state.held[1] for state in found.states), default=0)
    if kept and not found.unannounced and not found.refused:
        yield _kept(kept, len(lost))
        moved = {leg for state in found.states for leg in state.moved}
        if moved:
            connect = "1 of them connects" if len(moved) == 1 else f"{len(moved)} of them connect"
            yield f"{connect} again because a setting leads elsewhere."
    for state in found.states:
        if state.phase is Phase.OFF:
            down = state.count(State.DOWN)
            are = "1 connection is" if down == 1 else f"{down} connections are"
            services = f", and no other peer carries {listed(state.services)}" if state.services else ""
            yield f"While {state.says}, {are} down{services}."
    if found.refused and not found.differences:
        yield f"The prediction agrees: {_agreement(found)}." if found.handshakes else _judged_only(found)
    before = f", {found.continued} of them before the interruption" if found.continued else ""
    yield f"{counted(len(found.states), 'state')}{before}, dialled in {found.seconds:.1f} s."


def _kept(kept: int, lost: int) -> str:
    """Return when the connections that zones keep up go down, in sentences."""
    are = "1 connection is" if kept == 1 else f"{kept} connections are"
    first = f"{are} kept up all the time, as zones do"
    if not lost:
        return f"{first}, and {'it does not go' if kept == 1 else 'none of them goes'} down."
    who = (
        "It goes"
        if kept == 1
        else "They go"
        if lost == kept
        else "1 of them goes"
        if lost == 1
        else f"{lost} of them go"
    )
    of = "its" if who.startswith(("It ", "1 ")) else "their"
    return f"{first}. {who} down only while one of {of} machines does not answer, as announced."


def _place(state: RehearsedState) -> str:
    if not state.number:
        return "the beginning"
    return f"step {state.number} ({state.says})"


def _row(state: RehearsedState) -> tuple[str, ...]:
    between = state.phase in {Phase.DURING, Phase.LATER, Phase.OFF, Phase.BACK}
    number, says = ("", f"  {state.says}") if between else (str(state.number), state.says)
    return number, says, dialled(state), predicted(state), kept_up(state), f"{state.seconds:.1f} s"


def _some(names: ShortNames, ids: Iterable[str], *, verbose: bool) -> str:
    every = list(ids)
    if verbose:
        return ", ".join(every)
    shown = [names.connection(leg) for leg in every[:_LISTED]]
    more = [f"{len(every) - len(shown)} more"] if len(every) > len(shown) else []
    return listed([unbroken(text) for text in (*shown, *more)])


def _show_differences(out: Console, found: Rehearsal, names: ShortNames, *, verbose: bool) -> None:
    """Print what is not as predicted: which connections, what was predicted, and what the handshakes did."""
    for state in found.states:
        same: dict[str, list[Connection]] = {}
        for connection in state.differences:
            same.setdefault(_was(connection), []).append(connection)
        if same:
            console.section(out, f"✘ At {_place(state)}, not as predicted:")
        for was, members in same.items():
            console.say(out, f"Predicted {members[0].predicted.words}, {was}:", indent=4)
            console.say(out, _some(names, (one.id for one in members), verbose=verbose), indent=6)
            if members[0].says:
                console.say(out, names.in_text(members[0].says), indent=6)


def _was(found: Connection) -> str:
    if found.state is found.predicted:
        return "up when dialled, but the zone's own connection stays down"
    why = f" ({', '.join(found.causes)})" if found.causes else ""
    return f"found {found.state.words}{why}"


def _show_unannounced(out: Console, found: Rehearsal, names: ShortNames, *, verbose: bool) -> None:
    for state, says in found.problems:
        console.section(out, f"✘ At {_place(state)}: {says}")
    for state in found.states:
        if state.unannounced:
            console.section(out, f"✘ On the way to {_place(state)}, without announcement:")
            console.say(out, f"Down: {_some(names, state.unannounced, verbose=verbose)}", indent=4)


def _show_breaks(out: Console, found: Rehearsal, names: ShortNames, *, verbose: bool) -> None:
    """Print what begins to be refused, state by state: who refuses whom, why, which connections, and until when."""
    breaks: dict[int, list[Break]] = {}
    for one in found.breaks:
        breaks.setdefault(id(one.state), []).append(one)
    lost: set[str] = set()
    for members in breaks.values():
        state = members[0].state
        at = "On the way back, at" if state.undo else "At"
        is_refused = "1 connection is" if len(members) == 1 else f"{len(members)} connections are"
        console.section(out, f"✘ {at} {_place(state)}: {is_refused} refused")
        for cause in state.why:
            of_cause = [one for one in members if one.connection.id in cause.legs]
            if of_cause:
                _show_cause(out, cause, of_cause, names, verbose=verbose)
        if services := [service for service in state.services if service not in lost]:
            console.say(out, f"Down with them: {listed(services)}", indent=4)
            lost.update(services)


def _show_cause(out: Console, cause: Cause, breaks: list[Break], names: ShortNames, *, verbose: bool) -> None:
    says = cause.says if verbose else cause_in_words(cause.says, names, cause.rule)
    console.say(out, f"{says} [{cause.rule}]", indent=4)
    ids = [one.connection.id for one in breaks]
    console.say(out, f"Down ({len(ids)}): {_some(names, ids, verbose=verbose)}", indent=4)
    if ends := [one.until for one in breaks if one.until is not None]:
        last = max(ends, key=lambda state: state.at)
        console.say(out, f"Until {_place(last)}.", indent=4)
    else:
        console.say(out, f"Fix: {names.in_text(cause.fix)}", indent=4)


def _show_end(out: Console, found: Rehearsal, names: ShortNames, *, verbose: bool) -> None:
    if found.no_way_back:
        console.section(
            out,
            f"From step {found.no_way_back} on there is no way back in the reverse order without refused connections.",
        )
    elif found.sabotage is not None and found.sabotage.kind is Kind.ROLL_BACK and not found.refused:
        console.section(out, f"Steps {found.sabotage.step} to 1 can be undone without a refused connection.")
    if found.not_dialled and (found.refused or found.differences or found.unannounced or found.problems):
        console.section(out, _judged_only(found))
    if found.not_dialled:
        console.section(
            out,
            "For handshakes on all of them, import the files again with pkikit import --rekey: the lab then has keys of its "
            "own, and all verdicts stay the same.",
        )
    unknown = _unknown(found)
    if unknown and not any("not assessed" in note for note in found.notes):
        console.section(out, f"? {counted(unknown, 'connection')} not assessed, because files are missing.")
    used = [c.connection.id for c in found.breaks]
    used += [leg for _, leg in found.unannounced] + [c.id for _, c in found.differences]
    machines = [*(state.machine for state in found.states), *_machines(used)]
    if not verbose and (legend := names.legend(machines)):
        console.section(out, legend)


def _machines(ids: Iterable[str]) -> list[str]:
    return [name for leg in ids for name in machines_of_id(leg)]
