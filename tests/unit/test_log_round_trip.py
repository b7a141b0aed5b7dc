"""Whatever the lab writes about a failed connection, diagnose reads: every machine's lines, in every broken world."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from pkikit.design.legs import legs_of
from pkikit.judge.logs.log_text import diagnose_lines
from pkikit.model.leg import Leg
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
