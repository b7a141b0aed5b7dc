"""Unified CM nodes that System > Server lists by host name or IP address: C dials that, and looks for it."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from typing import Any

import pytest
from cryptography import x509

from pkikit.design.legs import legs_of
from pkikit.errors import DeploymentError
from pkikit.judge.legs.leg_verdict import judge_leg
from pkikit.model.parties import LegKind
from pkikit.worlds.issued_world import IssuedWorld, issue_world
from simulator.connections.addresses import AddressPlan
from simulator.connections.network import inside_names, zone_of
from simulator.threaded import ThreadedLab
from simulator.world.craft import DAY, craft
from tests.support.both_judges import refused
from tests.support.labs import FAST
from tests.support.worlds import AT, UCM1, changed

ADDRESS, HOST = "192.0.2.21", "ucm1"


def made(name: str, **paths: Any) -> IssuedWorld:
    keys = {"version": "X15.5", "unified_cm__0__server_names": {UCM1: name}, **paths}
    return issue_world(changed(**keys), at=AT - DAY, rsa=False)


@pytest.mark.product("P1-2")
@pytest.mark.parametrize(
    ("name", "cause"), [(ADDRESS, "names.ip-address-used"), (HOST, "names.reference-not-presented")]
)
def test_node_that_is_not_listed_by_its_fqdn_is_refused_by_c(name: str, cause: str) -> None:
    """Its certificate has the FQDN alone: every connection with this node fails, and none with the other one."""
    issued = made(name)
    failing = refused(issued.world)
    assert failing == {leg for leg in legs_of(issued.world.deployment) if UCM1 in {leg.server, leg.client}}
    assert {judge_leg(leg, issued.world, AT).causes[0] for leg in failing} == {cause}


@pytest.mark.product("P1-2")
@pytest.mark.parametrize("name", [ADDRESS, HOST])
def test_node_whose_certificate_has_the_listed_name_is_accepted(name: str) -> None:
    """An IP address as iPAddress, a host name as dNSName: both work, and the documents advise against both."""
    issued = made(name)
    general = [x509.IPAddress(ipaddress.ip_address(name))] if name == ADDRESS else []
    names = (UCM1,) if name == ADDRESS else (UCM1, name)
    own = craft(names, issued.authority, at=AT, general=general)
    party = replace(issued.world.parties[UCM1], credential=own, services={})
    assert refused(issued.world.with_party(party)) == set()


def test_host_name_of_a_node_is_in_the_dns_inside_alone() -> None:
    """It leads to this node; outside nobody finds it."""
    wanted = made(HOST).world.deployment
    plan = AddressPlan(wanted)
    try:
        assert zone_of(wanted, plan).addresses[HOST] == [plan.by_name[UCM1]]
    finally:
        plan.close()
    assert HOST in inside_names(wanted)


def test_node_by_address_is_dialled_over_sockets() -> None:
    """The lab finds the machine behind the address, and the handshake refuses its name."""
    with ThreadedLab(made(ADDRESS).world.deployment, settings=FAST) as lab:
        report = lab.check(lambda leg: leg.kind is LegKind.UNIFIED_CM_HTTPS)
        assert {(leg.leg.server, leg.outcome.value) for leg in report.legs if leg.leg.reference_name == ADDRESS} == {
            (UCM1, "rejected")
        }
        assert all(leg.agrees for leg in report.legs)


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ({"ucm9.corp.example.com": ADDRESS}, r"ucm9\.corp\.example\.com is not a node of 'cucm'"),
        ({UCM1: "ucm2.corp.example.com"}, r"ucm2\.corp\.example\.com for ucm1\.corp\.example\.com belongs to another"),
        ({UCM1: HOST, "ucm2.corp.example.com": HOST}, "ucm1 for .* belongs to another machine"),
        ({UCM1: "not a name!"}, "unified_cm"),
    ],
)
def test_server_name_that_cannot_be_is_refused_in_one_sentence(names: dict[str, str], says: str) -> None:
    """A node of another cluster, a name of another machine, or no name at all."""
    with pytest.raises(DeploymentError, match=says):
        changed(unified_cm__0__server_names=names)
