"""Which services work, as far as the connections that they need are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pkikit.design.services import ServiceName, services_of
from pkikit.judge.legs.known_parts import State
from pkikit.judge.legs.service_state import service_states
from pkikit.model.deployment import Deployment
from pkikit.view.connections.leg_report import LegReport


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


def service_lines(deployment: Deployment, connections: Sequence[LegReport]) -> tuple[ServiceLine, ...]:
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
    states = service_states(services, {c.leg.id: c.state for c in connections})
    at_peer = {(state.name, state.peer): state for state in states if state.peer}
    return tuple(
        ServiceLine(
            name=found.name,
            cluster=service.cluster,
            peer=found.peer,
            state=found.state,
            because=found.because or found.waits_for,
        )
        for service, found in ((s, at_peer[s.name, s.peer]) for s in services)
    )
