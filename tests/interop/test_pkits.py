"""NIST's path validation suite: we and OpenSSL give one answer; where both differ from the suite, OpenSSL itself proves why."""

from __future__ import annotations

import pytest

from tests.support.agreement import PAGE, page, pkits_differences
from tests.vectors.pkits import STRICTER, STRICTER_RULES, SWITCH_NAMES, SWITCHES, Case, cases, openssl, ours, switch


def test_pkits_suite_is_complete() -> None:
    """200 and more cases, both kinds; a package without them must not pass for agreement."""
    expected = [case.expected for case in cases()]
    assert len(expected) > 200
    assert expected.count(True) > 80
    assert expected.count(False) > 100


@pytest.mark.parametrize("case", cases(), ids=lambda c: c.name)
def test_pkits_case_is_judged_as_by_openssl(case: Case) -> None:
    """As OpenSSL says; as the suite says, unless a switch that nobody turns on makes the difference. A refusal has a reason."""
    accepted, rules = ours(case)
    theirs = openssl(case).accepted
    assert accepted == (not rules)
    if case.name in STRICTER:
        assert theirs
        assert rules
        assert set(rules) <= STRICTER_RULES
        return
    assert accepted == theirs, rules
    if accepted != case.expected:
        assert switch(case) in SWITCH_NAMES


def test_pkits_explanation_is_still_needed() -> None:
    """Each switch and each stricter answer is needed by a case that really differs."""
    used = {found for *_, found in pkits_differences() if found}
    assert used == SWITCH_NAMES.keys()
    assert SWITCHES.keys() < SWITCH_NAMES.keys()
    assert {case.name for case, mine, theirs, _ in pkits_differences() if mine != theirs} == STRICTER.keys()


def test_agreement_document_matches_the_runs() -> None:
    """docs/agreement.md; `python -m tests.support.agreement` writes it."""
    assert PAGE.read_text("utf-8") == page()
