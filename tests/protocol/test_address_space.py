"""Where the parties of a large deployment stand: more of a kind than a group holds, more groups than a net has."""

from __future__ import annotations

import ipaddress
import socket

import pytest

from pkikit.design.san import design_sans
from pkikit.model.deployment import Deployment
from simulator.connections import addresses
from simulator.connections.addresses import AddressPlan
from simulator.errors import LabError
from tests.support.large import large
from tests.support.worlds import deployment


def addresses_of(wanted: Deployment) -> dict[str, str]:
    plan = AddressPlan(wanted)
    try:
        return {name: address.partition(".")[2].partition(".")[2] for name, address in plan.by_name.items()}
    finally:
        plan.close()


@pytest.mark.parametrize(("neighbours", "clusters"), [(254, 0), (255, 0), (600, 0), (0, 300), (300, 300)])
def test_every_party_has_a_unique_address(neighbours: int, clusters: int) -> None:
    """All different, none outside the net, none among the lab's own services; and this machine can listen there."""
    wanted = large(neighbours, clusters)
    plan = AddressPlan(wanted)
    try:
        assert set(plan.by_name) == set(wanted.parties)
        assert len(set(plan.by_name.values())) == len(plan.by_name)
        for address in plan.by_name.values():
            _, net, group, member = ipaddress.IPv4Address(address).packed
            assert (net, 1 <= group <= 254, 1 <= member <= 254) == (plan.net, True, True)
        with socket.create_server((max(plan.by_name.values(), key=ipaddress.IPv4Address), 0)):
            pass
    finally:
        plan.close()


def test_address_of_a_party_is_stable_without_other_kinds() -> None:
    """A kind without members keeps its place: the addresses in the course and in saved notes stay right."""
    found = addresses_of(deployment("single-pair"))
    assert found == addresses_of(large())
    grown = addresses_of(large(neighbours=3))
    assert {name: grown[name] for name in found if name in deployment("single-pair").peers} == {
        name: found[name] for name in deployment("single-pair").peers
    }


def test_lab_with_too_many_parties_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence with both numbers; the deployment itself is still good for everything that needs no lab."""
    monkeypatch.setattr(addresses, "MEMBERS", 3)
    monkeypatch.setattr(addresses, "GROUPS", 4)
    wanted = large(neighbours=20)
    with pytest.raises(LabError, match=r"has 2\d machines; the lab has addresses for 12 of them"):
        AddressPlan(wanted)
    assert design_sans(wanted, wanted.peers[0]).dns_names
