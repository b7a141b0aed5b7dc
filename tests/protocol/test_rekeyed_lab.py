"""A folder without private keys is judged; its counterpart is dialled on real sockets, with the same end of every connection."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from pkikit.model.world import World
from pkikit.view.connections.check_report import CheckReport
from pkikit.worlds.brought import bring_certificates
from simulator.clock import Clock
from simulator.lab.lab import Lab
from tests.support.certs_folder import write_certs, write_rekeyed
from tests.support.labs import FAST
from tests.support.worlds import AT, stranger
from tests.support.worlds.builder import WorldBuilder


def checked(world: World, directory: Path) -> CheckReport:
    """What `expressway-sim check --certs` finds."""

    async def run() -> CheckReport:
        prepare = partial(bring_certificates, directory=directory)
        async with Lab(world.deployment, settings=FAST, clock=Clock.set_to(AT), prepare=prepare) as lab:
            return await lab.check()

    return asyncio.run(run())


def ends(report: CheckReport) -> dict[str, tuple[object, ...]]:
    return {leg.leg.id: (leg.outcome, leg.refused_by, leg.causes[:1]) for leg in report.legs}


def test_counterparts_end_on_real_sockets_as_the_originals_are_judged(tmp_path: Path) -> None:
    """Outcome, refusing machine and first cause of every connection; nobody trusts the CA of one E."""
    builder = WorldBuilder()
    edge = builder.world.deployment.peers[-1]
    world = builder.reissue(edge, by=stranger()).world
    originals = write_certs(world, tmp_path / "originals")
    write_rekeyed(originals, tmp_path / "rekeyed")
    judged, dialled = checked(world, originals), checked(world, tmp_path / "rekeyed")
    assert not any(leg.to_json()["dialled"] for leg in judged.legs if leg.leg.mutual)
    assert all(leg.to_json()["dialled"] for leg in dialled.legs)
    assert {leg.up for leg in dialled.legs} == {True, False}
    assert ends(judged) == ends(dialled)
