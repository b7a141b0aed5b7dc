"""What clients outside dial once they are provisioned, XMPP between C and E, and room systems of the X8 time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography import x509
from pyasn1.codec.der import encoder
from pyasn1.type.char import IA5String

from pkikit.design.legs import legs_of
from pkikit.model.leg import Protocol
from pkikit.model.parties import LegKind
from pkikit.values.other_names import SRV_NAME
from pkikit.worlds.issued_world import issue_world
from simulator.world.craft import CLIENT, DAY, SERVER
from tests.support.asked import ask_both, down
from tests.support.worlds import AT, C1, C2, CLUSTER_E, E1, E2, JABBER, WorldBuilder, changed, deployment, stranger

OUTSIDE = {LegKind.MRA, LegKind.MRA_SIP, LegKind.MRA_XMPP}


@pytest.mark.product("F-04", "F-05", "F-06", "P5-1")
def test_jabber_dials_three_ports_of_each_e_and_shows_no_certificate() -> None:
    """8443 to provision, 5061 for SIP, 5222 for XMPP; only the server presents a certificate."""
    found = [leg for leg in legs_of(deployment()) if leg.kind in OUTSIDE]
    assert {(leg.server, leg.port) for leg in found} == {(e, port) for e in (E1, E2) for port in (8443, 5061, 5222)}
    assert {leg.client for leg in found} == {JABBER}
    assert not any(leg.mutual for leg in found)
    assert down(ask_both(WorldBuilder().world, only=lambda leg: leg.kind in OUTSIDE)) == {}


@pytest.mark.product("F-05")
@pytest.mark.parametrize(
    ("names", "broken"),
    [
        (
            (E1, CLUSTER_E),
            {LegKind.MRA},
        ),  # without the domain, provisioning fails; the name of E is enough for the rest
        (("example.com", CLUSTER_E), set()),
        ((CLUSTER_E,), OUTSIDE),
    ],
)
def test_client_accepts_a_registration_domain_or_the_name_of_e_for_sip_and_xmpp(
    names: tuple[str, ...], broken: set[LegKind]
) -> None:
    """Which name it looks for there no document says, so either counts; the leg says that this is ours."""
    world = WorldBuilder().reissue(E1, names=names).world
    asked = ask_both(world, only=lambda leg: leg.kind in OUTSIDE and leg.server == E1)
    assert {one.leg.kind for one in asked if not one.up} == broken
    said = [check.why for one in asked for check in one.leg.server_name_checks if one.leg.kind is not LegKind.MRA]
    assert all("ours" in why for why in said)


@pytest.mark.product("F-03")
def test_xcp_router_of_c_dials_each_e_and_verifies_it() -> None:
    """7400, XMPP; C verifies chain and peer address, and shows no certificate."""
    found = [leg for leg in legs_of(deployment()) if leg.kind is LegKind.XCP]
    assert {(leg.client, leg.server) for leg in found} == {(c, e) for c in (C1, C2) for e in (E1, E2)}
    assert {(leg.port, leg.protocol, leg.mutual) for leg in found} == {(7400, Protocol.XMPP, False)}
    untrusted = WorldBuilder().reissue(E1, by=stranger()).world
    broken = down(ask_both(untrusted, only=lambda leg: leg.kind is LegKind.XCP))
    assert broken == {f"xcp:uc-traversal:{c}>{E1}": ("trust.issuer-unknown",) for c in (C1, C2)}


@pytest.mark.product("E-08", "E-11")
def test_xcp_verifies_without_revocation_as_its_defaults_say() -> None:
    """SIP TLS checks revocation and refuses; XCP has a switch of its own, which is off by default."""
    from tests.support.worlds.revocation_cases import checked, serial_of

    builder = WorldBuilder()
    world = checked(builder, revoked=(serial_of(builder, E1),)).world
    asked = ask_both(world, only=lambda leg: leg.server == E1 and leg.client == C1)
    assert {one.leg.kind: one.up for one in asked if one.leg.kind in {LegKind.ZONE, LegKind.XCP}} == {
        LegKind.ZONE: False,
        LegKind.XCP: True,
    }


@pytest.mark.parametrize("change", [{"mra": False}, {"im_presence": []}])
def test_client_chats_over_the_edge_only_with_mra_and_im_presence(change: dict[str, object]) -> None:
    """XMPP over the edge needs both."""
    kinds = {leg.kind for leg in legs_of(changed(**change))}
    assert not kinds & {LegKind.XCP, LegKind.MRA_XMPP}
    assert (LegKind.MRA_SIP in kinds) is ("mra" not in change)


def srv_name(text: str) -> x509.OtherName:
    return x509.OtherName(x509.ObjectIdentifier(SRV_NAME), encoder.encode(IA5String(text)))


@pytest.mark.product("P1-4")
@pytest.mark.parametrize(
    ("names", "service", "broken"),
    [
        ((E1,), "_collab-edge._tls.example.com", {LegKind.MRA}),  # Jabber reads dNSNames alone
        ((E1,), "_collab-edge._tls.example.org", {LegKind.MRA, LegKind.MRA_ENDPOINT}),
        ((E1, "example.com"), "_collab-edge._tls.example.org", set()),
    ],
)
def test_room_system_of_the_x8_time_accepts_the_srv_name_and_jabber_does_not(
    names: tuple[str, ...], service: str, broken: set[LegKind]
) -> None:
    """`_collab-edge._tls.DOMAIN` as SRVName counts beside the domain itself (Cisco TAC 211304)."""
    builder = WorldBuilder()
    made = issue_world(changed(mra_endpoints=True), at=AT - DAY, rsa=False)
    builder.world = made.world
    world = builder.reissue(E1, names=names, general=(srv_name(service),), by=made.authority).world
    asked = ask_both(world, only=lambda leg: leg.server == E1 and leg.kind in {LegKind.MRA, LegKind.MRA_ENDPOINT})
    assert {one.leg.kind for one in asked if not one.up} == broken
    assert all(one.verdict.causes == ("names.registration-domain-missing",) for one in asked if not one.up)


@pytest.mark.product("F-16", "A-56")
def test_e_shows_its_client_certificate_to_the_cloud_for_onboarding() -> None:
    """443, with a certificate; without clientAuth the cloud refuses it."""
    cloud = [{"name": "onboarding", "nodes": ["fos-a.example.net"]}]
    made = issue_world(changed(cloud_services=cloud), at=AT, rsa=False)

    def only(leg: object) -> bool:
        return getattr(leg, "kind", None) is LegKind.CLOUD

    asked = ask_both(made.world, only=only)
    assert {(one.leg.client, one.leg.port, one.leg.mutual, one.up) for one in asked} == {
        (e, 443, True, True) for e in (E1, E2)
    }
    from simulator.world.craft import craft

    for ekus, up in (((SERVER,), False), ((CLIENT, SERVER), True)):
        shown = craft((E1,), made.authority, at=AT, ekus=ekus)
        world = made.world.with_party(replace(made.world.parties[E1], credential=shown, client=shown))
        asked = ask_both(world, only=lambda leg: only(leg) and leg.client == E1)
        assert [one.up for one in asked] == [up]
