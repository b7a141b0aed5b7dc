"""Which services work, from the connections that are up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pkikit.design.services import Service, ServiceName, services_of
from pkikit.judge.legs.leg_verdict import judge_all_legs
from pkikit.model.world import World


@dataclass(frozen=True, kw_only=True)
class ServiceState:
    """A service at one peer, or of a whole cluster: a cluster offers it as long as one of its peers does.

    Attributes:
        name: the service.
        cluster: the cluster; empty in the entry of a peer.
        peer: the peer; empty in the entry of a cluster.
        up: whether it works.
        needs: ids of the legs that it may use.
        because: ids of the legs that are down and break it; empty if it works.
    """

    name: ServiceName
    cluster: str = ""
    peer: str = ""
    up: bool
    needs: tuple[str, ...]
    because: tuple[str, ...]

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
            "needs": list(self.needs),
            "because": list(self.because),
        }


def service_states(services: Sequence[Service], up: Mapping[str, bool]) -> tuple[ServiceState, ...]:
    """Return the state of each service: first at its peers, then of their cluster.

    Args:
        services: the services of a deployment.
        up: for each leg, by id, whether it is up. A leg that is not in it does not count as down.

    Returns:
        One state for each service and peer, and one for each service and cluster.
    """
    found: list[ServiceState] = []
    clusters: dict[tuple[ServiceName, str], list[ServiceState]] = {}
    for service in services:
        because: dict[str, None] = {}
        for need in service.needs:
            because.update(dict.fromkeys(need.missing(lambda leg: up.get(leg, True))))
        needs = tuple(dict.fromkeys(leg for need in service.needs for leg in need.legs))
        state = ServiceState(name=service.name, peer=service.peer, up=not because, needs=needs, because=tuple(because))
        clusters.setdefault((service.name, service.cluster), []).append(state)
    for (name, cluster), peers in clusters.items():
        works = any(state.up for state in peers)
        found += peers
        found.append(
            ServiceState(
                name=name,
                cluster=cluster,
                up=works,
                needs=tuple(dict.fromkeys(leg for state in peers for leg in state.needs)),
                because=() if works else tuple(dict.fromkeys(leg for state in peers for leg in state.because)),
            )
        )
    return tuple(found)


def judged_services(world: World, at: datetime) -> tuple[ServiceState, ...]:
    """Return which services work by judgement alone, without any connection."""
    verdicts = judge_all_legs(world, at)
    up = {verdict.leg.id: verdict.accepted for verdict in verdicts}
    return service_states(services_of(world.deployment, [verdict.leg for verdict in verdicts]), up)
