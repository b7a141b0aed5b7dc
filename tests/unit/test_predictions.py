"""Predictions agree with plain judgement of each state, and judge each connection once for what its ends hold."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from pkikit.judge.legs.known_parts import State
from pkikit.judge.legs.known_verdict import judge_as_known
from pkikit.model.places import deployment_with
from pkikit.planning.change import Change
from pkikit.planning.difference import difference_of
from pkikit.planning.predictions import SETTINGS, Oracle, naive_order, replay
from pkikit.worlds.issued_world import issue_world
from simulator.world.craft import DAY
from tests.support.new_roots import moved, under_new_root
from tests.support.plan_pairs import pair
from tests.support.worlds.deployments import AT, C1, C2, E1, E2, issued, of_size


def _states(change: Change, count: int, seed: int = 1) -> list[frozenset[str]]:
    rng, keys = Random(seed), sorted(change.by_key)
    return [frozenset(rng.sample(keys, rng.randint(0, len(keys)))) for _ in range(count)]


def _plain(change: Change, done: frozenset[str]) -> dict[str, State]:
    return {v.leg.id: v.state for v in judge_as_known(change.world(done), change.time(done))}


@pytest.mark.parametrize("seed", [1, 3, 5, 7, 11, 20])
def test_states_are_those_of_plain_judgement(seed: int) -> None:
    found = pair(seed)
    change = difference_of(found.today, found.tomorrow, at=AT)
    oracle = Oracle(change)
    for done in _states(change, 6):
        assert oracle.verdicts.states(done) == _plain(change, done)


def test_each_connection_is_judged_once_for_what_its_ends_hold() -> None:
    change = difference_of(*under_new_root("clustered-full"), at=AT)
    oracle = Oracle(change)
    order = [step.key for step in change.steps]
    for end in range(len(order) + 1):
        oracle.refused(frozenset(order[:end]))
    once = oracle.verdicts.judged
    connections = len(oracle.verdicts.states(frozenset()))
    assert once < connections * len(order) / 3
    replay(change, order, oracle.verdicts)
    assert oracle.verdicts.judged == once


def test_answer_for_one_connection_needs_its_own_steps_alone() -> None:
    change = difference_of(*under_new_root("clustered-full"), at=AT)
    oracle = Oracle(change)
    for done in _states(change, 8):
        refused = set(oracle.refused(done))
        for name in sorted(refused)[:5]:
            own = oracle.keys_of(name)
            assert len(own) <= 8
            assert oracle.refuses(name, done & own)
            for other in _states(change, 3):
                state = other - own | (done & own)
                assert oracle.refuses(name, state) == (name in oracle.refused(state))


def test_step_that_matters_only_with_a_setting_and_before_a_new_name_is_found() -> None:
    """The list of e1 decides once the zone verifies, and as long as e1 has its old name."""
    found = pair(1017)
    oracle = Oracle(difference_of(found.today, found.tomorrow, at=AT))
    name = f"b2b:callee.example.org:{E1}>sip.callee.example.org"
    assert f"append-ca {E1}" in oracle.keys_of(name)
    for state in _states(oracle.change, 40):
        assert oracle.refuses(name, state & oracle.keys_of(name)) == (name in oracle.refused(state))


def test_usual_order_refuses_and_respects_precedences() -> None:
    change = difference_of(*under_new_root("clustered-mra"), at=AT)
    order = naive_order(change)
    place = {key: number for number, key in enumerate(order)}
    assert all(place[p.first] < place[p.then] for p in change.precedences)
    predictions = replay(change, order)
    assert len(predictions) == len(order) + 1
    assert predictions[0].refused == ()
    assert predictions[-1].refused == ()
    refused = {r.leg: r for p in predictions for r in p.refused}
    assert len(refused) > 10
    assert all(r.causes and r.says and r.refused_by for r in refused.values())


def test_restart_is_announced_with_what_it_interrupts() -> None:
    change = difference_of(*under_new_root("clustered-mra"), at=AT)
    order = [step.key for step in change.steps]
    by_step = dict(zip(order, replay(change, order)[1:], strict=True))
    cut = by_step[f"restart {E1}"]
    assert cut.down_during
    assert all(E1 in name for name in cut.down_during)
    assert cut.interrupted == ()  # the second peer carries everything
    single = difference_of(*moved(issue_world(of_size(1), at=AT - DAY, rsa=False).world), at=AT)
    order = [step.key for step in single.steps]
    by_step = dict(zip(order, replay(single, order)[1:], strict=True))
    assert by_step[f"restart {E1}"].interrupted == ("mra at cluster edge",)


def test_connection_that_tomorrow_refuses_is_told_apart() -> None:
    today, tomorrow = under_new_root("clustered-mra")
    old = today.parties[E1].trusted_ca_list
    broken = tomorrow.with_party(type(tomorrow.parties[E2])(fqdn=E2, credential=tomorrow.parties[E2].credential,
                                                           trusted_ca_list=old))  # fmt: skip
    oracle = Oracle(difference_of(today, broken, at=AT))
    assert oracle.lost
    assert all(E2 in name for name in oracle.lost)
    assert not oracle.lost & set(oracle.refused(frozenset(oracle.change.by_key)))


def test_settings_that_contradict_each_other_are_a_state_that_nobody_enters() -> None:
    today = issued().world
    data = today.deployment.model_dump(mode="json")
    data["clusters"][0]["peers"] = [C1]
    data["unified_cm"][0]["nodes"] = [*data["unified_cm"][0]["nodes"], C2]
    after = today.deployment.model_validate(data)
    change = difference_of(today, type(today)(deployment=after, parties=today.parties), at=AT)
    oracle = Oracle(change)
    joined = next(step.key for step in change.steps if "unified cm" in step.key)
    assert list(oracle.refused(frozenset({joined}))) == [SETTINGS]
    assert oracle.refuses(SETTINGS, frozenset({joined}))
    assert joined in oracle.keys_of(SETTINGS)
    assert not oracle.refuses(SETTINGS, frozenset())


def test_setting_changes_the_connections_that_are_judged() -> None:
    today = issued("clustered-full").world
    after = deployment_with(today.deployment, {"zones.0.tls_verify_subject_name": "other.example.com"})
    change = difference_of(today, type(today)(deployment=after, parties=today.parties), at=AT)
    oracle = Oracle(change)
    assert oracle.lost
    (key,) = change.by_key
    assert all(oracle.keys_of(name) == {key} for name in oracle.lost)


def test_state_with_a_machine_that_nobody_knows_is_a_state_that_nobody_enters() -> None:
    """Without its domain, MRA would have a client that is in neither world."""
    today = issued().world
    data = today.deployment.model_dump(mode="json")
    data |= {"mra": False, "domains": {}}
    after = today.deployment.model_validate(data)
    machines = {name for group in after.groups for name in group.members}
    parties = {fqdn: party for fqdn, party in today.parties.items() if fqdn in machines}
    oracle = Oracle(difference_of(today, type(today)(deployment=after, parties=parties), at=AT))
    assert list(oracle.refused(frozenset({"set domains"}))) == [SETTINGS]
    assert oracle.refused(frozenset({"set mra"})) == frozenset()


def test_other_change_of_the_same_machines_knows_what_was_judged() -> None:
    change = difference_of(*under_new_root("clustered-mra"), at=AT)
    first = Oracle(change).verdicts
    everything = frozenset(change.by_key)
    states = first.states(everything)
    other = first.for_change(replace(change, steps=change.steps))
    before = first.judged
    assert other.states(everything) == states
    assert other.judged == before
