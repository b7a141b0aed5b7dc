"""The traffic server: what it verifies of the machines inside, and what Unified CM wants of its certificate on TFTP."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.design.legs import legs_of
from pkikit.errors import DeploymentError, EncodingError, InputError
from pkikit.judge.legs.leg_verdict import judge_leg
from pkikit.judge.linting.lint import lint_deployment
from pkikit.model.certificates.credential import Credential
from pkikit.model.leg import Leg
from pkikit.model.parties import LegKind
from pkikit.model.version import ProductVersion
from pkikit.model.world import World
from pkikit.view.topology.picture import draw
from pkikit.worlds.brought import bring_certificates
from pkikit.worlds.issued_world import IssuedWorld, issue_world
from simulator.wire.memory import MemoryDialler
from simulator.world.craft import CLIENT, DAY, SERVER, craft
from simulator.world.fault_context import FaultContext
from simulator.world.faults import Trust
from tests.support.both_judges import refused
from tests.support.worlds import AT, C1, CLUSTER_C, UCM1, changed, stranger

TFTP = {6971, 6972}
OTHER_NODE = "ucm2.corp.example.com"


def made(version: str = "X14.0.8", **paths: object) -> IssuedWorld:
    """Unified CM in non-secure mode, without TLS verify."""
    wanted = changed(
        version=version, **{"unified_cm__0__mixed_mode": False, "unified_cm__0__tls_verify": False, **paths}
    )
    return issue_world(wanted, at=AT - DAY, rsa=False)


def to_unified_cm(legs: set[Leg]) -> set[tuple[str, str, int]]:
    return {(leg.client, leg.server, leg.port) for leg in legs if leg.kind is LegKind.UNIFIED_CM_TFTP}


def distrusting(issued: IssuedWorld, service: str) -> World:
    fault = Trust(fault="trust", party=UCM1, change="only-stranger", service=service)
    return FaultContext(issued, AT, rsa=False).apply([fault], issued.world)


@pytest.mark.product("F-09", "P2-4")
@pytest.mark.parametrize(
    ("service", "ports"),
    [("tomcat", {6971}), ("CallManager", {6972}), ("", TFTP)],
    ids=["tomcat", "callmanager", "both"],
)
def test_unified_cm_in_non_secure_mode_that_does_not_trust_c_breaks_tftp(service: str, ports: set[int]) -> None:
    """One list without C's CA is enough: the connections of that list fail, at Unified CM, and no others."""
    issued = made()
    world = distrusting(issued, service)
    failing = refused(world)
    assert to_unified_cm(failing) == {
        (peer, UCM1, port) for peer in issued.world.deployment.peers[:2] for port in ports
    }
    assert {leg.kind for leg in failing} == {LegKind.UNIFIED_CM_TFTP}
    for leg in failing:
        verdict = judge_leg(leg, world, AT)
        assert (verdict.causes, str(verdict.rejected_by)) == (("trust.issuer-unknown",), "server")
        fix = verdict.findings[0].fix
        assert f"{'CallManager' if leg.port == 6972 else 'tomcat'}-trust of {UCM1}" in fix
        assert "restart Cisco Tomcat, Cisco CallManager and Cisco TFTP" in fix


@pytest.mark.product("F-09")
@pytest.mark.parametrize(
    ("version", "failing"), [("X14.0", False), ("X14.0.1", False), ("X14.0.2", True), ("X14.2", True)]
)
def test_unified_cm_asks_for_cs_certificate_from_x14_0_2_on(version: str, failing: bool) -> None:
    """Before, the traffic server shows no certificate, and an incomplete CallManager-trust harms nobody."""
    assert bool(refused(distrusting(made(version), "CallManager"))) is failing


def test_intermediate_that_nobody_sends_has_to_be_in_the_lists_of_unified_cm() -> None:
    """Root alone in the lists and the leaf alone from C: refused; with the intermediate in both lists it is accepted."""
    issued = made()
    credential = issued.world.parties[C1].credential
    assert credential is not None
    alone, root = Credential(chain=credential.chain[:1], key=credential.key), (issued.root.certificate,)
    world = issued.world.with_party(replace(issued.world.parties[C1], credential=alone, trusted_ca_list=root))
    for node in (UCM1, OTHER_NODE):
        world = world.with_party(replace(world.parties[node], trusted_ca_list=root))
    failing = {leg for leg in refused(world) if leg.kind is LegKind.UNIFIED_CM_TFTP}
    assert {(leg.client, leg.server) for leg in failing} == {(C1, UCM1), (C1, OTHER_NODE)}
    verdict = judge_leg(min(failing, key=lambda leg: leg.id), world, AT)
    assert verdict.causes == ("trust.intermediate-missing",)
    assert "tomcat-trust and CallManager-trust both need the root and the intermediates" in verdict.findings[0].fix
    for node in (UCM1, OTHER_NODE):
        world = world.with_party(world.parties[node].trusting((issued.authority.certificate,)))
    assert to_unified_cm(refused(world)) == set()


@pytest.mark.product("A-32", "A-77", "F-09")
def test_c_shows_its_client_certificate_on_tftp_and_none_on_8443() -> None:
    """Two stores: only the client certificate reaches Unified CM, and only where it asks (Cisco TAC 225693, test case 3)."""
    issued = made("X15.5")
    names = issued.world.parties[C1]
    server_only = craft((C1, CLUSTER_C), issued.authority, at=AT, ekus=(SERVER,))
    client_only = craft((C1, CLUSTER_C), issued.authority, at=AT, ekus=(CLIENT, SERVER))
    world = issued.world.with_party(replace(names, credential=server_only, client=client_only))
    legs = [leg for leg in legs_of(world.deployment) if leg.client == C1 and leg.server == UCM1]
    seen = {leg.port: MemoryDialler(world, AT).dial(leg).seen_by_server for leg in legs}
    assert set(seen) == {8443, *TFTP}
    assert seen[8443] == ()
    for port in TFTP:
        assert client_only.leaf in seen[port]
        assert server_only.leaf not in seen[port]
    assert to_unified_cm(refused(world)) == set()
    swapped = world.with_party(replace(world.parties[C1], client=server_only, credential=client_only))
    assert to_unified_cm(refused(swapped)) == {(C1, node, port) for node in (UCM1, OTHER_NODE) for port in TFTP}


@pytest.mark.product("F-08", "F-11", "P2-3", "P2-5")
@pytest.mark.parametrize(
    ("version", "switch", "verified"),
    [
        ("X14.0.7", True, False),
        ("X14.0.8", True, True),
        ("X14.2", True, True),
        ("X14.2", False, False),
        ("X15.5", False, False),
    ],
)
def test_certificate_of_a_stranger_on_unified_cm_counts_from_x14_0_8_on(
    version: str, switch: bool, verified: bool
) -> None:
    """TLS verify mode is off all the time; from X14.2 on VerifyOriginServer decides."""
    issued = made(version, clusters__0__verify_origin_server=switch)
    world = issued.world.with_party(
        replace(issued.world.parties[UCM1], credential=craft((UCM1,), stranger(), at=AT), services={})
    )
    failing = {(leg.kind, leg.port) for leg in refused(world)}
    everything = {(LegKind.UNIFIED_CM_HTTPS, 8443), (LegKind.UNIFIED_CM_TFTP, 6971), (LegKind.UNIFIED_CM_TFTP, 6972)}
    assert failing == (everything if verified else set())


def test_traffic_server_verifies_nothing_without_mobile_and_remote_access() -> None:
    """No clients outside: no TFTP either."""
    legs = legs_of(made(mra=False).world.deployment)
    assert not [leg for leg in legs if leg.kind is LegKind.UNIFIED_CM_TFTP]
    assert not [leg for leg in legs if leg.kind is LegKind.UNIFIED_CM_HTTPS and leg.client_verifies]


@pytest.mark.product("P2-5")
@pytest.mark.parametrize(
    ("version", "cluster", "says"),
    [("X14.0.8", 0, "from X14.2 on, and this is X14.0.8"), ("X15.5", 1, "is an Expressway-E")],
)
def test_verify_origin_server_where_there_is_no_such_switch_is_refused(version: str, cluster: int, says: str) -> None:
    """One sentence: which version has it, or whose switch it is."""
    with pytest.raises(DeploymentError, match=rf"verify_origin_server.*{says}"):
        changed(version=version, **{f"clusters__{cluster}__verify_origin_server": False})


@pytest.mark.product("P2-3")
def test_maintenance_releases_are_compared_number_by_number() -> None:
    """X14.0.10 comes after X14.0.8 and before X14.2."""
    texts = ["X14.0", "X14.0.2", "X14.0.8", "X14.0.10", "X14.1", "X14.2", "X14.2.5"]
    assert sorted(texts, key=ProductVersion.parse) == texts


def _pem(folder: Path, name: str, *certificates: object) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"".join(c.public_bytes(Encoding.PEM) for c in certificates))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("files", "ports"),
    [
        (["trust.pem"], TFTP),
        (["trust-callmanager.pem"], {6972}),
        (["trust-tomcat.pem"], {6971}),
        (["trust-tomcat.pem", "trust-callmanager.pem"], TFTP),
    ],
)
def test_brought_lists_of_services_replace_trust_pem_for_their_ports(
    tmp_path: Path, files: list[str], ports: set[int]
) -> None:
    """A list that names its service counts for that service; trust.pem for the others."""
    issued = made()
    for name in files:
        _pem(tmp_path / UCM1, name, stranger().root)
    world = bring_certificates(issued.world, tmp_path)
    assert to_unified_cm(refused(world)) == {(p, UCM1, port) for p in world.deployment.peers[:2] for port in ports}


@pytest.mark.parametrize(("name", "content"), [("trust-tomact.pem", ""), ("trust-callmanager.pem", "no certificate")])
def test_brought_list_that_no_service_has_or_that_is_empty_is_refused(tmp_path: Path, name: str, content: str) -> None:
    """A mistyped name would otherwise be ignored without a word."""
    (tmp_path / UCM1).mkdir()
    (tmp_path / UCM1 / name).write_text(content)
    with pytest.raises((InputError, EncodingError), match=name):
        bring_certificates(made().world, tmp_path)


def test_fault_for_a_list_that_a_party_does_not_have_is_refused() -> None:
    """The sentence lists the services."""
    with pytest.raises(InputError, match=rf"{UCM1} has no list for 'cup-xmpp'; it has lists for tomcat, CallManager"):
        distrusting(made(), "cup-xmpp")


@pytest.mark.product("P2-5")
@pytest.mark.parametrize("switch", [True, False])
def test_lint_warns_of_a_traffic_server_that_verifies_nothing(switch: bool) -> None:
    """The documents do not recommend the switch."""
    verdict = lint_deployment(made("X15.5", clusters__0__verify_origin_server=switch).world.deployment)
    found = [e.label for f in verdict.findings if f.rule == "deployment.verification-off" for e in f.evidence]
    assert ("cluster core, VerifyOriginServer" in found) is not switch


def test_lists_of_a_party_have_names_where_there_are_several() -> None:
    """The picture and the clinic's tools print them."""
    issued = made()
    root = issued.root.certificate
    assert issued.world.lists_of(UCM1) == {"": (root,)}
    world = distrusting(issued, "CallManager")
    assert world.lists_of(UCM1) == {"tomcat-trust": (root,), "CallManager-trust": (stranger_root(world),)}
    assert "tomcat-trust: Lab Root CA; CallManager-trust: Acorn Root CA" in draw(world.deployment, world).text


def stranger_root(world: World) -> x509.Certificate:
    return next(c for c in world.known_certificates if "Acorn Root" in c.subject.rfc4514_string())
