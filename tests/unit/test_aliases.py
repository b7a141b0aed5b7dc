"""Another name of Expressway-E as peer address: a dual NIC without split DNS."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import pytest

from pkikit.design.legs import legs_of
from pkikit.design.san import design_sans
from pkikit.errors import DeploymentError
from pkikit.judge.legs.leg_verdict import judge_all_legs
from pkikit.model.deployment import Deployment
from pkikit.model.parties import Role
from pkikit.model.trace import Outcome
from pkikit.worlds.issued_world import issue_world
from simulator.connections.addresses import AddressPlan
from simulator.connections.network import inside_names, zone_of
from simulator.wire.memory import MemoryDialler
from simulator.world.craft import DAY, craft
from tests.support.asked import ask_both, down
from tests.support.worlds import AT, CLUSTER_E, E1, E2, changed, deployment

PAIR = "single-pair"
INNER = "e-inside.corp.example.com"


def dual_nic(address: str) -> Deployment:
    """single-pair, whose zone dials E by this address, with every name looked at."""
    return changed(PAIR, zones__0__peer_addresses=[address], zones__0__tls_verify=True)


def test_san_of_a_single_e_includes_its_other_dialled_name() -> None:
    """A dual NIC without split DNS: C dials the FQDN of E's inner interface. It is in the SAN, and the leg comes up with it."""
    read = dual_nic(INNER)
    edge = next(p for p in read.peers if read.role_of(p) is Role.EXPRESSWAY_E)
    assert read.peer_aliases == {INNER: edge}
    assert INNER in design_sans(read, edge).dns_names
    assert all(INNER not in design_sans(read, p).dns_names for p in read.peers if p != edge)
    [entry] = [e for e in design_sans(read, edge).entries if e.value == INNER]
    assert any(leg.startswith("zone:") for leg in entry.needed_by)
    world = issue_world(read, at=AT, rsa=False).world
    assert all(v.accepted for v in judge_all_legs(world, AT))
    dialler = MemoryDialler(world, AT)
    assert all(dialler.dial(leg).outcome is Outcome.ACCEPTED for leg in legs_of(read))


@pytest.mark.fires("names.peer-fqdn-missing")
def test_leg_fails_when_the_san_lacks_the_dialled_alias() -> None:
    """The certificate as it was before the second interface: the name that C dials is missing."""
    read = dual_nic(INNER)
    edge = read.peer_aliases[INNER]
    issued = issue_world(read, at=AT - DAY, rsa=False)
    old = craft((edge,), issued.authority, at=AT)
    world = issued.world.with_party(replace(issued.world.parties[edge], credential=old))
    down = [v for v in judge_all_legs(world, AT) if not v.accepted]
    assert {v.leg.reference_name for v in down} == {INNER}
    assert {cause for v in down for cause in v.causes} == {"names.peer-fqdn-missing"}


def test_alias_is_not_assigned_when_its_owner_is_ambiguous() -> None:
    """With two peers nobody can say which one an unknown name means, and a name that belongs to another party is no alias."""
    with pytest.raises(DeploymentError, match="is not in cluster"):
        changed(zones__0__peer_addresses=[E1, "e-inside.corp.example.com"])
    core = next(p for p in deployment(PAIR).peers if deployment(PAIR).role_of(p) is Role.EXPRESSWAY_C)
    with pytest.raises(DeploymentError, match="is not in cluster"):
        dual_nic(core)


INNER_1, INNER_2 = "e1-inner.corp.example.com", "e2-inner.corp.example.com"


def dual_cluster(**further: list[str]) -> Deployment:
    """clustered-mra with two network interfaces on each E: C dials the FQDNs of the inner ones."""
    aliases = {E1: [INNER_1], E2: [INNER_2]} | further
    return changed(zones__0__peer_addresses=[INNER_1, INNER_2], clusters__1__aliases=aliases)


@pytest.mark.product("P1-3")
def test_aliases_of_a_cluster_say_whose_inner_interface_a_zone_dials() -> None:
    """Each name leads to its own peer, whose SAN lists it, and every leg comes up."""
    read = dual_cluster()
    assert read.peer_aliases == {INNER_1: E1, INNER_2: E2}
    assert [INNER_1 in design_sans(read, peer).dns_names for peer in (E1, E2)] == [True, False]
    zone = [leg for leg in legs_of(read) if leg.zone == "uc-traversal"]
    assert {(leg.reference_name, leg.server) for leg in zone} == {(INNER_1, E1), (INNER_2, E2)}
    assert down(ask_both(issue_world(read, at=AT - DAY, rsa=False).world)) == {}


def test_zone_that_dials_an_alias_fails_with_the_certificate_from_before() -> None:
    """e1 kept the certificate with its public names alone: C looks for the inner name."""
    issued = issue_world(dual_cluster(), at=AT - DAY, rsa=False)
    old = craft((E1, CLUSTER_E, "example.com"), issued.authority, at=AT)
    broken = down(ask_both(issued.world.with_party(replace(issued.world.parties[E1], credential=old))))
    assert set(broken.values()) == {("names.peer-fqdn-missing",)}
    assert {leg.partition(":")[0] for leg in broken} == {"zone", "xcp", "mra-registration"}


def test_alias_that_no_zone_dials_is_in_the_san_and_known_outside() -> None:
    """'All aliases must be included': another public name is for the outside, an inner one is not in the external DNS."""
    read = dual_cluster(**{E2: [INNER_2, "video.example.com"]})
    assert {INNER_2, "video.example.com"} <= set(design_sans(read, E2).dns_names)
    hidden = inside_names(read)
    assert INNER_2 in hidden
    assert "video.example.com" not in hidden
    with closing(AddressPlan(read)) as plan:
        shown = zone_of(read, plan).addresses
        assert shown[INNER_2] == shown["video.example.com"] == shown[E2]


@pytest.mark.parametrize(
    ("aliases", "sentence"),
    [
        ({"e9.example.com": [INNER_1]}, "is not a peer of cluster 'edge'"),
        ({E1: [E2]}, "used twice"),
        ({E1: [INNER_1], E2: [INNER_1]}, "used twice"),
    ],
)
def test_alias_of_nobody_or_of_two_is_refused(aliases: dict[str, list[str]], sentence: str) -> None:
    """Every name belongs to one peer."""
    with pytest.raises(DeploymentError, match=sentence):
        changed(clusters__1__aliases=aliases)
