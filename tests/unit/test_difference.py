"""Two worlds become a change: only what differs gets a step, and all steps together lead to tomorrow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from pkikit.design.csr import fast_key
from pkikit.errors import InputError
from pkikit.model.places import deployment_with
from pkikit.model.world import World
from pkikit.planning.change import Change
from pkikit.planning.difference import difference_of
from pkikit.planning.difference.changed_machines import Machines
from pkikit.planning.difference.party_steps import lists_by_name, stores_of
from pkikit.planning.steps import Action
from tests.support.new_roots import under_new_root
from tests.support.worlds.deployments import AT, C1, C2, E1, E2, UCM1, issued


def _difference(name: str = "clustered-mra") -> Change:
    return difference_of(*under_new_root(name), at=AT)


def _held(world: World, fqdn: str) -> Iterator[object]:
    party = world.parties[fqdn]
    group = Machines(today=world, tomorrow=world, renamed={}).group_of(fqdn)
    yield {name: frozenset(listed) for name, listed in lists_by_name(party, group, apart=True).items()}
    yield stores_of(party, group)


def assert_complete(change: Change) -> None:
    """All steps lead to tomorrow, none leaves today, and their order makes no difference."""
    assert change.world(frozenset()) == change.today
    after = change.world(frozenset(change.by_key))
    assert after.deployment == change.tomorrow.deployment
    assert after.parties.keys() == change.tomorrow.parties.keys()
    for fqdn in after.parties:
        assert list(_held(after, fqdn)) == list(_held(change.tomorrow, fqdn))
    assert not difference_of(after, change.tomorrow, at=change.at).steps


@pytest.mark.parametrize("name", ["single-pair", "clustered-full"])
def test_all_steps_together_lead_to_tomorrow(name: str) -> None:
    assert_complete(_difference(name))


def test_steps_of_one_state_count_in_any_order() -> None:
    change = _difference()
    keys = sorted(change.by_key)
    Random(1).shuffle(keys)
    half = frozenset(keys[: len(keys) // 2])
    shuffled = replace(change, steps=tuple(sorted(change.steps, key=lambda step: step.key[::-1])))
    assert shuffled.world(half).parties == change.world(half).parties


def test_world_that_stays_has_no_steps() -> None:
    today = issued().world
    assert difference_of(today, today, at=AT).steps == ()


def test_loads_of_a_machine_wait_for_its_restart() -> None:
    change = _difference()
    loaded, restarted = f"load-certificate {C1}", f"restart {C1}"
    assert change.restart_of[loaded] == restarted
    before = change.world(frozenset()).parties[C1].credential
    assert change.world(frozenset({loaded})).parties[C1].credential == before
    both = change.world(frozenset({loaded, restarted}))
    assert both.parties[C1].credential == change.tomorrow.parties[C1].credential
    orders = {(p.first, p.then): p.rule for p in change.precedences}
    assert orders[loaded, restarted] == "page"
    assert orders[f"restart {C1}", f"restart {C2}"] == "primary-first"


def test_other_key_for_the_same_certificate_is_a_load() -> None:
    today = issued().world
    party = today.parties[E1]
    assert party.credential is not None
    tomorrow = today.with_party(replace(party, credential=replace(party.credential, key=fast_key())))
    change = difference_of(today, tomorrow, at=AT)
    assert [step.key for step in change.steps] == [f"load-certificate {E1}", f"restart {E1}"]


def test_lists_of_unified_cm_have_steps_of_their_own() -> None:
    today, tomorrow = under_new_root()
    party = tomorrow.parties[UCM1]
    apart = replace(party, lists=dict.fromkeys(party.services, today.parties[UCM1].trusted_ca_list))
    change = difference_of(today, tomorrow.with_party(apart), at=AT)
    here = [step for step in change.steps if step.machine == UCM1]
    assert [(step.action, step.place, step.owner.ours) for step in here] == [(Action.APPEND_CA, "tomcat-trust", False)]
    assert here[0].owner.lead > timedelta(0)
    assert_complete(change)


def test_certificate_that_is_not_valid_yet_is_waited_for() -> None:
    change = difference_of(*under_new_root("single-pair", begins=3), at=AT)
    (wait,) = (step for step in change.steps if step.action is Action.WAIT)
    assert wait.until is not None
    assert wait.until > AT
    assert {p.then for p in change.precedences if p.first == wait.key} == {
        step.key for step in change.steps if step.action is Action.LOAD
    }
    assert change.time(frozenset({wait.key})) == wait.until


def test_upgrade_copies_the_server_certificate_and_comes_before_loads() -> None:
    today, tomorrow = under_new_root("single-pair")
    newer = replace(tomorrow, deployment=deployment_with(tomorrow.deployment, {"version": "X15.5"}))
    change = difference_of(today, newer, at=AT)
    upgrade = next(step for step in change.steps if step.action is Action.UPGRADE)
    after = change.world(frozenset({upgrade.key}))
    core = today.deployment.peers[0]
    assert after.parties[core].client == today.parties[core].credential
    loads = {step.key for step in change.steps if step.loads}
    assert {p.then for p in change.precedences if p.rule == "upgrade-first"} == loads
    assert_complete(change)
    with pytest.raises(InputError, match="only upgrades"):
        difference_of(newer, today, at=AT)


def test_each_page_of_the_configuration_is_one_step() -> None:
    today = issued().world
    changes = {
        "zones.0.tls_verify_subject_name": E1,
        "clusters.0.cluster_tls": "permissive",
        "revocation.checking": True,
        "mra": False,
    }
    after = deployment_with(today.deployment, changes)
    machines = {n for group in after.groups for n in group.members}
    parties = {fqdn: party for fqdn, party in today.parties.items() if fqdn in machines}
    change = difference_of(today, replace(today, deployment=after, parties=parties), at=AT)
    assert {step.key for step in change.steps if step.action is Action.SET} == {
        "set zone uc-traversal edge", "set cluster_tls core", "set revocation", "set mra",
    }  # fmt: skip
    assert change.restart_of["set cluster_tls core"] == f"restart {C2}"  # verifies until the last one restarted
    assert_complete(change)


def test_renamed_peer_is_the_same_machine() -> None:
    today = issued().world
    new = "edge-2.example.com"
    peers = [E1, new]
    after = deployment_with(today.deployment, {"clusters.1.peers": [E1, E2], "mra": True})
    data = after.model_dump(mode="json")
    data["clusters"][1]["peers"], data["zones"][0]["peer_addresses"] = peers, peers
    renamed = today.deployment.model_validate(data)
    parties = {new if n == E2 else n: replace(p, fqdn=new if n == E2 else n) for n, p in today.parties.items()}
    change = difference_of(today, replace(today, deployment=renamed, parties=parties), at=AT)
    (step,) = (s for s in change.steps if s.renames)
    assert step.renames == ((E2, new),)
    assert change.restart_of[step.key] == f"restart {E2}"
    dns = next(s for s in change.steps if s.action is Action.DNS)
    assert new in dns.names
    assert_complete(change)
    with pytest.raises(InputError, match="swap"):
        difference_of(today, today, at=AT, renames={E1: E2, E2: E1})


def test_new_machine_is_there_as_it_will_be() -> None:
    today = issued().world
    data = today.deployment.model_dump(mode="json")
    data["zones"].append(
        {"name": "branch", "type": "neighbour", "cluster": "core", "peer_addresses": ["sip.branch.example.com"]}
    )
    deployment = today.deployment.model_validate(data)
    branch = replace(today.parties[UCM1], fqdn="sip.branch.example.com", services={}, lists={})
    tomorrow = replace(today, deployment=deployment, parties={**today.parties, branch.fqdn: branch})
    change = difference_of(today, tomorrow, at=AT)
    assert change.today.parties[branch.fqdn] == branch
    assert any(branch.fqdn in sentence for sentence in change.assumptions)
    assert branch.fqdn in change.world(frozenset(change.by_key)).parties
    assert_complete(change)


def test_upgrade_alone_loads_nothing() -> None:
    today = issued("clustered-mra").world
    tomorrow = replace(today, deployment=deployment_with(today.deployment, {"version": "X15.5"}))
    (step,) = difference_of(today, tomorrow, at=AT).steps
    assert step.action is Action.UPGRADE
