"""Traversal and neighbour zones: ports, TLS verify mode in both directions, and which names count."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from cryptography import x509

from pkikit.design.legs import legs_of
from pkikit.design.san import design_sans
from pkikit.rules.catalogue import rule_of
from simulator.world.craft import SERVER
from tests.support.asked import ask_both, down
from tests.support.worlds import AT, C1, C2, CLUSTER_C, E1, E2, PARTNER, WorldBuilder, changed, deployment, stranger


def zones(name: str) -> Any:
    return lambda leg: leg.zone == name


def traversal_twice() -> Any:
    """clustered-mra with a second traversal zone, which is not for Unified Communications."""
    listed = deployment().model_dump(mode="json")["zones"]
    more = {**listed[0], "name": "calls", "type": "traversal"}
    return [*listed, more]


@pytest.mark.product("F-01", "E-25", "P5-3")
def test_traversal_zones_listen_from_7001_upwards_and_uc_always_verifies() -> None:
    """C opens; each further zone has the next port; TLS verify mode of a UC zone cannot be off."""
    listed = traversal_twice()
    listed[0]["tls_verify"] = listed[-1]["tls_verify"] = False
    legs = [leg for leg in legs_of(changed(zones=listed)) if leg.zone in {"uc-traversal", "calls"}]
    assert {(leg.zone, leg.port, leg.mutual, leg.client_verifies) for leg in legs} == {
        ("uc-traversal", 7001, True, True),
        ("calls", 7002, False, False),
    }
    assert {leg.client for leg in legs} == {C1, C2}
    assert {leg.port for leg in legs_of(deployment()) if leg.relation == "cluster:core"} == {4372}


@pytest.mark.product("F-18", "E-21", "E-23", "E-24")
def test_each_side_of_a_traversal_zone_looks_for_its_own_name() -> None:
    """C looks for the peer address in E's certificate, E for the TLS verify subject name in C's."""
    world = WorldBuilder().reissue(E1, without=(E1,)).reissue(C2, without=(CLUSTER_C,)).world
    broken = down(ask_both(world, only=zones("uc-traversal")))
    peer, cluster = "names.peer-fqdn-missing", "names.cluster-fqdn-missing"
    assert {leg.rpartition(":")[2]: set(causes) for leg, causes in broken.items()} == {
        f"{C1}>{E1}": {peer},
        f"{C2}>{E1}": {peer, cluster},
        f"{C2}>{E2}": {cluster},
    }


@pytest.mark.product("I-06", "P1-1", "F-18")
@pytest.mark.parametrize(("names", "up"), [((), True), (("other.example.com",), False), ((E1,), True)])
def test_common_name_counts_on_a_zone_only_without_any_san(names: tuple[str, ...], up: bool) -> None:
    """CN or SAN (reference), SAN alone (MRA guide): RFC 5922 reconciles them, and the rule tells the contradiction."""
    world = WorldBuilder().reissue(E1, names=names, common_name=E1).world
    assert (down(ask_both(world, only=lambda leg: leg.zone == "uc-traversal" and leg.server == E1)) == {}) is up
    assert "not the CN" in rule_of("names.reference-not-presented").source


@pytest.mark.product("F-13", "E-19", "A-31")
@pytest.mark.parametrize("verify", [False, True])
def test_neighbour_zone_verifies_in_both_directions_or_not_at_all(verify: bool) -> None:
    """Off: nobody looks at the neighbour's certificate. On: both certificates are judged, in both directions."""
    world = WorldBuilder().deploy(zones__1__tls_verify=verify).reissue(PARTNER, by=stranger("Nobody")).world
    asked = ask_both(world, only=zones("partner"))
    assert {(one.leg.port, one.leg.mutual) for one in asked} == {(5061, verify)}
    assert {one.leg.client for one in asked} == {E1, E2, PARTNER}
    assert {one.up for one in asked} == {not verify}


@pytest.mark.product("E-19", "E-20")
@pytest.mark.parametrize(
    ("names", "common_name", "up"),
    [((PARTNER,), "x.example.net", True), ((), PARTNER, True), (("x.example.net",), PARTNER, False)],
)
def test_neighbour_needs_the_peer_address_in_san_or_as_lone_common_name(
    names: tuple[str, ...], common_name: str, up: bool
) -> None:
    """The peer address of the zone, in both directions."""
    world = WorldBuilder().reissue(PARTNER, names=names, common_name=common_name).world
    asked = ask_both(world, only=zones("partner"))
    assert {one.up for one in asked} == {up}


@pytest.mark.product("A-50", "A-75")
@pytest.mark.parametrize(("verify", "fails"), [(True, {E1}), (False, set())])
def test_server_only_certificate_fails_on_a_verifying_neighbour_zone(verify: bool, fails: set[str]) -> None:
    """X15.4: E has serverAuth alone; with TLS verify mode off, the zone works."""
    world = WorldBuilder().deploy(version="X15.4", zones__1__tls_verify=verify).reissue(E1, ekus=(SERVER,)).world
    broken = down(ask_both(world, only=zones("partner")))
    assert {leg.rpartition(":")[2].partition(">")[0] for leg in broken} == fails
    assert set(broken.values()) <= {("eku.client-auth-missing",)}


@pytest.mark.product("P1-2")
@pytest.mark.parametrize("inside", [True, False])
def test_peer_address_written_as_ip_needs_that_address_in_the_san(inside: bool) -> None:
    """It works as an iPAddress entry, with a warning that an FQDN is better."""
    builder = WorldBuilder().deploy(addresses={E1: "192.0.2.11"}, zones__0__peer_addresses=["192.0.2.11", E2])
    address = x509.IPAddress(ipaddress.ip_address("192.0.2.11"))
    world = builder.reissue(E1, general=(address,) if inside else ()).world
    asked = ask_both(world, only=lambda leg: leg.zone == "uc-traversal" and leg.server == E1)
    assert {one.up for one in asked} == {inside}
    assert {f.rule for one in asked for f in one.verdict.findings} == {"names.ip-address-used"}


@pytest.mark.product("P1-7")
def test_registration_domains_are_no_names_of_c_and_the_rule_tells_what_tac_says() -> None:
    """TAC 213872 advises them on C as well; the guide does not, and nobody looks for them there."""
    assert "example.com" not in design_sans(deployment(), C1).dns_names
    assert "TAC 213872" in rule_of("names.registration-domain-missing").source
    world = WorldBuilder().reissue(C1).world
    assert down(ask_both(world, AT, only=lambda leg: C1 in {leg.client, leg.server})) == {}
