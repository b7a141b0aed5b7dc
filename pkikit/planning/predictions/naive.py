"""The usual order, to compare with: certificates first."""

from __future__ import annotations

from collections.abc import Mapping

from pkikit.planning.change import Change
from pkikit.planning.steps import Action

_FIRST: Mapping[Action, int] = {
    Action.WAIT: 0,
    Action.UPGRADE: 1,
    Action.DNS: 2,
    Action.LOAD: 3,
    Action.LOAD_CLIENT: 3,
    Action.SET: 4,
    Action.RESTART: 5,
    Action.APPEND_CA: 6,
    Action.REMOVE_CA: 7,
}


def naive_order(change: Change) -> tuple[str, ...]:
    """Return the order in which people usually do it: certificates and restarts, then the lists of CAs.

    Args:
        change: the steps.

    Returns:
        The keys of all steps. It respects the precedences of pages and restarts, as far as they have an order.
    """
    before: dict[str, set[str]] = {}
    for precedence in change.precedences:
        if precedence.rule == "trust-first":  # that is what the usual order does not do
            continue
        before.setdefault(precedence.then, set()).add(precedence.first)
    number = {step.key: position for position, step in enumerate(change.steps)}
    left = {step.key: _FIRST[step.action] for step in change.steps}
    order: list[str] = []
    while left:
        possible = [key for key in left if not before.get(key, set()) & left.keys()] or list(left)
        chosen = min(possible, key=lambda key: (left[key], number[key]))
        order.append(chosen)
        del left[chosen]
    return tuple(order)
