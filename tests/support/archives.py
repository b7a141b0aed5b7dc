"""Diagnostic archives without a running lab: what the peers of a world would pack, with every connection judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from pkikit.design.legs import legs_of
from pkikit.design.xconfiguration import xconfiguration
from pkikit.judge.legs.leg_verdict import judge_leg
from pkikit.model.world import World
from pkikit.view.connections.leg_report import LegReport
from simulator.events import Event
from simulator.peer.alarms import Surroundings, alarms_of
from simulator.peer.diagnostic_log import Dumps, build_archive, has_client_certificate, status_of
from simulator.peer.state import PeerState
from simulator.world.certificate_snapshots import certificate_snapshots


def archives_of(world: World, at: datetime, events: Mapping[str, Sequence[Event]] | None = None) -> dict[str, bytes]:
    """The archives of all peers, and the certificate snapshots of Unified CM, by file name."""
    judged = [LegReport(leg=leg, verdict=judge_leg(leg, world, at), trace=None) for leg in legs_of(world.deployment)]
    made = {}
    for peer in world.deployment.peers:
        reports = tuple(report for report in judged if peer in {report.leg.client, report.leg.server})
        name, content = build_archive(
            peer,
            world.clock_of(peer, at),
            (events or {}).get(peer, ()),
            dumps=_dumps(peer, world, at, reports),
            party=world.parties[peer],
            version_has_client=has_client_certificate(world.deployment),
            packets=None,
        )
        made[name if name not in made else name.replace(".tar.gz", f"_{peer}.tar.gz")] = content
    return {**made, **certificate_snapshots(world)}


def _dumps(peer: str, world: World, at: datetime, reports: tuple[LegReport, ...]) -> Dumps:
    deployment, party = world.deployment, world.parties[peer]
    around = Surroundings(deployment=deployment, reports=reports, reverse=world.reverse_name(peer))
    state = PeerState(fqdn=peer, certificate=party.credential, client_certificate=party.client).with_party_data(party)
    alarms = alarms_of(state, party, world.clock_of(peer, at), around)
    address = f"10.9.0.{deployment.peers.index(peer) + 1}"
    values = xconfiguration(deployment, peer, world.revocation_settings(peer), address=address)
    return Dumps(configuration=values, status=status_of(peer, deployment, reports, alarms))
