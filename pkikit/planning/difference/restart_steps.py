"""Restarts: which steps work only after one, and the order of the peers of a cluster.

Sources: administrator guide X15.0, alarms 15028 (server certificate), 15022 (domain certificate), 20020 (TLS verification of a
cluster) and 20007 (peer address); Cisco TAC 217230, 'Restart Sequence'. No document states whether a client certificate needs a
restart: as the lab does, it is treated like a server certificate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pkikit.design.restarts import in_restart_order
from pkikit.model.deployment import Deployment
from pkikit.planning.steps import Action, Precedence, Step


def restart_steps(steps: Iterable[Step], deployment: Deployment) -> tuple[Step, ...]:
    """Return one restart for each Expressway that needs one.

    Args:
        steps: all other steps.
        deployment: today's.

    Returns:
        The restarts, the primary of each cluster first. What a setting of a cluster changes counts from the first restart if it
        verifies more than before, and from the last one otherwise.
    """
    pending: dict[str, list[str]] = {}
    for step in steps:
        peers = _restarted(step, deployment)
        if peers:
            effective = _effective_at(step, peers)
            for peer in peers:
                pending.setdefault(peer, []).extend([step.key] if peer == effective else [])
    return tuple(
        Step(key=f"restart {peer}", action=Action.RESTART, machine=peer, activates=tuple(pending[peer]))
        for peers in in_restart_order(deployment, pending)
        for peer in peers
    )


def _restarted(step: Step, deployment: Deployment) -> tuple[str, ...]:
    """Return the peers that have to restart for a step; the primary first."""
    if step.loads:
        return (step.machine,) if step.machine in deployment.peers else ()
    if step.action is not Action.SET:
        return ()
    if step.renames:
        return tuple(old for old, _ in step.renames if old in deployment.peers)
    cluster = next((c for c in deployment.clusters if c.name == step.machine), None)
    switched = any(change.place.endswith(".cluster_tls") for change in step.settings)
    return cluster.peers if cluster is not None and switched else ()


def _effective_at(step: Step, peers: tuple[str, ...]) -> str:
    """Return the peer whose restart puts a step into effect."""
    relaxes = any(change.new == "permissive" for change in step.settings)
    return peers[-1] if relaxes or step.renames else peers[0]


def restart_precedences(
    steps: Iterable[Step], restarts: Iterable[Step], deployment: Deployment
) -> Iterator[Precedence]:
    """Yield the orders around restarts.

    Args:
        steps: all other steps.
        restarts: the restarts.
        deployment: today's.

    Yields:
        Each load before its restart, and the primary of a cluster before its other peers.
    """
    by_machine = {step.machine: step for step in restarts}
    for step in steps:
        for peer in _restarted(step, deployment):
            what = "setting" if step.action is Action.SET else "certificate"
            yield Precedence(
                first=step.key,
                then=by_machine[peer].key,
                why=f"The {what} works only after a restart, so it comes before the restart.",
                rule="page",
            )
    for peers in in_restart_order(deployment, by_machine):
        for peer in peers[1:]:
            yield Precedence(
                first=by_machine[peers[0]].key,
                then=by_machine[peer].key,
                why=f"{peers[0]} is the primary of its cluster, and the primary restarts first (Cisco TAC 217230).",
                rule="primary-first",
            )
