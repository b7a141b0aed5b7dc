"""Which services work, as far as the connections that they need are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pkikit.design.services import ServiceName, services_of
from pkikit.judge.legs.service_state import ServiceState, service_states
from pkikit.model.deployment import Deployment
from pkikit.report.content.assessment import Connection, State


@dataclass(frozen=True, kw_only=True)
class ServiceLine:
    """A service at one peer.

    Attributes:
        name: the service.
        cluster: the cluster of the peer.
        peer: the peer.
        state: up, down, or not assessed.
        because: ids of the connections that are down and break it, or that are not assessed and could break it.
    """

    name: ServiceName
    cluster: str
    peer: str
    state: State
    because: tuple[str, ...]


def service_lines(deployment: Deployment, connections: Sequence[Connection]) -> tuple[ServiceLine, ...]:
    """Return the state of each service at each peer that offers it.

    A service is up if it works even when everything unknown is down, and down if it does not work even when everything unknown
    is up.

    Args:
        deployment: the deployment.
        connections: what is known about each of its connections.

    Returns:
        The services, in the order of `services_of`.
    """
    services = services_of(deployment, [c.leg for c in connections])
    at_worst = _by_peer(service_states(services, {c.leg.id: c.state is State.UP for c in connections}))
    at_best = _by_peer(service_states(services, {c.leg.id: c.state is not State.DOWN for c in connections}))
    lines = []
    for service in services:
        worst, best = at_worst[service.name, service.peer], at_best[service.name, service.peer]
        state = State.UP if worst.up else State.NOT_ASSESSED if best.up else State.DOWN
        because = best.because if state is State.DOWN else worst.because
        lines.append(
            ServiceLine(name=service.name, cluster=service.cluster, peer=service.peer, state=state, because=because)
        )
    return tuple(lines)


def _by_peer(states: Sequence[ServiceState]) -> dict[tuple[ServiceName, str], ServiceState]:
    return {(state.name, state.peer): state for state in states if state.peer}
