"""Changes in which no order is without refusals, and what makes one possible."""

from __future__ import annotations

from pkikit.planning.change import Change
from pkikit.planning.enabling.option import Trial
from pkikit.planning.enabling.trying import Attempt, try_all
from pkikit.planning.planner.making import trial_of
from tests.support.clashing_changes import same_subject


def tried(change: Change) -> dict[str, Attempt]:
    """What was tried, by kind; the change has no order without it."""
    trial: Trial = trial_of(change)
    assert not trial.works
    assert trial.proven
    return {attempt.enabling.kind: attempt for attempt in try_all(change, trial, trial_of)}


def test_two_roots_with_one_subject_need_a_cross_certificate_or_another_name() -> None:
    found = tried(same_subject())
    assert [kind for kind, attempt in found.items() if attempt.enabling.works] == [
        "cross-sign",
        "other-root-name",
        "verify-off",
    ]
    assert not found["keep-old-root"].enabling.works
    assert found["keep-old-root"].trial.clashes[0].causes == ("trust.same-subject-ambiguous",)
    assert found["verify-off"].enabling.steps == found["cross-sign"].enabling.steps + 2
