"""One more restart between two steps that one restart would put into effect together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from pkikit.planning.change import Change
from pkikit.planning.enabling.option import Clashes, Option, Replan, Trial, keys_in
from pkikit.planning.steps import Action, Precedence, Step

MOST_TRIALS = 8


def split_restarts(change: Change, clashes: Clashes) -> Iterator[Change]:
    """Yield the change with more restarts, those with the fewest first.

    Args:
        change: with one restart for each machine.
        clashes: why no order exists. Only the machines of their steps restart more often.

    Yields:
        Changes in which part of what a restart puts into effect works from an earlier restart on: settings or certificates, the
        server certificate or the client certificate.
    """
    machines = {change.by_key[key].machine for key in keys_in(clashes) if key in change.by_key}
    found = []
    for cluster in change.today.deployment.clusters:
        own = {s.machine: s for s in change.steps if s.action is Action.RESTART and s.machine in cluster.peers}
        concerned = [peer for peer in cluster.peers if peer in own]
        if not machines & {*concerned, cluster.name}:
            continue
        pending = {key for step in own.values() for key in step.activates}
        for first in _parts(pending, change):
            made = _split(change, own, cluster.peers, first)
            found.append((len(made.steps), made))
    yield from (made for _, made in sorted(found, key=lambda item: item[0]))


def _parts(pending: set[str], change: Change) -> Iterator[frozenset[str]]:
    """Yield what may work earlier: neither nothing nor everything."""
    by_action: dict[Action, set[str]] = {}
    for key in pending:
        by_action.setdefault(change.by_key[key].action, set()).add(key)
    every = {frozenset(keys) for keys in by_action.values()}
    every |= {frozenset(pending - keys) for keys in every}
    yield from sorted((part for part in every if part and part != pending), key=sorted)


def _split(change: Change, own: Mapping[str, Step], peers: tuple[str, ...], first: frozenset[str]) -> Change:
    """Return the change in which these steps work from an earlier restart on."""
    shared = any(change.by_key[key].action is Action.SET for key in first)
    early = [peer for peer in peers if peer in own and (shared or first & set(own[peer].activates))]
    restarts = {
        peer: Step(
            key=f"restart {peer} first",
            action=Action.RESTART,
            machine=peer,
            activates=tuple(key for key in own[peer].activates if key in first),
        )
        for peer in early
    }
    steps, orders = [], list(change.precedences)
    for step in change.steps:
        if step.machine in restarts and step.action is Action.RESTART:
            rest = tuple(key for key in step.activates if key not in first)
            steps += [restarts[step.machine], replace(step, activates=rest)]
            why = "The machine restarts once more, because not everything may work at the same time."
            orders.append(Precedence(first=restarts[step.machine].key, then=step.key, why=why, rule="page"))
            orders += _around(change, restarts[step.machine], first, rest)
        else:
            steps.append(step)
    primary = next(iter(restarts.values()))
    why = f"{primary.machine} is the primary of its cluster, and the primary restarts first (Cisco TAC 217230)."
    orders += [
        Precedence(first=primary.key, then=restart.key, why=why, rule="primary-first")
        for restart in list(restarts.values())[1:]
        if primary.machine == peers[0]
    ]
    return replace(change, steps=tuple(steps), precedences=tuple(orders))


def _around(change: Change, restart: Step, first: frozenset[str], rest: tuple[str, ...]) -> Iterator[Precedence]:
    """Yield what comes before and after an earlier restart: what is pending when a machine restarts works from then on."""
    for key in sorted(first):
        step = change.by_key[key]
        if key in restart.activates or step.action is Action.SET:
            why = "The step works only after a restart, so it comes before the restart."
            yield Precedence(first=key, then=restart.key, why=why, rule="page")
    for key in rest:
        why = "A restart puts everything into effect that is loaded, so this is loaded after it."
        yield Precedence(first=restart.key, then=key, why=why, rule="page")


def with_more_restarts(change: Change, trial: Trial, replan: Replan) -> tuple[Change, Trial] | None:
    """Return the change with the fewest additional restarts with which an order exists.

    Args:
        change: without an order.
        trial: what was found for it.
        replan: orders a change.

    Returns:
        The change and what was found for it; of those without an order, the one that loses least. None if no machine has
        anything to split.
    """
    best: tuple[Change, Trial] | None = None
    for number, made in enumerate(split_restarts(change, trial.clashes)):
        if number >= MOST_TRIALS:
            break
        found = replan(made)
        if found.works:
            return made, found
        if best is None or found.lost_minutes < best[1].lost_minutes:
            best = made, found
    return best


def _first(change: Change, clashes: Clashes) -> Change | None:
    return next(split_restarts(change, clashes), None)


MORE_RESTARTS = Option(
    kind="more-restarts",
    says="Machines restart once more, so that not everything that is loaded works from the same restart on.",
    build=_first,
)
