"""A running lab follows its configuration: settings, names, versions and renamed machines, without a new lab."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from pkikit.design.legs import legs_of
from pkikit.model.places import deployment_with
from pkikit.model.world import World
from pkikit.view.connections.check_report import CheckReport
from pkikit.worlds.renamed_machines import renames_between
from simulator.errors import LabError
from simulator.threaded import ThreadedLab
from tests.support.labs import IMPATIENT, lab_fixture
from tests.support.wait import eventually
from tests.support.worlds import C1, E1, PARTNER

lab = lab_fixture(settings=replace(IMPATIENT, keepalive=0.2), prepare=ThreadedLab.hold)


@pytest.fixture(autouse=True)
def restored(lab: ThreadedLab) -> Iterator[None]:
    """Every test begins with all connections up, and no loss in sight."""
    well = lab.world
    eventually(lambda: all(link.active for link in lab.links.values()))
    yield
    lab.change(well)


def configured(world: World, **changes: Any) -> World:
    places = {place.replace("__", "."): value for place, value in changes.items()}
    return replace(world, deployment=deployment_with(world.deployment, places))


def checked(lab: ThreadedLab) -> CheckReport:
    """Dial everything; what is found is what was judged, and exactly what is configured."""
    report = lab.check()
    assert {r.leg for r in report.legs} == set(legs_of(lab.deployment)) == set(lab.legs)
    assert [r.leg.id for r in report.legs if not r.agrees] == []
    return report


def down(report: CheckReport) -> set[str]:
    return {r.leg.id for r in report.down}


def test_another_subject_name_refuses_new_connections_and_held_ones_stay(lab: ThreadedLab) -> None:
    """TLS verifies at the handshake: a held zone stays up, and the next handshake fails."""
    dialled, losses = {i: link.dialled for i, link in lab.links.items()}, lab.lab.losses.count
    lab.change(configured(lab.world, zones__0__tls_verify_subject_name="other.example.com"))
    report = checked(lab)
    zone = f"zone:uc-traversal:{C1}>{E1}"
    assert zone in down(report)
    assert any(cause.startswith("names.") for cause in lab.last[zone].causes)
    assert all(link.active for link in lab.links.values())
    assert {i: link.dialled for i, link in lab.links.items()} == dialled
    assert lab.lab.losses.count == losses


def test_pages_show_the_configuration_that_is_in_use_now(lab: ThreadedLab) -> None:
    """Peers read the deployment of the moment."""
    lab.change(
        configured(lab.world, zones__1__tls_verify=False, domains__registration=["example.com", "new.example.org"])
    )
    peer = lab.peers[E1]
    assert peer.lab.deployment is lab.deployment
    assert "new.example.org" in peer.lab.deployment.domains.registration
    assert "new.example.org" in peer.layout.dns_names
    assert not peer.lab.deployment.zones[1].tls_verify  # type: ignore[union-attr]


def test_every_switch_is_followed_by_judgement_and_handshake_alike(lab: ThreadedLab) -> None:
    """Zones, cluster TLS, origin servers, revocation: what the judge says then is what is dialled then."""
    before = lab.world
    for changes in (
        {"zones__1__tls_verify": False},
        {"clusters__0__cluster_tls": "permissive", "clusters__1__cluster_tls": "permissive"},
        {"unified_cm__0__tls_verify": False},
        {"revocation__checking": True},
        {"mra_endpoints": True},
    ):
        wanted = configured(before, **changes)
        if any(n not in wanted.parties for group in wanted.deployment.groups for n in group.members):
            spare = before.parties[wanted.deployment.mra_client]
            wanted = wanted.with_party(replace(spare, fqdn=wanted.deployment.mra_endpoint))
        lab.change(wanted)
        assert checked(lab).accepted, changes


def test_zone_that_ends_takes_its_held_connections_with_it(lab: ThreadedLab) -> None:
    """A zone that is deleted: its connections end, without counting as losses; it comes back as configured again."""
    before, losses = lab.world, lab.lab.losses.count
    zones = [zone.model_dump(mode="json") for zone in before.deployment.zones[:1]]
    lab.change(configured(before, zones=zones))
    assert PARTNER not in {name for link in lab.links.values() for name in (link.leg.client, link.leg.server)}
    assert checked(lab).accepted
    lab.change(before)
    eventually(lambda: lab.links and all(link.active for link in lab.links.values()))
    assert PARTNER in {name for link in lab.links.values() for name in (link.leg.client, link.leg.server)}
    assert lab.lab.losses.count == losses


def test_name_that_begins_to_resolve_and_one_that_stops(lab: ThreadedLab) -> None:
    """DNS follows, as does a new domain with its records."""
    lab.change(replace(lab.world, unresolved=frozenset({E1})))
    assert f"zone:uc-traversal:{C1}>{E1}" in down(checked(lab))
    with_domain = configured(lab.world, domains__registration=["example.com", "new.example.org"])
    lab.change(replace(with_domain, unresolved=frozenset()))
    assert "_collab-edge._tls.new.example.org" in lab.dns.zone.services


def test_renamed_peer_keeps_its_address_its_state_and_its_pages(lab: ThreadedLab) -> None:
    """A renamed peer is the same machine: address, key and pages; its connections have the new name."""
    before, new = lab.world, "edge1.example.com"
    address, key = lab.plan.by_name[E1], lab.peers[E1].running
    text = before.deployment.model_dump_json().replace(E1, new)
    renamed = type(before.deployment).model_validate_json(text)
    assert renames_between(before.deployment, renamed) == {E1: new}
    parties = {(new if n == E1 else n): (replace(p, fqdn=new) if n == E1 else p) for n, p in before.parties.items()}
    lab.change(replace(before, deployment=renamed, parties=parties))
    assert E1 not in lab.endpoints
    assert lab.plan.by_name[new] == address
    assert lab.peers[new].running == key
    assert list(lab.peers) == list(renamed.peers)
    eventually(lambda: new in lab.sites and E1 not in lab.sites)
    assert f"zone:uc-traversal:{C1}>{new}" in down(checked(lab))  # its certificate has the old name alone
    lab.change(before)
    eventually(lambda: E1 in lab.sites and all(link.active for link in lab.links.values()))
    assert checked(lab).accepted


def test_world_without_a_machine_of_its_deployment_changes_nothing(lab: ThreadedLab) -> None:
    """The lab says which machine is missing, and goes on as it was."""
    before = lab.world
    with pytest.raises(LabError, match="endpoint"):
        lab.change(configured(before, mra_endpoints=True))
    assert lab.world is before


def test_upgrade_restarts_every_expressway_and_is_announced_as_its_restart(lab: ThreadedLab) -> None:
    """The log of losses names the machine that restarted."""
    last = lab.lab.losses.count
    lab.change(configured(lab.world, version="X15.0"))
    eventually(lambda: all(link.active and link.dialled > 1 for link in lab.links.values()))
    found = [loss for loss in lab.lab.losses if loss.number > last]
    assert found
    assert all(loss.restarted in lab.peers for loss in found)
    assert all(loss.back is not None for loss in found)
    assert checked(lab).accepted
