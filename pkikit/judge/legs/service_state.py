"""Which services work, from the connections that are up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pkikit.design.services import Service, ServiceName, services_of
from pkikit.judge.legs.known_parts import State
from pkikit.judge.legs.leg_verdict import judge_all_legs
from pkikit.model.world import World


@dataclass(frozen=True, kw_only=True)
class ServiceState:
    """A service at one peer, or of a whole cluster: a cluster offers it as long as one of its peers does.

    Attributes:
        name: the service.
        cluster: the cluster; empty in the entry of a peer.
        peer: the peer; empty in the entry of a cluster.
        state: up, down, or not assessed because files are missing.
        needs: ids of the legs that it may use.
        because: ids of the legs that are down and break it; empty if it works, or if nobody knows.
        waits_for: ids of the legs that are not assessed and could break it; empty if it is known to work or not.
    """

    name: ServiceName
    cluster: str = ""
    peer: str = ""
    state: State
    needs: tuple[str, ...]
    because: tuple[str, ...] = ()
    waits_for: tuple[str, ...] = ()

    @property
    def up(self) -> bool:
        """True if it is known to work."""
        return self.state is State.UP

    @property
    def where(self) -> str:
        """The peer or the cluster."""
        return self.peer or f"cluster {self.cluster}"

    @property
    def at_peer(self) -> str:
        """The service and its peer: `mra at e1.example.com`."""
        return f"{self.name.value} at {self.peer}"

    def to_json(self) -> dict[str, Any]:
        """Return one entry of `services`."""
        place = {"peer": self.peer} if self.peer else {"cluster": self.cluster}
        return {
            "name": self.name.value,
            **place,
            "up": self.up,
            "state": self.state.value,
            "needs": list(self.needs),
            "because": list(self.because),
            "waits_for": list(self.waits_for),
        }


def service_states(services: Sequence[Service], legs: Mapping[str, State]) -> tuple[ServiceState, ...]:
    """Return the state of each service: first at its peers, then of their cluster.

    A service is up if it works even when everything unknown is down, and down if it does not work even when everything unknown
    is up.

    Args:
        services: the services of a deployment.
        legs: the state of each leg, by id. A leg that is not in it counts as up.

    Returns:
        One state for each service and peer, and one for each service and cluster.
    """
    found: list[ServiceState] = []
    clusters: dict[tuple[ServiceName, str], list[ServiceState]] = {}
    for service in services:
        because = _breaks(service, lambda leg: legs.get(leg) is not State.DOWN)
        lacking = () if because else _breaks(service, lambda leg: legs.get(leg, State.UP) is State.UP)
        state = ServiceState(
            name=service.name,
            peer=service.peer,
            state=State.DOWN if because else State.NOT_ASSESSED if lacking else State.UP,
            needs=tuple(dict.fromkeys(leg for need in service.needs for leg in need.legs)),
            because=because,
            waits_for=tuple(leg for leg in lacking if legs[leg] is State.NOT_ASSESSED),
        )
        clusters.setdefault((service.name, service.cluster), []).append(state)
    for (name, cluster), peers in clusters.items():
        found += peers
        found.append(_of_cluster(name, cluster, peers))
    return tuple(found)


def _breaks(service: Service, up: Callable[[str], bool]) -> tuple[str, ...]:
    """Return the legs that are not up and break a service, each once."""
    return tuple(dict.fromkeys(leg for need in service.needs for leg in need.missing(up)))


def _of_cluster(name: ServiceName, cluster: str, peers: Sequence[ServiceState]) -> ServiceState:
    states = {peer.state for peer in peers}
    state = next(s for s in (State.UP, State.NOT_ASSESSED, State.DOWN) if s in states)

    def each_once(lists: Iterable[Sequence[str]]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(leg for listed in lists for leg in listed))

    return ServiceState(
        name=name,
        cluster=cluster,
        state=state,
        needs=each_once(peer.needs for peer in peers),
        because=each_once(peer.because for peer in peers) if state is State.DOWN else (),
        waits_for=each_once(peer.waits_for for peer in peers) if state is State.NOT_ASSESSED else (),
    )


def judged_services(world: World, at: datetime) -> tuple[ServiceState, ...]:
    """Return which services work by judgement alone, without any connection."""
    verdicts = judge_all_legs(world, at)
    states = {verdict.leg.id: verdict.state for verdict in verdicts}
    return service_states(services_of(world.deployment, [verdict.leg for verdict in verdicts]), states)
