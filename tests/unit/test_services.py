"""The service view: which connections a service needs, what redundancy saves, and what judgement alone says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pkikit.design.legs import legs_of
from pkikit.design.services import Need, ServiceName, services_of
from pkikit.judge.legs.known_parts import State
from pkikit.judge.legs.service_state import ServiceState, judged_services, service_states
from pkikit.model.parties import LegKind
from tests.support.worlds import AT, C1, C2, E1, E2, WorldBuilder, deployment

SHIPPED = ["single-pair", "clustered-mra", "clustered-full", "voicemail-and-meetings"]


def tunnel(core: str, edge: str) -> str:
    return f"tunnel:uc-traversal:{core}>{edge}"


def state(down: set[str], service: str, where: str, name: str = "clustered-mra") -> ServiceState:
    states = service_states(services_of(deployment(name)), dict.fromkeys(down, State.DOWN))
    return next(s for s in states if s.name == service and where in {s.peer, s.cluster})


@pytest.mark.parametrize("name", SHIPPED)
def test_every_need_is_a_leg_of_the_deployment_and_has_a_source(name: str) -> None:
    """Needs never name a leg that does not exist, and each says where it comes from."""
    known = {leg.id for leg in legs_of(deployment(name))}

    def check(need: Need) -> None:
        assert need.what
        assert need.source
        assert need.ways
        assert set(need.legs) <= known
        for way in need.ways:
            assert way
            for part in way:
                if isinstance(part, Need):
                    check(part)

    for service in services_of(deployment(name)):
        for need in service.needs:
            check(need)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_service_is_up_while_every_leg_is(name: str) -> None:
    """With nothing down, no service is down, at a peer or of a cluster."""
    assert all(s.up and not s.because for s in service_states(services_of(deployment(name)), {}))


def test_services_follow_what_the_deployment_is_configured_for() -> None:
    """A pair without MRA, partners or servers offers none of them; the full deployment has all."""
    assert services_of(deployment("single-pair")) == ()
    full = {service.name for service in services_of(deployment("clustered-full"))}
    assert full == set(ServiceName)
    of_mra = {service.name for service in services_of(deployment("clustered-mra"))}
    assert ServiceName.MRA in of_mra
    assert ServiceName.WEB_PROXY not in of_mra


def test_mra_needs_zone_tunnel_unified_cm_and_clients() -> None:
    """Each kind of connection on the way of a client is among the needs of MRA."""
    [at_e1] = [s for s in services_of(deployment("clustered-mra")) if s.peer == E1]
    kinds = {leg.id: leg.kind for leg in legs_of(deployment("clustered-mra"))}
    needed = {kinds[leg] for need in at_e1.needs for leg in need.legs}
    assert {LegKind.MRA, LegKind.ZONE, LegKind.TUNNEL, LegKind.UNIFIED_CM_HTTPS} <= needed


def test_one_tunnel_down_leaves_mra_up_over_the_other_core() -> None:
    """c2 still reaches e1 and Unified CM."""
    assert state({tunnel(C1, E1)}, "mra", E1).up


def test_both_tunnels_to_a_peer_down_take_mra_there_and_only_there() -> None:
    """MRA is down for users on e2 because of both tunnels; e1 and so the cluster still offer it."""
    down = {tunnel(C1, E2), tunnel(C2, E2)}
    assert state(down, "mra", E2) == ServiceState(
        name=ServiceName.MRA,
        peer=E2,
        state=State.DOWN,
        needs=state(set(), "mra", E2).needs,
        because=(tunnel(C1, E2), tunnel(C2, E2)),
    )
    assert state(down, "mra", E1).up
    assert state(down, "mra", "edge").up


def test_every_tunnel_down_takes_mra_of_the_cluster_and_not_its_b2b_calls() -> None:
    """B2B calls run over the zone, not through tunnels."""
    down = {tunnel(core, edge) for core in (C1, C2) for edge in (E1, E2)}
    cluster = state(down, "mra", "edge")
    assert not cluster.up
    assert set(cluster.because) == down
    assert state(down, "b2b", E1, "clustered-full").up


def test_web_proxy_needs_the_tunnel() -> None:
    """Without any tunnel, browsers outside do not reach the Meeting Server."""
    down = {tunnel(core, E1) for core in (C1, C2)}
    assert state(down, "web-proxy", E1, "voicemail-and-meetings").because == (tunnel(C1, E1), tunnel(C2, E1))


def test_one_node_of_unified_cm_is_enough() -> None:
    """A node that c1 does not reach matters only when no other node and no other core is left."""
    legs = [leg for leg in legs_of(deployment("clustered-mra")) if leg.kind is LegKind.UNIFIED_CM_HTTPS]
    first = legs[0].server
    assert state({leg.id for leg in legs if leg.server == first}, "mra", E1).up
    assert not state({leg.id for leg in legs}, "mra", E1).up


def test_json_names_a_peer_or_a_cluster() -> None:
    """The keys of the contract: name, cluster or peer, up, needs, because; state and waits_for say what is not assessed."""
    down = {tunnel(C1, E2), tunnel(C2, E2)}
    peer, cluster = state(down, "mra", E2).to_json(), state(down, "mra", "edge").to_json()
    assert set(peer) == {"name", "peer", "up", "state", "needs", "because", "waits_for"}
    assert set(cluster) == {"name", "cluster", "up", "state", "needs", "because", "waits_for"}
    assert (peer["name"], peer["peer"], peer["up"]) == ("mra", E2, False)
    assert set(peer["because"]) <= set(peer["needs"])


def test_judgement_alone_gives_the_services_too() -> None:
    """Two years on every certificate has expired: nothing is dialled, and MRA is down."""
    world = WorldBuilder().world
    assert all(s.up for s in judged_services(world, AT))
    assert not any(s.up for s in judged_services(world, AT + timedelta(days=730)))
