"""SSH tunnels: which there are, what they want, and what happens in the published cases of the end of clientAuth."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.design.csr import fast_key
from pkikit.design.legs import legs_of
from pkikit.issue.authority import Authority, create_root
from pkikit.judge.legs.leg_verdict import judge_leg
from pkikit.judge.legs.service_state import judged_services
from pkikit.judge.legs.tunnel_verdict import ssh_algorithm
from pkikit.model.certificates.credential import Credential
from pkikit.model.leg import Leg, Protocol
from pkikit.model.parties import LegKind, Role
from pkikit.model.trace import Failed, Outcome
from pkikit.model.world import Speaks, World
from pkikit.reading import load_certificate
from simulator.wire.memory import MemoryDialler
from simulator.wire.ssh_keys import key_pair, leaf_in
from simulator.world.craft import BOTH, DAY, SERVER, craft
from tests.support.worlds import AT, C1, C2, E1, E2, WorldBuilder, deployment, of_size

PUBLIC = create_root("Public Root CA", at=AT - 400 * DAY)


def legs(world: World, kind: LegKind) -> list[Leg]:
    return [leg for leg in legs_of(world.deployment) if leg.kind is kind]


def both_judges(leg: Leg, world: World) -> bool:
    """Ask pkikit and the wire; they must agree."""
    verdict, outcome = judge_leg(leg, world, AT), MemoryDialler(world, AT).dial(leg).outcome
    assert verdict.accepted == (outcome is Outcome.ACCEPTED), (leg.id, verdict.causes)
    return verdict.accepted


@pytest.mark.product("F-02")
@pytest.mark.parametrize("peers", [1, 2, 4])
def test_each_core_keeps_a_tunnel_to_each_edge(peers: int) -> None:
    """Port 2222, both sides show a certificate, and the ids of the contract."""
    plan = of_size(peers) if peers > 1 else deployment("single-pair")
    tunnels = [leg for leg in legs_of(plan) if leg.kind is LegKind.TUNNEL]
    cores, edges = plan.peers_of(Role.EXPRESSWAY_C), plan.peers_of(Role.EXPRESSWAY_E)
    uc = next((z.name for z in plan.zones if z.type == "unified-communications-traversal"), None)
    wanted = {f"tunnel:{uc}:{core}>{edge}" for core in cores for edge in edges} if uc else set()
    assert {leg.id for leg in tunnels} == wanted
    assert {(leg.port, leg.protocol, leg.mutual) for leg in tunnels} <= {(2222, Protocol.SSH, True)}


def test_traversal_zone_without_unified_communications_has_no_tunnels() -> None:
    """Only a Unified Communications traversal zone has them."""
    plan = WorldBuilder().deploy(zones__0__type="traversal", mra=False).world.deployment
    assert not [leg for leg in legs_of(plan) if leg.kind is LegKind.TUNNEL]


def _credential(kind: str, names: tuple[str, ...], builder: WorldBuilder) -> Credential:
    """`SC1`: both purposes, private CA; `S2`: serverAuth alone, public CA."""
    issuer: Authority = builder.authority if kind.endswith("1") else PUBLIC
    return craft(names, issuer, at=AT, ekus=(SERVER,) if kind.startswith("S2") or kind == "S1" else BOTH)


def stores(c_cli: str, c_srv: str, e_cli: str, e_srv: str, *, switch: bool) -> World:
    """The world of X15.5 with these certificates in the client and server stores of both sides."""
    builder = WorldBuilder().deploy(version="X15.5", clusters__1__eku_checking=switch).trust((PUBLIC.certificate,))
    world = builder.world
    for fqdn, client, server in ((C1, c_cli, c_srv), (C2, c_cli, c_srv), (E1, e_cli, e_srv), (E2, e_cli, e_srv)):
        names = builder.layout(fqdn)
        world = world.with_party(
            replace(
                world.parties[fqdn],
                credential=_credential(server, names, builder),
                client=_credential(client, names, builder),
            )
        )
    return world


CONDITIONS = [
    # C.cli, C.srv, E.cli, E.srv, switch on E, zone, tunnel
    pytest.param("SC1", "SC1", "SC1", "SC1", True, True, True, id="condition 1", marks=pytest.mark.product("A-20")),
    pytest.param("S2", "S2", "S2", "S2", True, False, False, id="test case 1", marks=pytest.mark.product("A-21")),
    pytest.param(
        "S2", "S2", "S2", "S2", False, True, False, id="test case 2", marks=pytest.mark.product("A-22", "A-72", "P2-8")
    ),
    pytest.param("SC1", "S2", "S2", "S2", True, True, True, id="2.1, on", marks=pytest.mark.product("A-23", "A-72")),
    pytest.param("SC1", "S2", "S2", "S2", False, True, True, id="2.1, off", marks=pytest.mark.product("A-24")),
    pytest.param("SC1", "SC1", "SC1", "SC1", False, True, True, id="condition 3", marks=pytest.mark.product("A-25")),
    pytest.param("SC1", "SC1", "S2", "S2", True, True, True, id="condition 4", marks=pytest.mark.product("A-27")),
]


@pytest.mark.parametrize(("c_cli", "c_srv", "e_cli", "e_srv", "switch", "zone", "tunnel"), CONDITIONS)
def test_published_conditions_bring_zone_and_tunnels_up_or_down(
    c_cli: str, c_srv: str, e_cli: str, e_srv: str, switch: bool, zone: bool, tunnel: bool
) -> None:
    """Cisco TAC 225693: the switch brings the zone up and never a tunnel; MRA follows the tunnels."""
    world = stores(c_cli, c_srv, e_cli, e_srv, switch=switch)
    assert {both_judges(leg, world) for leg in legs(world, LegKind.TUNNEL)} == {tunnel}
    traversal = [leg for leg in legs(world, LegKind.ZONE) if {leg.client, leg.server} <= {C1, C2, E1, E2}]
    assert {both_judges(leg, world) for leg in traversal} == {zone}


@pytest.mark.product("A-22")
def test_mra_is_down_because_of_the_tunnels_where_the_switch_is_off() -> None:
    """The zone is up; the service view names the tunnels alone."""
    world = stores("S2", "S2", "S2", "S2", switch=False)
    [cluster] = [s for s in judged_services(world, AT) if s.name == "mra" and s.cluster]
    assert not cluster.up
    assert {leg.id for leg in legs(world, LegKind.TUNNEL)} <= set(cluster.because)
    assert not {leg.id for leg in legs(world, LegKind.ZONE)} & set(cluster.because)


@pytest.mark.product("A-72")
@pytest.mark.parametrize("version", ["X14.2", "X15.4", "X15.5"])
def test_tunnel_wants_client_auth_of_c_in_every_version(version: str) -> None:
    """Without clientAuth in C's certificate the tunnels of C are down, and those of its neighbour are up."""
    builder = WorldBuilder().deploy(version=version)
    world = builder.reissue(C1, ekus=(SERVER,)).world
    assert {leg.client: both_judges(leg, world) for leg in legs(world, LegKind.TUNNEL)} == {C1: False, C2: True}
    [leg] = [leg for leg in legs(world, LegKind.TUNNEL) if (leg.client, leg.server) == (C1, E1)]
    verdict = judge_leg(leg, world, AT)
    assert verdict.causes[0] == "eku.client-auth-missing"
    assert verdict.by_client.accepted


@pytest.mark.product("E-37", "F-17")
@pytest.mark.parametrize(
    ("make", "algorithm"),
    [
        (lambda: fast_key(), "x509v3-ecdsa-sha2-nistp256"),
        (lambda: _key("rsa"), "x509v3-rsa2048-sha256"),
        (lambda: _key("p384"), "x509v3-ecdsa-sha2-nistp384"),
        (lambda: _key("p521"), "x509v3-ecdsa-sha2-nistp521"),
    ],
)
def test_each_documented_kind_of_key_carries_a_tunnel(make, algorithm) -> None:  # type: ignore[no-untyped-def]
    """The four kinds of the documented default: named as SSH names them, and a tunnel comes up with each."""
    builder = WorldBuilder().reissue(E1, key=make()).reissue(C1, key=make())
    leaf = builder.world.parties[E1].credential.leaf  # type: ignore[union-attr]
    assert ssh_algorithm(leaf) == algorithm
    [leg] = [leg for leg in legs(builder.world, LegKind.TUNNEL) if (leg.client, leg.server) == (C1, E1)]
    assert both_judges(leg, builder.world)


def _key(kind: str):  # type: ignore[no-untyped-def]
    from cryptography.hazmat.primitives.asymmetric import ec

    from tests.support.keys import rsa_key

    return rsa_key() if kind == "rsa" else ec.generate_private_key(ec.SECP384R1() if kind == "p384" else ec.SECP521R1())


@pytest.mark.product("E-36")
def test_tunnel_runs_over_the_documented_cipher() -> None:
    """aes256-ctr, as both ends negotiate it."""
    world = WorldBuilder().world
    trace = MemoryDialler(world, AT).dial(legs(world, LegKind.TUNNEL)[0])
    assert "aes256-ctr" in str([str(step) for step in trace.steps])
    assert trace.protocol == "SSH-2.0"


@pytest.mark.fires("tunnel.host-name")
def test_host_name_with_an_underscore_takes_the_tunnels_and_leaves_the_zone() -> None:
    """MRA guide X12.5: portforwarding fails, and the zone works in all other respects."""
    world = _renamed("e_1.example.com")
    tunnels = [leg for leg in legs(world, LegKind.TUNNEL) if leg.server == "e_1.example.com"]
    assert tunnels
    for leg in tunnels:
        assert not both_judges(leg, world)
        assert judge_leg(leg, world, AT).causes == ("tunnel.host-name",)
        assert any(
            isinstance(step.detail, Failed) and "portforwarding" in step.detail.reason
            for step in MemoryDialler(world, AT).dial(leg).steps
        )
    zone = [leg for leg in legs(world, LegKind.ZONE) if (leg.client, leg.server) == (C1, "e_1.example.com")]
    assert [judge_leg(leg, world, AT).accepted for leg in zone] == [True]  # our SIP library refuses such a name


@pytest.mark.near_miss("tunnel.host-name")
def test_host_name_with_a_hyphen_carries_tunnels() -> None:
    """Letters, digits and hyphens are fine."""
    world = _renamed("e-1.example.com")
    tunnels = [leg for leg in legs(world, LegKind.TUNNEL) if leg.server == "e-1.example.com"]
    assert {both_judges(leg, world) for leg in tunnels} == {True}


def _renamed(new: str) -> World:
    """The valid world with e1 under another name."""
    from pkikit.worlds.issued_world import issue_world

    text = deployment().model_dump_json().replace(E1, new)
    return issue_world(type(deployment()).model_validate_json(text), at=AT, rsa=False).world


@pytest.mark.product("P4-2", "P4-1", "I-08")
def test_intermediate_missing_on_c_leaves_the_zone_up_and_takes_the_tunnels() -> None:
    """Cisco TAC 221624: e1 sends its new intermediate, which no list has. The fix names c1's list, and advises a restart."""
    builder = WorldBuilder()
    middle = builder.root.intermediate("New Issuing CA", at=AT - 50 * DAY)
    world = builder.reissue(E1, by=middle).world
    zone = next(leg for leg in legs(world, LegKind.ZONE) if (leg.client, leg.server) == (C1, E1))
    tunnel = next(leg for leg in legs(world, LegKind.TUNNEL) if (leg.client, leg.server) == (C1, E1))
    assert (both_judges(zone, world), both_judges(tunnel, world)) == (True, False)
    [found] = [f for f in judge_leg(tunnel, world, AT).findings if f.rule == "trust.intermediate-missing"]
    assert f"trusted CA list of {C1}" in found.fix
    assert "restart" in found.fix
    assert "contradict" in found.fix
    assert both_judges(tunnel, builder.trust(middle.intermediates, C1).world)  # at once, from the next connection on


def test_unknown_root_on_c_takes_zone_and_tunnel_and_each_has_its_own_fix() -> None:
    """To send a CA beside the leaf helps the zone, never the tunnel: its fix names c1's list alone, and the restart."""
    world = WorldBuilder().reissue(E1, by=create_root("Foreign CA", at=AT - 50 * DAY)).world
    fixes = {}
    for kind in (LegKind.ZONE, LegKind.TUNNEL):
        leg = next(leg for leg in legs(world, kind) if (leg.client, leg.server) == (C1, E1))
        assert not both_judges(leg, world)
        [fixes[kind]] = [f.fix for f in judge_leg(leg, world, AT).findings if f.rule == "trust.issuer-unknown"]
    assert "server certificate file" not in fixes[LegKind.TUNNEL]
    assert f"trusted CA list of {C1}" in fixes[LegKind.TUNNEL]
    assert "to be sure" in fixes[LegKind.TUNNEL]
    assert "to be sure" not in fixes[LegKind.ZONE]


@pytest.mark.product("P1-11")
def test_undecoded_number_in_a_name_takes_the_tunnel_and_an_extension_does_not() -> None:
    """The traversal zone of the same peers is up in both worlds."""
    oid = x509.ObjectIdentifier("1.3.6.1.4.1.55555.2")
    name = x509.Name([x509.NameAttribute(oid, "x"), x509.NameAttribute(x509.NameOID.COMMON_NAME, E1)])
    in_subject = WorldBuilder().reissue(E1, subject=name).world
    in_extension = WorldBuilder().reissue(E1, pointers=(x509.UnrecognizedExtension(oid, b"\x05\x00"),)).world
    for world, up in ((in_subject, False), (in_extension, True)):
        zone = next(leg for leg in legs(world, LegKind.ZONE) if (leg.client, leg.server) == (C1, E1))
        tunnel = next(leg for leg in legs(world, LegKind.TUNNEL) if (leg.client, leg.server) == (C1, E1))
        assert (both_judges(zone, world), both_judges(tunnel, world)) == (True, up)


def test_tunnel_does_not_care_what_other_ports_speak() -> None:
    """E without TLS on its SIP ports still has SSH; E that is switched off has not."""
    world = WorldBuilder().world
    [leg] = [leg for leg in legs(world, LegKind.TUNNEL) if (leg.client, leg.server) == (C1, E1)]
    for speaks, up in ((Speaks.PLAIN, True), (Speaks.TLS_1_0, True), (Speaks.NOTHING, False)):
        other = world.with_party(replace(world.parties[E1], speaks=speaks))
        assert judge_leg(leg, other, AT).accepted is up, speaks


def test_tunnel_looks_for_no_names() -> None:
    """No document says that a tunnel compares names (ours): the zone is down, its tunnel is up."""
    world = WorldBuilder().reissue(E1, names=("other.example.com",), common_name="other.example.com").world
    assert {both_judges(leg, world) for leg in legs(world, LegKind.TUNNEL)} == {True}


def test_end_without_a_usable_key_offers_none() -> None:
    """The key beside E's certificate belongs to another: E refuses, as its record says, and C has not judged anything."""
    world = WorldBuilder().world
    credential = world.parties[E1].credential
    assert credential is not None
    world = world.with_party(replace(world.parties[E1], credential=Credential(chain=credential.chain, key=fast_key())))
    [leg] = [leg for leg in legs(world, LegKind.TUNNEL) if (leg.client, leg.server) == (C1, E1)]
    assert not both_judges(leg, world)
    trace = MemoryDialler(world, AT).dial(leg)
    assert trace.rejected_by == judge_leg(leg, world, AT).rejected_by == "server"


def test_only_the_certificate_itself_crosses_the_wire() -> None:
    """RFC 6187 packs a chain; the ends of a tunnel send their own certificate alone."""
    credential = WorldBuilder().world.parties[E1].credential
    assert credential is not None
    assert len(credential.chain) == 2
    assert leaf_in(key_pair(credential).public_data) == credential.leaf


@pytest.mark.parametrize("data", [b"", b"\x00", b"\xff" * 40, b"\x00\x00\x00\x07ssh-rsa" + b"\x00" * 20])
def test_bytes_of_no_certificate_are_not_read_as_one(data: bytes) -> None:
    """Hostile bytes in place of a certificate: no exception, no certificate."""
    assert leaf_in(data) is None


def test_readers_agree_on_the_packed_certificate() -> None:
    """What comes out is what pkikit's loader makes of the same bytes."""
    credential = WorldBuilder().world.parties[C1].credential
    assert credential is not None
    found = leaf_in(key_pair(credential).public_data)
    assert isinstance(found, x509.Certificate)
    assert load_certificate(found.public_bytes(Encoding.DER)) == credential.leaf
