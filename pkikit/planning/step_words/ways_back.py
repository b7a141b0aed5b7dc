"""How to undo a step, whether that drops something, and from where on nobody can go back for free."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from pkikit.design.restarts import ESTIMATES
from pkikit.model.certificates.facts import key_of
from pkikit.model.tables.product_pages import BACKUP
from pkikit.planning.change import Done
from pkikit.planning.difference.party_steps import held_in
from pkikit.planning.predictions.oracle import SETTINGS
from pkikit.planning.step_words.place_words import Around, certificate_names, list_name, store_name
from pkikit.planning.steps import Action
from pkikit.text import counted

_FREE = "Later, undoing only this step drops nothing more."
Refused = Callable[[Done], Collection[str]]
"""The ids of the connections that a state refuses."""


def undo_of(around: Around, refused: Refused) -> Iterator[str]:
    """Yield how to undo a step, and what that does.

    Args:
        around: the step in its plan.
        refused: judges states that are not in the order, for what undoing drops later.

    Yields:
        Sentences.
    """
    yield _how(around)
    if around.step.action is Action.WAIT:
        return
    if around.step.action is Action.RESTART:
        return
    later = list(_later(around, refused))
    if not around.earlier.refused and not later:
        yield "That drops no connection, now or later."
        return
    yield _at_once(around)
    yield from later or [_FREE]


def _how(around: Around) -> str:
    step = around.step
    match step.action:
        case Action.APPEND_CA:
            return f"Delete {certificate_names(step)} from the {list_name(around)} again."
        case Action.REMOVE_CA:
            return f"Append {around.file} to the {list_name(around)} again."
        case Action.LOAD | Action.LOAD_CLIENT:
            waiting = step.key in around.plan.change.restart_of
            return f"Load the old {store_name(around)} again, with its private key. " + (
                "Before the restart, no other restart is needed." if waiting else "It counts at once."
            )
        case Action.RESTART:
            cut = counted(len(around.later.down_during), "connection")
            return (
                f"You cannot undo a restart. To go back, undo what it puts into effect and restart {around.machine} again: "
                f"{cut} go down for about {ESTIMATES['restart']} minutes once more."
            )
        case Action.SET:
            return "Set the old values again."
        case Action.DNS:
            return "Undo the change of DNS. Other DNS servers keep the old record until its time to live ends."
        case Action.UPGRADE:
            return f"Go back to the old version, and restore the backup that you made before ({BACKUP}). Each peer restarts."
        case Action.WAIT:
            return "Nothing to undo."


def _at_once(around: Around) -> str:
    """Return what undoing does directly after the step: the state before it comes back."""
    refused = around.earlier.refused
    if refused:
        return f"Directly after this step, that brings back the state before it, with {counted(len(refused), 'connection')} down."
    return "Directly after this step, that drops no connection."


def _later(around: Around, refused: Refused) -> Iterator[str]:
    """Yield from which step on undoing this one by itself refuses connections."""
    plan, key = around.plan, around.step.key
    for number in range(around.number + 1, len(plan.order) + 1):
        done = frozenset(plan.order[:number]) - {key}
        known = {refusal.leg for refusal in plan.predictions[number].refused}
        without = set(refused(done)) - known
        if SETTINGS in without:
            yield f"After step {number}, the other settings do not allow that: undo the later steps before it, in reverse order."
            return
        dropped = [leg for leg in plan.predictions[number].legs if leg in without]
        if dropped:
            first = around.names.connection(dropped[0])
            more = f" and {len(dropped) - 1} more" if len(dropped) > 1 else ""
            yield f"After step {number}, undoing only this one drops {first}{more}."
            yield "Undo the later steps before it, in reverse order."
            return


def no_return_of(around: Around) -> str:
    """Return why a step cannot be undone without a loss; empty if it can.

    Args:
        around: the step in its plan.

    Returns:
        One sentence or two.
    """
    step, machine = around.step, around.machine
    match step.action:
        case Action.LOAD | Action.LOAD_CLIENT if _replaces_key(around):
            return (
                f"It replaces the private key of {machine}. Nobody can read that key out of the machine: without a backup made "
                "before this step, the old certificate cannot be loaded again."
            )
        case Action.RESTART if step.activates:
            return f"Going back from here needs another restart of {machine}, which cuts its connections again."
        case Action.UPGRADE:
            return "Going back restarts every peer, and needs the backup of the old version."
        case _:
            return ""


def _replaces_key(around: Around) -> bool:
    step, party = around.step, around.plan.change.today.parties.get(around.step.machine)
    new = step.credential
    old = held_in(party, step.place, around.group) if party is not None else None
    return new is not None and (old is None or key_of(new.leaf) != key_of(old.leaf))
