"""Which order reads naturally: the steps of others early, the CAs before the certificates, peer by peer, removals last."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from pkikit.design.restarts import ESTIMATES
from pkikit.planning.change import Change
from pkikit.planning.search.problem import Grouping, Preference
from pkikit.planning.steps import Action, Step

# Minutes that a step takes. Those of a restart and of an upgrade are Cisco's; the others are ours.
MINUTES: Mapping[Action, float] = {
    Action.APPEND_CA: 2.0,
    Action.REMOVE_CA: 2.0,
    Action.LOAD: 3.0,
    Action.LOAD_CLIENT: 3.0,
    Action.RESTART: float(ESTIMATES["restart"]),
    Action.SET: 2.0,
    Action.UPGRADE: 30.0,
    Action.DNS: 5.0,
    Action.WAIT: 0.0,
}
_HAND_OVER, _NEXT_CLUSTER = 1.0, 0.2
_PHASES: Mapping[Action, float] = {
    Action.UPGRADE: 100,
    Action.DNS: 350,
    Action.APPEND_CA: 400,
    Action.SET: 500,
    Action.WAIT: 550,
    Action.LOAD: 600,
    Action.LOAD_CLIENT: 601,
    Action.RESTART: 602,
    Action.REMOVE_CA: 900,
}
_LOADS = frozenset({Action.LOAD, Action.LOAD_CLIENT, Action.RESTART})


def preference_of(change: Change) -> Preference:
    """Return which of the possible orders people prefer.

    Args:
        change: the steps.

    Returns:
        Few hand-overs between owners, restarts cluster by cluster; then the ranks.
    """
    places = {peer: number for number, peer in enumerate(change.today.deployment.peers)}
    clusters = {peer: cluster.name for cluster in change.today.deployment.clusters for peer in cluster.peers}
    slowest = max((step.owner.lead for step in change.steps), default=timedelta(0))
    works = [step for step in change.steps if step.action is not Action.WAIT]
    owners = {step.key: step.owner.name for step in works}
    by_cluster = {s.key: clusters[s.machine] for s in works if s.action in _LOADS and s.machine in clusters}
    return Preference(
        groupings=(
            Grouping(labels=owners, price=_HAND_OVER),
            Grouping(labels=by_cluster, price=_NEXT_CLUSTER),
        ),
        rank={step.key: _rank(step, places, slowest) for step in change.steps},
    )


def _rank(step: Step, places: Mapping[str, int], slowest: timedelta) -> float:
    phase, place = _PHASES[step.action], places.get(step.machine, len(places))
    if step.action in _LOADS:
        return 600 + place + (phase - 600) / 10
    if step.renames and step.machine in places:
        return 600 + place + 0.25  # with the certificate for the new name
    if step.owner.ours:
        return phase + place / 100
    waits = (slowest - step.owner.lead) / timedelta(days=1)
    if step.action is Action.APPEND_CA:
        return 200 + waits  # who takes longest is asked first
    return phase + 50 + waits / 10


def minutes_of(change: Change) -> dict[str, float]:
    """Return how long each step takes, by key.

    Args:
        change: the steps.

    Returns:
        Minutes; a wait takes until its date.
    """
    found = {step.key: MINUTES[step.action] for step in change.steps}
    for step in change.steps:
        if step.until is not None:
            found[step.key] = max(0.0, (step.until - change.at) / timedelta(minutes=1))
    return found
