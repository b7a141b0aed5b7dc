"""Changes in which no order is without refusals, and what makes one possible."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pkikit.planning.change import Change
from pkikit.planning.enabling import trying
from pkikit.planning.enabling.option import Trial
from pkikit.planning.enabling.trying import Attempt, try_all
from pkikit.planning.planner import make_plan
from pkikit.planning.planner.plan_making import trial_of
from pkikit.planning.steps import Action
from tests.support import clashing_changes as changes
from tests.support.plan_replay import replayed


def tried(change: Change) -> dict[str, Attempt]:
    """What was tried, by kind; the change has no order without it, and each order that is claimed is replayed."""
    trial = trial_of(change)
    assert not trial.works
    assert trial.proven
    found = try_all(change, trial, trial_of)
    for attempt in found:
        if attempt.enabling.works:
            plan = make_plan(attempt.change)
            assert all(not seen.refused for seen in replayed(attempt.change, plan.order))
    return {attempt.enabling.kind: attempt for attempt in found}


def working(found: dict[str, Attempt]) -> list[str]:
    return [kind for kind, attempt in found.items() if attempt.enabling.works]


def test_two_roots_with_one_subject_need_a_cross_certificate_or_another_name() -> None:
    found = tried(changes.same_subject())
    assert working(found) == ["cross-sign", "other-root-name", "verify-off"]
    assert found["keep-old-root"].trial.clashes[0].causes == ("trust.same-subject-ambiguous",)
    assert found["verify-off"].enabling.steps == found["cross-sign"].enabling.steps + 2


def test_cluster_that_verifies_can_be_permissive_meanwhile() -> None:
    found = tried(changes.same_subject(changes.only_a_cluster()))
    assert "verify-off" not in found
    assert {"cross-sign", "permissive-cluster"} <= set(working(found))
    restarts = [
        s for s in found["permissive-cluster"].change.steps if s.action is Action.RESTART and s.machine == changes.CORE
    ]
    assert len(restarts) == 3


def test_name_in_only_one_of_two_certificates_needs_both_in_one() -> None:
    found = tried(changes.other_name())
    assert working(found) == ["both-names", "verify-off"]
    assert found["both-names"].enabling.steps == len(changes.other_name().steps)


def test_root_that_is_still_needed_stays() -> None:
    assert working(tried(changes.needed_root_removed())) == ["keep-old-root"]


def test_purpose_that_the_new_certificate_lacks_is_not_helped_by_a_pause() -> None:
    found = tried(changes.without_client_auth())
    assert not found["eku-check-off"].enabling.works
    assert "does not help" in found["eku-check-off"].enabling.achieves


def test_more_restarts_are_an_order_and_no_design_to_weigh() -> None:
    change = changes.permissive_tomorrow()
    assert not trial_of(change).works
    plan = make_plan(change)
    assert plan.order_exists
    assert plan.enabling == ()
    assert "more restart" in plan.notes[0]
    assert len(plan.order) - len(change.steps) == 2
    assert all(not seen.refused for seen in replayed(plan.change, plan.order))


def test_two_things_together_are_tried_only_if_none_works_alone() -> None:
    change = changes.same_subject()
    trial = trial_of(change)

    def replan(other: Change) -> Trial:
        renamed = (
            other.tomorrow.parties[changes.CORE].trusted_ca_list
            != change.tomorrow.parties[changes.CORE].trusted_ca_list
        )
        return replace(trial, works=renamed and len(other.steps) > len(change.steps))

    found = try_all(change, trial, replan)
    assert [attempt.enabling.kind for attempt in found if attempt.enabling.works] in (
        [["other-root-name + verify-off"], ["cross-sign + verify-off"]]
    )
    assert found[0].enabling.works


def test_large_change_says_what_was_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    change = changes.same_subject()
    monkeypatch.setattr(trying, "MOST_WORK", -1)
    found = try_all(change, trial_of(change), trial_of)
    assert [attempt.enabling.kind for attempt in found] == [option.kind for option in trying.EVERY]
    assert all(attempt.enabling.achieves.startswith("Not tried") for attempt in found)
    assert not working({attempt.enabling.kind: attempt for attempt in found})
