"""Unified CM by SIP OAuth, IM&P, Unity Connection: their ports, and the certificate and list that each connection meets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pkikit.design.legs import legs_of
from pkikit.design.services import ServiceName, services_of
from pkikit.errors import DeploymentError
from pkikit.judge.legs.leg_verdict import judge_leg
from pkikit.model.deployment import Deployment, deployment_from
from pkikit.model.leg import Leg, Protocol
from pkikit.model.parties import LegKind
from pkikit.model.tables import ports
from pkikit.model.unified_communications import ImPresence, UnifiedCm
from pkikit.worlds.issued_world import IssuedWorld, issue_world
from simulator.world.craft import DAY, craft
from simulator.world.fault_context import FaultContext
from simulator.world.faults import Reissue, Trust
from tests.support.both_judges import refused
from tests.support.worlds import AT, C1, C2, UCM1, changed, deployment, stranger

IMP1, CUC1 = "imp1.corp.example.com", "cuc1.corp.example.com"


def of(wanted: Deployment) -> IssuedWorld:
    return issue_world(wanted, at=AT - DAY, rsa=False)


def kinds(legs: set[Leg]) -> set[LegKind]:
    return {leg.kind for leg in legs}


def oauth(**paths: object) -> Deployment:
    return changed(
        **{"version": "X15.5", "unified_cm__0__mixed_mode": False, "unified_cm__0__sip_oauth": True, **paths}
    )


@pytest.mark.product("F-07")
def test_sip_oauth_has_its_own_port_on_unified_cm_and_5061_on_c() -> None:
    """Each C peer dials 5091 of each node, and each node dials 5061 of each C peer, mixed mode or not."""
    legs = [leg for leg in legs_of(oauth()) if leg.kind is LegKind.UNIFIED_CM_OAUTH]
    assert {(leg.client, leg.server, leg.port) for leg in legs if leg.client == C1 and leg.server == UCM1} == {
        (C1, UCM1, 5091)
    }
    assert {leg.port for leg in legs if leg.server == C1} == {5061}
    assert all(leg.mutual and leg.client_verifies and leg.protocol is Protocol.SIP_TLS for leg in legs)
    assert not [leg for leg in legs_of(oauth(unified_cm__0__sip_oauth=False)) if leg.kind is LegKind.UNIFIED_CM_OAUTH]
    assert not refused(of(oauth()).world)
    assert not refused(of(oauth(unified_cm__0__mixed_mode=True)).world)


@pytest.mark.product("F-07")
def test_sip_oauth_reads_tomcat_trust_and_shows_tomcat() -> None:
    """Cisco TAC 215572: CallManager answers on 5091, but with tomcat's certificate and list."""
    issued = of(oauth(unified_cm__0__mixed_mode=True))
    context = FaultContext(issued, AT, rsa=False)
    fault = Trust(fault="trust", party=UCM1, change="only-stranger", service="tomcat")
    failing = refused(context.apply([fault], issued.world))
    assert {(leg.kind, leg.port) for leg in failing} == {
        (LegKind.UNIFIED_CM_OAUTH, 5091),
        (LegKind.UNIFIED_CM_TFTP, 6971),
    }
    by_stranger = craft((UCM1,), stranger(), at=AT)
    party = issued.world.parties[UCM1]
    failing = refused(issued.world.with_party(replace(party, credential=by_stranger)))
    assert (LegKind.UNIFIED_CM_OAUTH, 5091) in {(leg.kind, leg.port) for leg in failing}
    assert LegKind.UNIFIED_CM_SIP not in kinds(failing)


def test_sip_oauth_before_its_version_is_refused_in_one_sentence() -> None:
    """It came with X12.5."""
    with pytest.raises(DeploymentError, match=r"sip_oauth of 'cucm' needs X12\.5 or later, and this is X8\.11"):
        changed(version="X8.11", unified_cm__0__sip_oauth=True)


@pytest.mark.product("F-10")
def test_c_dials_three_ports_of_im_and_presence() -> None:
    """SOAP on 8443 and XMPP on 7400 always, file transfer on 7336 where it is used."""
    plain = legs_of(changed(version="X15.5"))
    with_files = legs_of(changed(version="X15.5", im_presence__0__file_transfer=True))
    for legs, expected in ((plain, {8443, 7400}), (with_files, {8443, 7400, 7336})):
        assert {leg.port for leg in legs if leg.client == C1 and leg.server == IMP1} == expected
    assert not refused(of(changed(version="X15.5", im_presence__0__file_transfer=True)).world)
    (xmpp,) = {leg.protocol for leg in plain if leg.port == ports.XCP and leg.server == IMP1}
    assert xmpp is Protocol.XMPP


@pytest.mark.product("F-10")
@pytest.mark.parametrize(("version", "failing"), [("X12.5", False), ("X14.0.1", False), ("X14.0.2", True)])
def test_im_and_presence_that_does_not_trust_c_breaks_xmpp(version: str, failing: bool) -> None:
    """The CA of C has to be in cup-xmpp-trust."""
    issued = of(changed(version=version))
    fault = Trust(fault="trust", party=IMP1, change="only-stranger", service="cup-xmpp")
    world = FaultContext(issued, AT, rsa=False).apply([fault], issued.world)
    found = refused(world)
    assert {(leg.kind, leg.client) for leg in found} == (
        {(LegKind.IM_PRESENCE_XMPP, C1), (LegKind.IM_PRESENCE_XMPP, C2)} if failing else set()
    )
    for leg in found:
        assert f"cup-xmpp-trust of {IMP1}" in judge_leg(leg, world, AT).findings[0].fix


@pytest.mark.product("P2-10", "F-10")
@pytest.mark.parametrize("first", ["cup-xmpp", "tomcat"])
def test_cup_xmpp_and_tomcat_with_one_name_the_second_in_the_list_fails(first: str) -> None:
    """Both self-signed, both in C's list: whichever was appended first works, the other one does not."""
    issued = of(deployment())
    both = (C1, C2)
    cup = Reissue(fault="reissue", party=IMP1, port=7400, by="itself", trusted_by=both)
    tomcat = Reissue(fault="reissue", party=IMP1, port=8443, by="itself", trusted_by=both)
    order = [cup, tomcat] if first == "cup-xmpp" else [tomcat, cup]
    world = FaultContext(issued, AT, rsa=False).apply(order, issued.world)
    failing = refused(world)
    expected = LegKind.IM_PRESENCE_HTTPS if first == "cup-xmpp" else LegKind.IM_PRESENCE_XMPP
    assert {(leg.kind, leg.server) for leg in failing} == {(expected, IMP1)}
    assert {judge_leg(leg, world, AT).causes[0] for leg in failing} == {"trust.same-subject-ambiguous"}


@pytest.mark.product("F-10")
@pytest.mark.parametrize(("version", "https"), [("X14.0.7", False), ("X14.0.8", True)])
def test_im_and_presence_with_tls_verify_off_is_verified_by_the_traffic_server_alone(version: str, https: bool) -> None:
    """XMPP does not go through the traffic server, so only SOAP is verified from X14.0.8 on."""
    issued = of(changed(version=version, im_presence__0__tls_verify=False))
    party = replace(issued.world.parties[IMP1], credential=craft((IMP1,), stranger(), at=AT), services={})
    assert kinds(refused(issued.world.with_party(party))) == ({LegKind.IM_PRESENCE_HTTPS} if https else set())


@pytest.mark.product("F-11")
@pytest.mark.parametrize("name", [CUC1, "other.corp.example.com"])
def test_unity_connection_is_verified_on_8443_and_on_7443(name: str) -> None:
    """Voicemail and message waiting show tomcat's certificate; its name counts on both."""
    data = deployment("clustered-full").model_dump(mode="json")
    wanted = deployment_from({**data, "unity_connection": [{"name": "cuc", "nodes": [CUC1]}]})
    issued = of(wanted)
    party = replace(issued.world.parties[CUC1], credential=craft((name,), issued.authority, at=AT))
    failing = {leg.port for leg in refused(issued.world.with_party(party))}
    assert failing == (set() if name == CUC1 else {8443, 7443})


@pytest.mark.product("E-59")
def test_unified_cm_is_added_without_verification_unless_the_file_says_so() -> None:
    """`xCommand CUCM Config Add` disables validation by default. IM&P keeps what files without the key always meant."""
    assert not UnifiedCm(name="cucm", nodes=(UCM1,)).tls_verify
    assert ImPresence(name="imp", nodes=(IMP1,)).tls_verify


def test_mra_needs_configuration_files_and_xmpp() -> None:
    """The connections inside belong to the service that users notice."""
    wanted = oauth(unified_cm__0__mixed_mode=True)
    by_id = {leg.id: leg for leg in legs_of(wanted)}
    needed = {
        by_id[leg].kind
        for service in services_of(wanted)
        if service.name is ServiceName.MRA
        for need in service.needs
        for leg in need.legs
    }
    assert {
        LegKind.UNIFIED_CM_TFTP,
        LegKind.UNIFIED_CM_OAUTH,
        LegKind.IM_PRESENCE_XMPP,
        LegKind.UNIFIED_CM_HTTPS,
    } <= needed
