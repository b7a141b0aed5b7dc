"""Another name of Expressway-E as peer address: a dual NIC without split DNS."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pkikit.design.legs import legs_of
from pkikit.design.san import design_sans
from pkikit.errors import DeploymentError
from pkikit.judge.legs.leg_verdict import judge_all_legs
from pkikit.model.deployment import Deployment
from pkikit.model.parties import Role
from pkikit.model.trace import Outcome
from simulator.wire.memory import MemoryDialler
from simulator.world.craft import DAY, craft
from simulator.world.issued_world import issue_world
from tests.support.worlds import AT, E1, changed, deployment

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
