"""The steps of a real plan in one running lab: after each of them, the lab is what the plan says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from pkikit.model.places import deployment_with
from pkikit.model.world import Party, World
from pkikit.planning.change import Change
from pkikit.planning.difference import difference_of
from pkikit.planning.steps import Action, SettingChange, Step
from pkikit.worlds.issued_world import issue_world
from simulator.clock import Clock
from simulator.errors import LabError
from simulator.peer.step_result import StepResult
from simulator.threaded import ThreadedLab
from tests.support.labs import FAST
from tests.support.wait import eventually
from tests.support.worlds import AT, C1, E1, E2, deployment, issued

NEW, LATER = "edge2.example.com", AT + timedelta(hours=2)
SETTINGS = {
    "version": "X15.5",
    "clusters.0.cluster_tls": "permissive",
    "zones.1.tls_verify": False,
    "domains.registration": ["example.com", "new.example.org"],
    "unified_cm.0.tls_verify": False,
}


@pytest.fixture(scope="module")
def change() -> Change:
    """Another CA on every machine, a renamed peer, another version, switches, a domain, and names that come and go."""
    today = issued("clustered-mra").world
    wanted = deployment_with(deployment("clustered-mra"), SETTINGS).model_dump_json().replace(E2, NEW)
    made = issue_world(type(today.deployment).model_validate_json(wanted), at=AT, rsa=False).world
    split = {p.fqdn: replace(p, lists={5061: (*p.trusted_ca_list, *today.parties[E1].trusted_ca_list)})
             for p in made.parties.values() if p.services}  # fmt: skip
    tomorrow = replace(made, parties={**made.parties, **split}, unresolved=frozenset({"old.example.com"}))
    arrives = {made.parties[C1].credential.leaf: LATER} if made.parties[C1].credential else {}
    return difference_of(replace(today, published={}), tomorrow, at=AT, arrives=arrives)


@pytest.fixture(scope="module")
def lab(change: Change) -> Iterator[ThreadedLab]:
    began = Clock.set_to(AT)
    with ThreadedLab(change.today.deployment, settings=FAST, clock=began, prepare=lambda _: change.today) as running:
        running.hold()
        yield running


def ordered(change: Change) -> Iterator[Step]:
    done: set[str] = set()
    while len(done) < len(change.steps):
        earlier = {s.key: {rule.first for rule in change.precedences if rule.then == s.key} for s in change.steps}
        step = next(s for s in change.steps if s.key not in done and earlier[s.key] <= done)
        done.add(step.key)
        yield step


def do(lab: ThreadedLab, step: Step, change: Change | None = None) -> StepResult:
    waits = step.key in change.restart_of if change is not None else None
    return lab.run(lambda: lab.lab.do(step, waits=waits))


def contents(world: World) -> Mapping[str, object]:
    def lists(party: Party) -> object:
        ports = {port: frozenset(listed) for port, listed in party.lists.items()}
        return frozenset(party.trusted_ca_list), ports

    machines = {
        fqdn: (p.credential, p.client, dict(p.services), dict(p.domains), lists(p)) for fqdn, p in world.parties.items()
    }
    return {"deployment": world.deployment, "unresolved": world.unresolved, **machines}


def test_every_state_of_the_lab_is_that_of_the_plan(lab: ThreadedLab, change: Change) -> None:
    """All kinds of steps, half-steps too; held connections follow, and nothing that happens is silent."""
    assert {step.action for step in change.steps} == set(Action)
    done: set[str] = set()
    for step in ordered(change):
        result = do(lab, step, change)
        done.add(step.key)
        wanted, found = contents(change.world(frozenset(done))), contents(lab.world)
        assert {k for k in wanted if wanted[k] != found.get(k)} == set(), step.key
        assert wanted.keys() == found.keys(), step.key
        assert result.pending == (step.key in change.restart_of), step.key
        if step.action is not Action.WAIT:
            assert result.says.endswith("."), step.key
    assert lab.clock.now() >= LATER
    assert lab.lab.steps.waiting == ()
    report = lab.check()
    assert [r.leg.id for r in report.legs if not r.agrees] == []
    eventually(lambda: all(link.active for i, link in lab.links.items() if lab.last[i].up))
    peer = lab.peers[NEW]
    assert not peer.restart_needed


def test_loaded_certificate_waits_for_the_restart_and_raises_its_alarm(lab: ThreadedLab, change: Change) -> None:
    """A half-step: the page knows the new certificate, handshakes show the old one; undo brings it back."""
    before, running = change.today.parties[C1].credential, lab.peers[C1].running
    step = Step(key="load again", action=Action.LOAD, machine=C1, place="server", credential=before)
    assert do(lab, step).pending
    peer = lab.peers[C1]
    assert (peer.running, peer.state.certificate) == (running, before)
    assert peer.restart_needed
    assert "15028" in {str(alarm.id) for alarm in peer.alarms()}
    undone = lab.run(lambda: lab.lab.undo(step))
    assert not undone.pending
    assert (peer.running, peer.state.certificate) == (running, running)


def test_steps_are_undone_by_their_opposites(lab: ThreadedLab, change: Change) -> None:
    """Lists, settings and names are again what they were; a restart, an upgrade and time have no way back."""
    before = contents(lab.world)
    spare = issued("clustered-mra").root.certificate
    listed = lab.peers[E1].state.trusted_ca_list
    gone = next(c for c in listed if c != spare)
    steps = (
        Step(key="a", action=Action.APPEND_CA, machine=E1, certificates=(spare,)),
        Step(key="b", action=Action.REMOVE_CA, machine=E1, certificates=(gone,)),
        Step(key="c", action=Action.SET, machine="edge",
             settings=(SettingChange(place="zones.1.tls_verify", old=False, new=True),)),
        Step(key="d", action=Action.DNS, machine="", names=("old.example.com",), gone=(E1,)),
    )  # fmt: skip
    for step in steps:
        assert do(lab, step).changed
    assert contents(lab.world) != before
    for step in reversed(steps):
        lab.run(lambda step=step: lab.lab.undo(step))
    assert contents(lab.world) == before
    for step in change.steps:
        if step.action in {Action.RESTART, Action.UPGRADE, Action.WAIT}:
            with pytest.raises(LabError, match="cannot be undone"):
                lab.run(lambda step=step: lab.lab.undo(step))


def test_step_done_twice_changes_nothing_more(lab: ThreadedLab, change: Change) -> None:
    """Nothing restarts and nothing is lost by a step that is done already."""
    losses, before = lab.lab.losses.count, contents(lab.world)
    for step in change.steps:
        if step.action is not Action.RESTART and not step.renames:
            result = do(lab, step, change)
            assert result.pending or not result.changed or step.loads, step.key
            if result.pending and step.action is Action.SET:
                lab.run(lambda step=step: lab.lab.undo(step))
    now = contents(lab.world)
    assert {k for k in before if before[k] != now[k]} == set()
    assert lab.lab.losses.count == losses


def test_unknown_machines_and_missing_keys_are_refused_in_a_sentence(lab: ThreadedLab, change: Change) -> None:
    """Nothing changes then."""
    before = lab.world
    nobody = Step(key="x", action=Action.RESTART, machine="nobody.example.com")
    with pytest.raises(LabError, match="no machine 'nobody"):
        do(lab, nobody)
    own = lab.peers[C1].running
    assert own is not None
    bare = Step(key="y", action=Action.LOAD, machine=C1, place="server", credential=replace(own, key=None))
    with pytest.raises(LabError, match="private key is missing"):
        do(lab, bare)
    assert lab.world is before


def test_two_steps_at_once_come_one_after_the_other(lab: ThreadedLab) -> None:
    """Both are done, on one list."""
    first, second = issued("clustered-mra").root.certificate, issued("single-pair").root.certificate
    steps = [Step(key=f"at once {n}", action=Action.APPEND_CA, machine=E1, certificates=(c,))
             for n, c in enumerate((first, second))]  # fmt: skip

    async def both() -> None:
        import asyncio

        await asyncio.gather(*(lab.lab.do(step) for step in steps))

    lab.run(both)
    assert {first, second} <= set(lab.world.parties[E1].trusted_ca_list)
    assert lab.peers[E1].state.trusted_ca_list == lab.world.parties[E1].trusted_ca_list


def test_setting_that_waits_is_in_effect_after_any_start(lab: ThreadedLab) -> None:
    """The TLS mode of a cluster waits for a restart; a lab that starts again has restarted everything."""
    place = "clusters.1.cluster_tls"
    step = Step(key="tls mode", action=Action.SET, machine="edge",
                settings=(SettingChange(place=place, old="enforce", new="permissive"),))  # fmt: skip
    before = lab.deployment
    assert do(lab, step).pending
    assert lab.deployment is before
    assert lab.lab.steps.after_restart().deployment.clusters[1].cluster_tls == "permissive"
    do(lab, Step(key="r", action=Action.RESTART, machine=E1, activates=("tls mode",)))
    assert lab.deployment.clusters[1].cluster_tls == "permissive"
    assert lab.lab.steps.waiting == ()
