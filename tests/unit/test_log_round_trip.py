"""Whatever the lab writes about a failed connection, diagnose reads: every machine's lines, in every broken world."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from pkikit.design.legs import legs_of
from pkikit.handshake.recorder import Trouble
from pkikit.judge.logs.log_text import diagnose_lines
from pkikit.model.leg import Leg, Protocol
from pkikit.model.parties import LegKind
from pkikit.model.trace import Side
from pkikit.model.world import World
from pkikit.rules.catalogue import rule_of
from pkikit.rules.connection_rules import UNEXPLAINED
from simulator.connections.context import LabContext
from simulator.connections.journal import Journal
from simulator.events import EventLog
from simulator.wire.memory import MemoryDialler
from tests.support.worlds import AT, CASES, Case, WorldBuilder

# A log has one sentence for both: a wrong key usage is a wrong purpose, a swapped certificate has a wrong name.
_SAME = {"key": ("eku",), "cluster": ("names",)}


def _context(world: World) -> LabContext:
    addresses = {name: f"10.9.{n // 200}.{n % 200 + 1}" for n, name in enumerate(world.parties)}
    for leg in legs_of(world.deployment):
        for name in (leg.client, leg.server):
            addresses.setdefault(name, f"10.8.0.{len(addresses) % 250 + 1}")
    made = SimpleNamespace(
        deployment=world.deployment,
        plan=SimpleNamespace(by_name=addresses),
        by_name=addresses,
        events=EventLog(lambda: AT, expressways=world.deployment.peers),
        now_of=lambda fqdn: AT,
    )
    return cast(LabContext, made)


def _write(world: World, leg: Leg) -> tuple[EventLog, bool]:
    """Dial a leg in memory and write what both sides log. True if a certificate was refused by the machine that wrote it."""
    context = _context(world)
    by_name = context.plan.by_name
    client, server = MemoryDialler(world, AT).handshake(leg)
    refused = False
    for side in (client, server):
        side.recorder.remember_chain(side.connection)
        trouble = side.recorder.trouble()
        refused = refused or bool(trouble.code or trouble.looked_for)
        if not trouble.reason:
            continue
        if side.recorder.side is Side.CLIENT:
            journal = Journal(leg.client, by_name[leg.client], context)
            journal.failed(trouble, leg, here=(by_name[leg.client], 25_001), address=by_name[leg.server])
        else:
            journal = Journal(leg.server, by_name[leg.server], context)
            journal.refused(trouble, leg.protocol, caller=(by_name[leg.client], 25_001), port=leg.port)
    return context.events, refused


@pytest.mark.product("C-04", "C-05", "C-06")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_diagnose_reads_every_line_about_a_broken_world(case: Case) -> None:
    """It explains each line; where a machine says why it refused, the reason belongs to the area of the real cause."""
    world = case.broken(WorldBuilder()).world
    affected = [leg for leg in legs_of(world.deployment) if case.affected(leg)]
    for leg in affected:
        events, refused = _write(world, leg)
        for event in events:
            found = diagnose_lines(str(event).splitlines(), where="the log")
            assert found.causes, str(event)
            assert UNEXPLAINED.id not in found.causes, str(event)
        if not refused:
            continue
        together = diagnose_lines("\n".join(map(str, events)).splitlines(), where="the log")
        areas = {rule_of(rule).area for rule in together.causes}
        wanted = {rule_of(rule).area for rule in (case.rule, *case.also)}
        wanted = {name for area in wanted for name in (area, *_SAME.get(area, ()))}
        assert areas & wanted or areas & {"tls"}, (leg.id, together.causes, list(map(str, events)))


def _lines_of(leg: Leg, **changes: object) -> str:
    """What the dialler of a leg prints about a failure."""
    world = WorldBuilder("clustered-full").world
    context = _context(world)
    by_name = context.plan.by_name
    journal = Journal(leg.client, by_name[leg.client], context)
    trouble = Trouble(reason="x", **changes)  # type: ignore[arg-type]
    journal.failed(trouble, leg, here=(by_name[leg.client], 30_000), address=by_name[leg.server])
    return str(next(iter(context.events)))


def _leg(kind: LegKind, client: str = "") -> Leg:
    legs = legs_of(WorldBuilder("clustered-full").world.deployment)
    return next(leg for leg in legs if leg.kind is kind and leg.client.startswith(client))


@pytest.mark.product("P8-2")
def test_traffic_server_has_lines_of_its_own() -> None:
    """As Cisco TAC 218018 prints them: chain and name."""
    leg = _leg(LegKind.UNIFIED_CM_HTTPS)
    chain = _lines_of(leg, code=20)
    assert (
        f"c1 traffic_server[14242]: [ET_NET 2] WARNING: Core server certificate verification failed for ({leg.server})."
        in chain
    )
    assert "Error=unable to get local issuer certificate" in chain
    assert diagnose_lines([chain], where="the log").causes == ("trust.issuer-unknown",)
    name = _lines_of(leg, looked_for=(leg.server,))
    assert f"WARNING: SNI ({leg.server}) not in certificate. Action=Terminate server={leg.server}(" in name
    assert diagnose_lines([name], where="the log").causes == ("names.reference-not-presented",)


@pytest.mark.product("P8-2")
def test_unified_cm_prints_what_it_received_and_expected() -> None:
    """As Cisco TAC 211304 prints it."""
    leg = replace(_leg(LegKind.UNIFIED_CM_SIP), client="ucm1.corp.example.com", server="c1.corp.example.com")
    lines = _lines_of(leg, looked_for=("secure.profiles.corp.example.com",), subject="c1.corp.example.com")
    received = "Rcvd=c1.corp.example.com, Expected=secure.profiles.corp.example.com"
    assert f"validTLSConnection:TLS InvalidX509NameInCertificate, {received}. Will check SAN the next" in lines
    assert f"InvalidX509NameInCertificate Error , did not find matching SAN either, {received}" in lines
    assert "Reason code:2" in lines
    assert diagnose_lines(lines.splitlines(), where="the log").causes[0] == "names.security-profile-missing"


@pytest.mark.product("P8-2")
def test_xcp_router_says_whom_it_cannot_reach() -> None:
    """As Cisco TAC 117811 prints it."""
    context = _context(WorldBuilder("clustered-full").world)
    leg = next(
        leg for leg in legs_of(context.deployment) if leg.protocol is Protocol.XMPP and leg.client.startswith("e1.")
    )
    Journal(leg.client, context.plan.by_name[leg.client], context).unreachable(leg, "10.9.0.7", "Connection refused")
    line = str(next(iter(context.events)))
    assert "e1 XCP_JABBERD[23843]: " in line
    assert f"Unable to connect to host '10.9.0.7', port {leg.port}:(111) Connection refused" in line
    assert diagnose_lines([line], where="the log").causes == ("net.unreachable",)
