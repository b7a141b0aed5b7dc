"""Plans are right: an independent checker replays them, and for small changes every order is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.issue.authority import create_root
from pkikit.planning.change import Change
from pkikit.planning.difference import difference_of
from pkikit.planning.given_change import read_change
from pkikit.planning.plan import Plan
from pkikit.planning.planner import make_plan
from pkikit.planning.planner.preferences import minutes_of
from pkikit.planning.steps import Action
from tests.support.plan_orders import Orders, hand_overs
from tests.support.plan_pairs import PAIRS, pair
from tests.support.plan_replay import differences
from tests.support.worlds import AT, DEPLOYMENTS, deployment

SMALL = 7  # steps: all orders of so many can be looked at


@cache
def planned(seed: int) -> Plan:
    made = pair(seed)
    return make_plan(difference_of(made.today, made.tomorrow, at=AT), options=False)


def all_plans() -> Iterator[tuple[int, Plan]]:
    return ((seed, planned(seed)) for seed in range(PAIRS))


@cache
def small_plans() -> tuple[tuple[int, Plan, Orders], ...]:
    """The plans of small changes, and of small parts of larger ones, with all of their orders."""
    found = []
    for seed, plan in all_plans():
        if len(plan.order) > SMALL:
            if seed % 3:
                continue
            plan = make_plan(part_of(plan.change, Random(seed)), options=False)
        found.append((seed, plan, Orders(change=plan.change)))
    return tuple(found)


def part_of(change: Change, rng: Random) -> Change:
    """A change with some of the steps, and the restarts that they need."""
    others = [step for step in change.steps if step.action is not Action.RESTART]
    kept = {step.key for step in rng.sample(others, min(5, len(others)))}
    restarts = [replace(step, activates=tuple(key for key in step.activates if key in kept)) for step in change.steps]
    steps = tuple(step for step in restarts if step.key in kept or step.activates)
    keys = {step.key for step in steps}
    rules = tuple(rule for rule in change.precedences if {rule.first, rule.then} <= keys)
    return replace(change, steps=steps, precedences=rules)


def test_plans_of_generated_pairs_are_as_the_checker_sees_them() -> None:
    """Sixty pairs, and two hundred in `make bench`: each state, each restart, and the machines at the end."""
    assert {seed: wrong for seed, plan in all_plans() if (wrong := differences(plan))} == {}


@pytest.mark.parametrize("name", ["single-pair", "clustered-mra", "clustered-full", "voicemail-and-meetings"])
def test_plans_of_goals_are_as_the_checker_sees_them(name: str, tmp_path: Path) -> None:
    root = tmp_path / "root.pem"
    root.write_bytes(create_root("My Root CA", at=AT).certificate.public_bytes(Encoding.PEM))
    peer = deployment(name).peers[-1]
    goals = [f"new-root:{root}", f"renew:{peer}", "two-stores", "leave-public-ca", f"rename-peer:{peer}=other-{peer}"]
    for goal in (*goals, *(["add-domain:example.biz"] if deployment(name).mra else [])):
        given = read_change(DEPLOYMENTS / f"{name}.yaml", goals=(goal,), at=AT, rsa=False)
        plan = make_plan(given.change)
        assert plan.order_exists, (goal, plan.reason)
        assert differences(plan) == [], goal


def test_every_step_is_done_once_and_the_primary_restarts_first() -> None:
    for seed, plan in all_plans():
        assert sorted(plan.order) == sorted(plan.change.by_key), seed
        restarted = [step.machine for step in plan.steps if step.action is Action.RESTART]
        assert len(restarted) == len(set(restarted)), seed
        for cluster in plan.change.today.deployment.clusters:
            here = [machine for machine in restarted if machine in cluster.peers]
            assert here[:1] == [peer for peer in cluster.peers if peer in here][:1], seed
        loaded = {s.machine for s in plan.steps if s.loads and s.owner.ours}
        assert loaded <= set(restarted), seed


def test_small_plans_have_an_order_if_and_only_if_there_is_one() -> None:
    said = {seed: plan.order_exists for seed, plan, _ in small_plans()}
    assert said == {seed: orders.exists() for seed, _, orders in small_plans()}
    assert {True, False} == set(said.values())


def test_small_plans_without_an_order_lose_the_fewest_minutes() -> None:
    """What tomorrow refuses comes second: nothing else is refused for its sake."""
    for seed, plan, orders in small_plans():
        minutes = minutes_of(plan.change)
        lost = sum(len(p.refused) * minutes[key] for p, key in zip(plan.predictions, plan.order, strict=False))
        assert plan.lost_minutes == pytest.approx(lost), seed
        assert plan.proven, seed
        least = orders.least(lambda step, minutes=minutes: minutes[step.key])  # type: ignore[misc]
        assert lost == pytest.approx(least), seed


def test_small_plans_change_hands_as_rarely_as_possible() -> None:
    for seed, plan, orders in small_plans():
        if plan.order_exists:
            assert hand_overs(plan.change, plan.order) == orders.fewest_hand_overs(), seed


def test_smallest_reason_rules_out_every_order_and_no_part_of_it_does() -> None:
    for seed, plan, orders in small_plans():
        if plan.order_exists:
            assert plan.reason == "", seed
            continue
        assert plan.reason, seed
        assert not orders.exists_without(plan.clashes), seed
        assert {clash.leg for clash in plan.clashes if not clash.missing} == orders.refused[orders.all], seed
        facts = [clash for clash in plan.clashes if clash.missing]
        for clash in plan.clashes:
            here = [legs for done, legs in orders.refused.items() if clash.done <= done and not clash.missing & done]
            assert not clash.leg or all(clash.leg in refused for refused in here), (seed, clash.says)
            if clash.leg and clash.missing:
                assert orders.exists_without(fact for fact in facts if fact is not clash), (seed, clash.says)
