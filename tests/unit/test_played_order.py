"""An order that somebody chose: what it refuses, what makes it impossible, and how good it is."""

from __future__ import annotations

import pytest

from pkikit.errors import InputError
from pkikit.planning.difference import difference_of
from pkikit.planning.given_change import GivenChange
from pkikit.planning.planner.played_order import obstacles, play, points_of
from pkikit.planning.predictions import naive_order
from pkikit.runbook.finished_plan import finish
from pkikit.runbook.played_change import PlayedChange
from pkikit.view.short_names import is_connection
from tests.support.new_roots import under_new_root
from tests.support.worlds.deployments import AT


@pytest.fixture(scope="module")
def planned() -> PlayedChange:
    return PlayedChange(finish(GivenChange(change=difference_of(*under_new_root("single-pair"), at=AT))))


def test_usual_order_refuses_and_costs_points(planned: PlayedChange) -> None:
    usual, best = planned.usual, planned.best
    assert usual.refused
    assert usual.lost_minutes > 0 == best.lost_minutes
    assert not best.refused
    assert points_of(best, best).points == 100
    points = points_of(usual, best)
    assert points.points == 20
    assert "refused" in points.says[0]
    explained = [state for state in planned.states(usual) if state.says]
    assert explained[0].refused
    assert " refuses " in explained[0].says[0]
    assert not any(state.says for state in planned.states(best))


def test_hand_overs_cost_points() -> None:
    change = difference_of(*under_new_root(), at=AT)
    best = PlayedChange(finish(GivenChange(change=change))).best
    others = [key for key in best.order if not change.by_key[key].owner.ours]
    ours = [key for key in best.order if change.by_key[key].owner.ours]
    mixed = (others[0], ours[0], *others[1:], *ours[1:])
    played = play(change, mixed)
    assert not played.refused
    assert points_of(played, best).points == 100 - 5 * (played.hand_overs - best.hand_overs) < 100


def test_order_against_a_page_is_not_played(planned: PlayedChange) -> None:
    change = planned.plan.change
    first = next(step for step in change.steps if step.activates)
    early = (first.key, *(key for key in naive_order(change) if key != first.key))
    assert {p.then for p in obstacles(change, early)} == {first.key}
    with pytest.raises(InputError, match="nobody can do it in this order"):
        play(change, early)
    with pytest.raises(InputError, match="each step of the change once"):
        play(change, early[1:])


def test_reasons_of_an_order_are_true(planned: PlayedChange) -> None:
    titles = list(planned.titles.values())
    assert planned.reasons
    for reason in planned.reasons:
        assert titles.index(reason.first) < titles.index(reason.then)
        assert reason.because.endswith(".")
        assert not is_connection(reason.because.split()[0])
    trusts = [reason for reason in planned.reasons if reason.first.startswith("Append ")]
    assert len(trusts) == 2
    assert all(reason.then.startswith("Restart ") for reason in trusts)
