"""The generated pairs and the independent checker of plans: that they see what there is."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache

import pytest

from pkikit.errors import InputError
from pkikit.judge.legs.leg_verdict import judge_all_legs
from pkikit.model.deployment import deployment_from
from pkikit.model.tables.features import ASKED_VERSIONS
from pkikit.planning.change import Change
from pkikit.planning.difference import difference_of
from pkikit.planning.steps import Action, Precedence, Step
from pkikit.worlds.issued_world import issue_world
from tests.support.plan_changes import CHANGES
from tests.support.plan_orders import Orders
from tests.support.plan_pairs import Design, Held, Pair, build, pair, pairs
from tests.support.plan_replay import replayed
from tests.support.worlds import AT, C1, E1, issued


@cache
def generated() -> tuple[Pair, ...]:
    return tuple(pairs())


def test_pairs_of_one_seed_are_alike() -> None:
    for seed in range(0, 40, 3):
        one, other = pair(seed), pair(seed)
        assert one.changes == other.changes
        assert one.tomorrow.deployment == other.tomorrow.deployment
        listed = [
            {fqdn: [c.subject for c in p.trusted_ca_list] for fqdn, p in made.tomorrow.parties.items()}
            for made in (one, other)
        ]
        assert listed[0] == listed[1]


def test_pairs_cover_all_versions_sizes_and_changes() -> None:
    deployments = [made.today.deployment for made in generated()]
    assert {d.version for d in deployments} == set(ASKED_VERSIONS)
    assert {len(c.peers) for d in deployments for c in d.clusters} == {1, 2, 3}
    assert {len(d.zones) for d in deployments} == {1, 2, 3, 4, 5, 6}
    named = Counter(name for made in generated() for name in made.changes)
    assert set(CHANGES) <= set(named)


def test_pairs_have_worlds_that_are_broken_before_and_after() -> None:
    broken = {
        (any(not v.accepted for v in judge_all_legs(made.today, AT)),
         any(not v.accepted for v in judge_all_legs(made.tomorrow, AT)))
        for made in generated()[:60]
    }  # fmt: skip
    assert {(False, False), (True, True), (False, True)} <= broken


def _root_change(*, removes: bool) -> Change:
    """One Expressway-C and one E move to another root."""
    data = {
        "name": "small", "version": "X14.2",
        "clusters": [
            {"name": "core", "role": "expressway-c", "fqdn": "cluster-c.corp.example.com", "peers": [C1]},
            {"name": "edge", "role": "expressway-e", "fqdn": "cluster-e.example.com", "peers": [E1]},
        ],
        "zones": [{
            "name": "t", "type": "traversal", "client": "core", "server": "edge", "peer_addresses": [E1],
            "tls_verify_subject_name": "cluster-c.corp.example.com", "tls_verify": True,
        }],
    }  # fmt: skip
    before = Design(data=data, server={C1: Held(by="old"), E1: Held(by="old")})
    after = before.copy()
    after.server = {C1: Held(by="new"), E1: Held(by="new")}
    today, tomorrow = build(before, {}), build(after, {})
    steps, rules = list[Step](), list[Precedence]()
    for fqdn in (C1, E1):
        load = Step(
            key=f"load {fqdn}",
            action=Action.LOAD,
            machine=fqdn,
            place="server",
            credential=tomorrow.parties[fqdn].credential,
        )
        append = Step(
            key=f"append {fqdn}",
            action=Action.APPEND_CA,
            machine=fqdn,
            certificates=tomorrow.parties[fqdn].trusted_ca_list,
        )
        restart = Step(key=f"restart {fqdn}", action=Action.RESTART, machine=fqdn, activates=(load.key,))
        remove = replace(
            append, key=f"remove {fqdn}", action=Action.REMOVE_CA, certificates=today.parties[fqdn].trusted_ca_list
        )
        steps += [append, load, restart, *([remove] if removes else [])]
        rules.append(Precedence(first=load.key, then=restart.key, why="", rule="page"))
    return Change(today=today, tomorrow=tomorrow, at=AT, steps=tuple(steps), precedences=tuple(rules))


def test_checker_sees_what_the_usual_order_drops() -> None:
    change = _root_change(removes=False)
    usual = [f"{verb} {fqdn}" for verb in ("load", "restart", "append") for fqdn in (C1, E1)]
    refused = [len(seen.refused) for seen in replayed(change, tuple(usual))]
    assert refused == [0, 0, 0, 1, 1, 1, 0]


def test_checker_sees_nothing_dropped_where_trust_comes_first() -> None:
    change = _root_change(removes=True)
    order = [f"{verb} {fqdn}" for verb in ("append", "load", "restart", "remove") for fqdn in (C1, E1)]
    seen = list(replayed(change, tuple(order)))
    assert not any(state.refused for state in seen)
    assert [len(state.cut) for state in seen] == [0, 0, 0, 0, 0, 1, 1, 0, 0]
    assert seen[-1].world.parties[E1].trusted_ca_list == change.tomorrow.parties[E1].trusted_ca_list


def test_orders_of_a_small_change_are_all_looked_at() -> None:
    orders = Orders(change=_root_change(removes=True))
    assert len(orders.refused) == 12 * 12  # four steps a machine, of which two have an order
    assert orders.exists()
    assert orders.least(lambda step: 1.0) == 0
    swapped = replace(orders.change, precedences=(
        *orders.change.precedences, Precedence(first=f"restart {E1}", then=f"append {C1}", why="", rule="page"),
    ))  # fmt: skip
    assert not Orders(change=swapped).exists()
    assert Orders(change=swapped).least(lambda step: 2.0) == 2


def test_deployments_without_a_common_expressway_have_no_plan() -> None:
    with pytest.raises(InputError, match="no Expressway is in both"):
        difference_of(issued("single-pair").world, issued("clustered-full").world, at=AT)


def test_state_with_a_machine_that_no_world_has_cannot_be_entered() -> None:
    """Mobile and Remote Access before its domain: the client then has a name that nobody planned for."""
    before = issued("single-pair").world
    data = before.deployment.model_dump(mode="json")
    data |= {"mra": True, "domains": {"registration": ["example.com"]}}
    after = issue_world(deployment_from(data), at=AT, rsa=False).world
    change = difference_of(before, replace(after, parties={**after.parties, **before.parties}), at=AT)
    (early,) = (step.key for step in change.steps if any(s.place == "mra" for s in step.settings))
    with pytest.raises(InputError, match="is not a machine yet"):
        change.world(frozenset({early}))
