"""A plan's order refuses nothing; if there is no such order, the plan says why."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pkikit.model.deployment import deployment_from
from pkikit.model.places import deployment_with
from pkikit.model.world import StandIns
from pkikit.planning.difference import difference_of
from pkikit.planning.enabling.how_to import how_to
from pkikit.planning.enabling.more_restarts import MORE_RESTARTS
from pkikit.planning.enabling.option import Option
from pkikit.planning.enabling.trying import EVERY
from pkikit.planning.plan import Clash
from pkikit.planning.planner import make_plan
from pkikit.planning.steps import Action
from pkikit.runbook.refused_tomorrow import AFTER_ALL, lost_by_cause
from pkikit.worlds.following_world import following_world
from simulator.world.craft import DAY
from tests.support.new_roots import under_new_root
from tests.support.plan_pairs import pair
from tests.support.plan_replay import replayed
from tests.support.worlds.deployments import AT, C1, E1, issued


def test_new_root_reads_naturally_and_refuses_nothing() -> None:
    change = difference_of(*under_new_root("clustered-mra"), at=AT)
    plan = make_plan(change)
    assert plan.order_exists
    assert plan.proven
    assert all(seen.refused == frozenset() for seen in replayed(change, plan.order))
    owners = [step.owner.name for step in plan.steps]
    assert len([n for n, name in enumerate(owners[1:]) if name != owners[n]]) == len(set(owners)) - 1
    leads = [step.owner.lead for step in plan.steps if not step.owner.ours]
    assert leads == sorted(leads, reverse=True)
    actions = [step.action for step in plan.steps]
    assert actions.index(Action.LOAD) > max(n for n, action in enumerate(actions) if action is Action.APPEND_CA)
    restarts = [step.machine for step in plan.steps if step.action is Action.RESTART]
    assert restarts == list(change.today.deployment.peers)  # cluster by cluster, the primary first


@pytest.mark.parametrize("seed", [3, 45, 90, 95])
def test_predictions_are_those_of_the_independent_checker(seed: int) -> None:
    found = pair(seed)
    change = difference_of(found.today, found.tomorrow, at=AT)
    plan = make_plan(change)
    for prediction, seen in zip(plan.predictions, replayed(change, plan.order), strict=True):
        assert {r.leg for r in prediction.refused} == seen.refused
    assert plan.order_exists == (plan.refused_legs == 0)
    assert bool(plan.reason) == bool(plan.clashes) == (not plan.order_exists)


def test_cluster_name_that_changes_at_once_has_no_order() -> None:
    found = pair(90)
    plan = make_plan(difference_of(found.today, found.tomorrow, at=AT))
    assert not plan.order_exists
    assert plan.lost_minutes > 0
    assert "Whatever comes first" in plan.reason
    assert len(plan.clashes) == 2
    assert all(clash.says.endswith(".") and "restart " not in clash.says for clash in plan.clashes)


def test_tomorrow_that_refuses_is_an_answer_of_its_own() -> None:
    today, tomorrow = under_new_root("clustered-mra")
    cut = tomorrow.with_party(replace(tomorrow.parties[E1], trusted_ca_list=today.parties[E1].trusted_ca_list))
    plan = make_plan(difference_of(today, cut, at=AT))
    assert not plan.order_exists
    assert plan.proven
    assert plan.reason.startswith("Tomorrow refuses ")
    assert "e1 refuses" in plan.reason


def test_nothing_to_do_is_a_plan() -> None:
    today = issued().world
    plan = make_plan(difference_of(today, today, at=AT))
    assert plan.order_exists
    assert (plan.order, len(plan.predictions)) == ((), 1)
    assert plan.notes == ("Tomorrow equals today: there is nothing to do.",)


def test_connection_that_is_down_today_and_what_nobody_knows_are_noted() -> None:
    today = issued().world
    deaf = today.with_party(replace(today.parties[C1], trusted_ca_list=()))
    after = deployment_with(today.deployment, {"revocation.checking": True})
    plan = make_plan(difference_of(deaf, replace(deaf, deployment=after), at=AT))
    assert any("down today already" in note for note in plan.notes)
    unknown = replace(deaf, stand_ins=StandIns(unknown=True))
    plan = make_plan(difference_of(unknown, replace(unknown, deployment=after), at=AT))
    assert any("not assessed" in note for note in plan.notes)


def test_change_of_which_nothing_is_known_promises_no_order() -> None:
    world = issued().world
    parties = {n: replace(p, credential=None, trusted_ca_list=(), services={}) for n, p in world.parties.items()}
    today = replace(world, parties=parties, stand_ins=StandIns(unknown=True))
    after = deployment_with(world.deployment, {"revocation.checking": True})
    plan = make_plan(difference_of(today, replace(today, deployment=after), at=AT))
    assert plan.is_unknown
    assert plan.order
    assert (plan.order_exists, plan.proven, plan.refused_legs, plan.enabling) == (False, False, 0, ())
    assert plan.reason.startswith("Files are missing")


def test_connection_that_is_down_today_is_followed_through_each_new_name() -> None:
    made, new = issued(), {E1: "e9.example.com", C1: "c9.corp.example.com"}
    text = made.world.deployment.model_dump_json()
    for old, name in new.items():
        text = text.replace(old, name)
    after = following_world(made, deployment_from(json.loads(text)), at=AT - DAY, renamed=new, rsa=False)
    today, tomorrow = (
        world.with_party(replace(world.parties[fqdn], trusted_ca_list=()))
        for world, fqdn in ((made.world, C1), (after, new[C1]))
    )
    plan = make_plan(difference_of(today, tomorrow, at=AT))
    between = {leg for p in plan.predictions for leg in p.legs if new[C1] in leg and E1 in leg}
    assert between  # one of the two has its new name, the other not yet
    assert (plan.order_exists, plan.refused_legs) == (True, 0)


def test_lost_connections_have_each_cause_once_and_its_fix() -> None:
    clashes = [
        Clash(done=frozenset(), missing=frozenset(), says=f"{AFTER_ALL}no.", leg=leg, causes=(rule,))
        for leg, rule in (
            ("a:x>y", "names.reference-not-presented"),
            ("b:x>y", "trust.unknown"),
            ("a:x>z", "trust.unknown"),
        )
    ]
    first, second = lost_by_cause(clashes)
    assert (first.legs, first.sentence, first.fix) == (("b:x>y", "a:x>z"), "2 connections, for example: no.", "")
    assert second.fix.startswith("Compare the configured")


@pytest.mark.parametrize("option", EVERY, ids=lambda option: option.kind)
def test_option_that_works_says_how_to_plan_it(option: Option) -> None:
    assert option is MORE_RESTARTS or list(how_to(option.kind))
