"""The conditions and test cases of Cisco TAC 225693 and the FAQ of Cisco TAC 225482, judged and on real handshakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from cryptography import x509

from pkikit.design.legs import legs_of
from pkikit.design.services import ServiceName, services_of
from pkikit.errors import InputError
from pkikit.judge.legs.leg_verdict import judge_leg
from pkikit.model.leg import Leg
from pkikit.model.trace import Outcome, Side
from pkikit.model.world import World
from pkikit.worlds.issued_world import issue_world
from simulator.wire.memory import MemoryDialler
from simulator.world.craft import DAY, SERVER
from simulator.world.fault_context import FaultContext
from simulator.world.faults import EkuChecking, Reissue
from simulator.world.upgrade import upgraded
from tests.support.worlds import AT, C1, E1, JABBER, WorldBuilder, changed, issued
from tests.support.worlds.eku_worlds import (
    C_ONLY,
    CUBE,
    NEIGHBOUR,
    S1,
    S2,
    SC1,
    SC2,
    WEBEX,
    Stores,
    certificate,
    eku_world,
)

BOTH_S2, BOTH_SC1, BOTH_SC2, BOTH_S1 = (S2, S2), (SC1, SC1), (SC2, SC2), (S1, S1)


def states(world: World, only: Callable[[Leg], bool] = lambda leg: True) -> dict[str, bool]:
    """Whether each leg is up, by its id; handshake and judge say the same."""
    dialler, found = MemoryDialler(world, AT), {}
    for leg in filter(only, legs_of(world.deployment)):
        verdict, trace = judge_leg(leg, world, AT), dialler.dial(leg)
        assert (trace.outcome is Outcome.ACCEPTED) == verdict.accepted, (leg.id, verdict.causes)
        assert trace.rejected_by == verdict.rejected_by, leg.id
        found[leg.id] = verdict.accepted
    return found


def service(world: World, found: Mapping[str, bool], name: ServiceName) -> bool:
    """Whether a service works at E, by the legs that are up."""
    (wanted,) = (s for s in services_of(world.deployment) if s.name is name and s.peer == E1)
    return not any(need.missing(lambda leg: found[leg]) for need in wanted.needs)


def starting(found: Mapping[str, bool], start: str) -> set[bool]:
    return {up for leg, up in found.items() if leg.startswith(start)}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a table: the stores, and what is up. None: the table says nothing about it."""

    version: str = "X15.5"
    c: Stores
    e: Stores
    checking: bool = True
    zone: bool
    tunnel: bool
    mra: bool | None
    web: bool | None = None
    registration: bool | None = None


CONDITIONS = [
    (("A-21", "A-70", "A-72"), Row(c=BOTH_S2, e=BOTH_S2, zone=False, tunnel=False, mra=False, web=False)),
    (("A-08", "A-22", "A-70"), Row(c=BOTH_S2, e=BOTH_S2, checking=False, zone=True, tunnel=False, mra=False, web=False)),
    (("A-23", "A-33", "A-71"), Row(c=(SC1, S2), e=BOTH_S2, zone=True, tunnel=True, mra=True, web=True)),
    (("A-24",), Row(c=(SC1, S2), e=BOTH_S2, checking=False, zone=True, tunnel=True, mra=True, web=True)),
    # Clients outside trust no private CA: the pop-up of the document. Inside, everything is up.
    (("A-25",), Row(c=BOTH_SC1, e=BOTH_SC1, zone=True, tunnel=True, mra=False)),
    (("A-25",), Row(c=BOTH_S1, e=BOTH_SC1, zone=False, tunnel=False, mra=False)),
    (("A-27",), Row(c=BOTH_SC1, e=BOTH_S2, zone=True, tunnel=True, mra=True, web=True)),
    (("A-27",), Row(c=BOTH_SC1, e=BOTH_S2, checking=False, zone=True, tunnel=True, mra=True, web=True)),
    (("A-44", "A-73"), Row(version="X14.3", c=BOTH_SC2, e=BOTH_S2, zone=True, tunnel=True, mra=False, registration=False)),
    (("A-44",), Row(version="X14.3", c=BOTH_SC2, e=BOTH_SC2, zone=True, tunnel=True, mra=True, registration=True)),
    (("A-45", "A-73"), Row(version="X15.4", c=BOTH_SC2, e=BOTH_S2, zone=True, tunnel=True, mra=True)),
    (("A-46", "A-70"), Row(version="X15.4", c=BOTH_S2, e=BOTH_S2, zone=False, tunnel=False, mra=False)),
    (("A-46",), Row(version="X14.3", c=BOTH_S2, e=BOTH_SC2, zone=False, tunnel=False, mra=False, registration=False)),
    # Before X15.5 there is no switch: the key of the file has no effect.
    (("A-10",), Row(version="X15.4", c=BOTH_S2, e=BOTH_S2, checking=False, zone=False, tunnel=False, mra=False)),
]  # fmt: skip


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, id=f"{'+'.join(ids)}-{row.version}-{number}", marks=pytest.mark.product(*ids))
        for number, (ids, row) in enumerate(CONDITIONS)
    ],
)
def test_condition_has_exactly_the_published_connections(row: Row) -> None:
    """Zone, SSH tunnel, registration and services, as the documents state them."""
    world = eku_world(row.version, row.c, row.e, checking=row.checking)
    found = states(world)
    assert starting(found, "zone:uc") == {row.zone}
    assert starting(found, "tunnel:uc") == {row.tunnel}
    assert starting(found, "mra-registration:") == ({row.registration} if row.registration is not None else set())
    if row.mra is not None:
        assert service(world, found, ServiceName.MRA) is row.mra
    if row.web is not None:
        assert service(world, found, ServiceName.WEB_PROXY) is row.web


@pytest.mark.product("A-25", "A-34")
def test_private_certificates_work_with_clients_that_trust_their_root() -> None:
    """Condition 3: without the private root a client stops at the certificate; with it, everything works."""
    world = eku_world("X15.5", BOTH_SC1, BOTH_SC1)
    mra = f"mra:example.com:{JABBER}>{E1}"
    assert states(world)[mra] is False
    client = world.parties[JABBER].trusting(world.parties[C1].trusted_ca_list)
    assert all(
        up for leg, up in states(world.with_party(client)).items() if leg.startswith(("mra", "zone:uc", "tunnel"))
    )


def _outbound(world: World) -> dict[str, bool]:
    return states(world, lambda leg: leg.client == E1)


@pytest.mark.product("A-26", "A-28", "A-76")
def test_outbound_of_e_comes_up_where_the_far_end_trusts_and_checks_less() -> None:
    """The far end decides: it must hold the root (condition 3), and must not look for clientAuth (condition 4)."""
    assert not any(_outbound(eku_world("X15.5", BOTH_SC1, BOTH_SC1)).values())
    fourth = eku_world("X15.5", BOTH_SC1, BOTH_S2)
    assert _outbound(fourth) == {f"zone:partner:{E1}>{NEIGHBOUR}": False, f"b2b:webex.example:{E1}>{WEBEX}": False}
    # Our own switch changes nothing there.
    assert not any(_outbound(eku_world("X15.5", BOTH_SC1, BOTH_S2, checking=False)).values())
    lenient = replace(fourth, eku_checking={**fourth.eku_checking, NEIGHBOUR: False, WEBEX: False})
    assert all(_outbound(lenient).values())


@pytest.mark.product("A-20", "A-03")
@pytest.mark.parametrize(("kind", "up"), [(SC2, True), (S2, False)])
def test_upgrade_leaves_every_connection_as_it_was(kind: Any, up: bool) -> None:
    """Condition 1: both stores have the old certificate, so the zone is up if C's certificate had clientAuth."""
    before = eku_world("X15.4", (kind, kind), (kind, kind))
    after = upgraded(before, "X15.5")
    for fqdn in (C1, E1):
        party = after.parties[fqdn]
        assert party.credential is not None
        assert party.client is not None
        assert party.client.leaf.serial_number == party.credential.leaf.serial_number
        assert party.client.key is party.credential.key
        assert before.parties[fqdn].client is None
    for world in (before, after):
        found = states(world)
        assert (starting(found, "zone:uc"), starting(found, "tunnel:")) == ({up}, {up})
    # Another server certificate afterwards does not touch the client store.
    party = after.parties[E1]
    renewed = after.with_party(replace(party, credential=certificate(after.deployment, E1, S2)))
    assert renewed.parties[E1].as_client(5061).credential == before.parties[E1].credential


def _shown(world: World, leg_id: str, side: Side) -> tuple[x509.Certificate, ...]:
    """What one side of a leg showed in a handshake."""
    (leg,) = (leg for leg in legs_of(world.deployment) if leg.id == leg_id)
    trace = MemoryDialler(world, AT).dial(leg)
    assert trace.outcome is Outcome.ACCEPTED, (leg_id, trace.outcome)
    return trace.seen_by_server if side is Side.CLIENT else trace.seen_by_client


@pytest.mark.product("A-01", "A-02", "A-30", "A-31", "A-32", "A-77")
def test_role_decides_which_store_is_shown() -> None:
    """Who opens a connection shows the client store, who accepts one the server store; one list holds both CAs."""
    world = eku_world("X15.5", (SC1, S2), (SC2, S2))
    cli, srv = ({fqdn: getattr(world.parties[fqdn], store) for fqdn in (C1, E1)} for store in ("client", "credential"))
    tftp = [leg for leg in legs_of(world.deployment) if leg.client == C1 and leg.port == 6972]
    opened = [
        (f"zone:uc:{C1}>{E1}", C1), (f"tunnel:uc:{C1}>{E1}", C1), (f"b2b:webex.example:{E1}>{WEBEX}", E1),
        (f"zone:cube:{C1}>{CUBE}", C1), (f"zone:partner:{E1}>{NEIGHBOUR}", E1),
        *((leg.id, C1) for leg in tftp if leg.mutual),
    ]  # fmt: skip
    accepted = [
        (f"zone:uc:{C1}>{E1}", E1), (f"tunnel:uc:{C1}>{E1}", E1), (f"zone:cube:{CUBE}>{C1}", C1),
        (f"zone:partner:{NEIGHBOUR}>{E1}", E1), (f"mra:example.com:{JABBER}>{E1}", E1),
    ]  # fmt: skip
    assert tftp
    for store, other, side, legs in ((cli, srv, Side.CLIENT, opened), (srv, cli, Side.SERVER, accepted)):
        for leg_id, fqdn in legs:
            shown = _shown(world, leg_id, side)
            assert store[fqdn].leaf in shown, leg_id
            assert other[fqdn].leaf not in shown, leg_id
    caller = world.parties[CUBE].credential
    assert caller is not None
    assert caller.leaf in _shown(world, f"zone:cube:{CUBE}>{C1}", Side.CLIENT)  # the accepting Expressway asked for it


@pytest.mark.product("A-08", "A-09", "A-75")
def test_checking_off_skips_client_auth_and_nothing_else() -> None:
    """Off: serverAuth is enough, and needed where purposes are listed; names, chain and dates count as before."""
    zone = f"zone:uc:{C1}>{E1}"

    def up(world: World) -> bool:
        return states(world, lambda leg: leg.id == zone)[zone]

    off = eku_world("X15.5", BOTH_S2, BOTH_S2, checking=False)
    assert up(off)
    assert not up(eku_world("X15.5", (C_ONLY, S2), BOTH_S2, checking=False))
    assert up(eku_world("X15.5", (C_ONLY, S2), BOTH_S2))
    party = off.parties[C1]
    other_name = certificate(off.deployment, NEIGHBOUR, S2)
    assert not up(off.with_party(replace(party, client=other_name)))
    edge = off.parties[E1]
    assert not up(off.with_party(replace(edge, trusted_ca_list=edge.trusted_ca_list[:1])))
    assert not up(off.with_party(replace(party, clock_offset=200 * DAY)))
    assert not up(off.with_party(replace(edge, clock_offset=200 * DAY)))
    # A neighbour that opens: the accepting Expressway's switch decides.
    inbound = f"zone:partner:{NEIGHBOUR}>{E1}"
    server_only = certificate(off.deployment, NEIGHBOUR, S2)
    for checking in (True, False):
        world = eku_world("X15.5", (SC1, S2), BOTH_S2, checking=checking)
        world = world.with_party(replace(world.parties[NEIGHBOUR], credential=server_only))
        assert states(world, lambda leg: leg.id == inbound)[inbound] is not checking


@pytest.mark.product("A-50", "A-75")
@pytest.mark.parametrize("verify", [True, False])
def test_neighbour_zone_of_x15_4_fails_with_verify_mode_on_alone(verify: bool) -> None:
    """E has serverAuth alone: with TLS verify mode on, what E opens fails; with it off, the zone works."""
    world = eku_world("X15.4", BOTH_SC2, BOTH_S2, tls_verify=verify)
    found = states(world, lambda leg: leg.group == "partner")
    assert found == {f"zone:partner:{E1}>{NEIGHBOUR}": not verify, f"zone:partner:{NEIGHBOUR}>{E1}": True}


@pytest.mark.product("A-51", "A-54")
def test_server_only_certificate_serves_browsers_and_combined_one_serves_everything() -> None:
    """HTTPS asks for no clientAuth in any version; a certificate with both purposes works until it ends."""
    for version in ("X14.3", "X15.4", "X15.5"):
        found = states(eku_world(version, BOTH_SC2, BOTH_S2))
        assert starting(found, "web-proxy:") == starting(found, "mra:") == {True}
        assert set(states(eku_world(version, BOTH_SC2, BOTH_SC2)).values()) == {True}


CLUSTERS = [
    ("A-47", "X15.3", "enforce", False),
    ("A-48", "X15.3", "permissive", True),
    ("A-49", "X15.4", "enforce", True),
    ("A-49", "X15.5", "enforce", True),
]


@pytest.mark.parametrize(
    ("version", "mode", "up"),
    [pytest.param(*row, id="-".join(row[:2]), marks=pytest.mark.product(number, "A-74")) for number, *row in CLUSTERS],
)
def test_cluster_link_asks_for_client_auth_before_x15_4_alone(version: str, mode: str, up: bool) -> None:
    """A peer with serverAuth alone: replication breaks where verification is enforced, until X15.3."""
    builder = WorldBuilder().reissue(E1, ekus=(SERVER,))
    world = replace(builder.world, deployment=changed(version=version, clusters__1__cluster_tls=mode))
    found = states(world, lambda leg: leg.relation == "cluster:edge")
    assert found
    assert all(found.values()) is up


@pytest.mark.product("A-21", "A-22", "A-23")
def test_faults_make_the_test_cases_from_a_healthy_lab() -> None:
    """Reissue without clientAuth, switch the check off, give the client store a certificate with clientAuth."""
    deployment = changed(version="X15.5")
    issued_world = issue_world(deployment, at=AT - DAY, rsa=False)
    context = FaultContext(issued_world, AT, rsa=False)

    def after(*faults: Any) -> tuple[set[bool], set[bool]]:
        found = states(context.apply(faults, issued_world.world), lambda leg: leg.client == C1 and leg.server == E1)
        return starting(found, "zone:"), starting(found, "tunnel:")

    first = Reissue(fault="reissue", party=C1, purposes="server")
    off = EkuChecking(fault="eku-checking", party=E1)
    private = Reissue(fault="reissue", party=C1, store="client")
    assert after() == ({True}, {True})
    assert after(first) == ({False}, {False})
    assert after(first, off) == ({True}, {False})
    assert after(first, off, EkuChecking(fault="eku-checking", party=E1, mode="on")) == ({False}, {False})
    assert after(first, private) == ({True}, {True})
    assert after(Reissue(fault="reissue", party=C1, purposes="server", store="server")) == ({True}, {True})
    older = FaultContext(issued(), AT, rsa=False)
    with pytest.raises(InputError, match="has one certificate store"):
        older.apply([private], older.issued.world)
