"""Orders of steps against plain search over every set of steps."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pkikit.planning.search.clause_orders import Orders
from pkikit.planning.search.clauses import Clause, allowed, before
from pkikit.planning.search.fewest_lost import lost_by
from pkikit.planning.search.preferred import order_price
from pkikit.planning.search.problem import Grouping, Limits, Preference, Problem
from pkikit.planning.search.searching import search
from pkikit.planning.search.smallest_reason import shortest_cycle, smallest_reason
from tests.support.step_puzzles import Puzzle, fact, fewest_lost, lowest_price, order_exists, problem, puzzles


def facts_of(made: Problem) -> tuple[Clause, ...]:
    assert isinstance(made.oracle, Puzzle)
    return made.oracle.facts


@settings(max_examples=150, deadline=None)
@given(puzzles())
def test_order_is_found_exactly_if_one_exists(made: Problem) -> None:
    found = search(made)
    every = (*made.rules, *facts_of(made))
    assert found.proven
    assert found.exists == order_exists(made.keys, every)
    assert sorted(found.order) == sorted(made.keys)
    assert allowed(found.order, made.rules)
    if found.exists:
        assert allowed(found.order, every)
        assert found.lost == 0
        return
    assert found.impossible
    assert found.lost == fewest_lost(made, facts_of(made)) == lost_by(found.order, made, facts_of(made))
    assert not order_exists(made.keys, found.reason)
    for clause in found.reason:
        assert order_exists(made.keys, [other for other in found.reason if other is not clause])


@settings(max_examples=100, deadline=None)
@given(puzzles())
def test_every_learned_clause_is_true_wherever_the_rules_allow(made: Problem) -> None:
    for clause in search(made).clauses:
        for number in range(1 << len(made.keys)):
            state = frozenset(key for place, key in enumerate(made.keys) if number >> place & 1)
            if clause.matches(state) and not any(rule.matches(state) for rule in made.rules):
                assert made.oracle.refuses(clause.because, state)


@settings(max_examples=60, deadline=None)
@given(puzzles(most_keys=6), st.lists(st.sampled_from(["", "you", "others", "partner"]), min_size=6, max_size=6))
def test_exact_preference_is_the_best_of_all_orders(made: Problem, owners: list[str]) -> None:
    preference = Preference(groupings=(Grouping(labels=dict(zip("abcdef", owners, strict=True))),), rank={"a": 2.0})
    found = search(replace(made, preference=preference))
    beam = search(replace(made, preference=preference, limits=Limits(exact_steps=0)))
    if found.exists:
        every = (*made.rules, *facts_of(made))
        best = lowest_price(made.keys, every, preference)
        assert found.best
        assert order_price(preference, found.order) == best
        assert allowed(beam.order, every)
        assert order_price(preference, beam.order) == best
        assert beam.best


def test_one_step_before_another_is_learned_as_such() -> None:
    found = search(problem("abcd", fact("c1-e1", "a", "d")))
    assert found.clauses == (fact("c1-e1", "a", "d"),)
    assert found.order.index("d") < found.order.index("a")


def test_any_of_several_steps_is_enough() -> None:
    found = search(problem("abc", fact("x", "a", "bc"), rules=[before("a", "b")]))
    assert found.order == ("c", "a", "b")


def test_step_that_works_only_after_its_restart_is_learned_by_the_restart() -> None:
    """`l` is loaded, `r` restarts, `t` is the list of the other end."""
    made = problem("lrt", fact("x", "lr", "t"), rules=[before("l", "r")])
    assert search(made).clauses == (fact("x", "r", "t"),)


def test_two_facts_that_contradict_each_other_are_the_reason() -> None:
    found = search(
        problem("abcdef", fact("x", "a", "b"), fact("y", "b", "a"), fact("z", "c", "d"), fact("z", "e", "abc"))
    )
    assert not found.exists
    assert {clause.because for clause in found.reason} == {"x", "y"}
    assert shortest_cycle(found.reason) == found.reason


def test_steps_that_must_both_be_first_are_a_reason_without_a_cycle() -> None:
    """Either a or b is last of all but c, and c needs both: the search goes back from the dead end."""
    made = problem("abc", fact("x", "ab", "c"), rules=[before("a", "c"), before("b", "c")])
    found = search(made)
    assert not found.exists
    assert len(found.reason) == 3
    assert found.lost == 1


def test_rules_that_contradict_each_other_leave_no_order_at_all() -> None:
    found = search(problem("ab", rules=[before("a", "b"), before("b", "a")]))
    assert (found.order, found.exists, found.impossible) == ((), False, True)


def test_forbidden_refusals_cost_no_minutes_because_no_order_has_them() -> None:
    made = problem("ab", fact("settings", "a", "b"), fact("x", "b", "a"), fact("y", "b", "a"))
    assert search(made).order == ("a", "b")
    assert search(replace(made, forbidden=frozenset({"settings"}))).order == ("b", "a")


def test_minutes_decide_which_order_loses_less() -> None:
    made = problem("abc", fact("x", "a", "b"), fact("y", "b", "a"), fact("x", "b", "a"))
    assert search(replace(made, minutes={"a": 1.0, "b": 3.0})).lost == 2.0
    assert search(replace(made, minutes={"a": 1.0, "b": 1.0})).order[:3].index("a") in (0, 1)


def test_oracle_that_names_too_few_keys_never_leads_to_a_wrong_claim() -> None:
    class Forgetful(Puzzle):
        def keys_of(self, name: str) -> frozenset[str]:
            return frozenset("a")

    made = Problem(keys=tuple("abc"), oracle=Forgetful((fact("x", "ab", "c"),)))
    found = search(made)
    assert found.exists
    assert allowed(found.order, (fact("x", "ab", "c"),))


def test_few_questions_make_clauses_longer_but_not_wrong() -> None:
    made = problem("abcdefg", fact("x", "a", "b"), fact("x", "cde", "fg"), limits=Limits(questions=2))
    assert search(made).exists
    assert allowed(search(made).order, facts_of(made))


def growing(steps: int, facts: int, seed: int) -> tuple[tuple[str, ...], list[Clause]]:
    """Return clauses that one hidden order respects."""
    rng = random.Random(seed)
    hidden = [f"s{number}" for number in range(steps)]
    made = []
    for number in range(facts):
        first, then = sorted(rng.sample(range(steps), 2))
        late, early = rng.sample(range(steps), 2)
        done = {hidden[then], hidden[late]} if number % 10 == 0 else {hidden[then]}
        made.append(
            Clause(
                done=frozenset(done - {hidden[first]}),
                missing=frozenset({hidden[first], hidden[early]} - done),
                because=str(number),
            )
        )
    keys = tuple(rng.sample(hidden, steps))
    return keys, made


@pytest.mark.parametrize("seed", range(3))
def test_two_hundred_steps_need_few_dead_ends(seed: int) -> None:
    """Work is counted, not time: a thousand clauses, some of which need several steps, and an order that is hidden in them."""
    keys, clauses = growing(200, 1000, seed)
    orders = Orders(keys, clauses)
    solved = orders.solve(lambda possible, _: possible[0], 1000)
    assert solved.order is not None
    assert allowed([keys[position] for position in solved.order], clauses)
    assert orders.learned < 200


def test_smallest_reason_of_many_clauses_is_the_cycle_that_was_put_in() -> None:
    keys, clauses = growing(60, 200, 5)
    cycle = [fact("p", ["s1"], ["s2"]), fact("q", ["s2"], ["s3"]), fact("r", ["s3"], ["s1"])]
    found = smallest_reason(keys, [*clauses, *cycle], 1000)
    assert 2 <= len(found) <= 3
    assert not allowed(keys, found)
