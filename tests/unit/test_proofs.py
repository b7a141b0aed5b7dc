"""Every rule has a test in which it speaks and a near miss in which it does not; markers are counted, not text."""

from __future__ import annotations

import pytest

from pkikit.rules.catalogue import all_rules
from tests.support.places import ROOT
from tests.support.proofs import KINDS, proofs

pytest_plugins = ["pytester"]


@pytest.fixture(scope="module")
def found() -> dict[str, dict[str, list[str]]]:
    return proofs()


@pytest.mark.parametrize("kind", KINDS)
def test_every_rule_has_a_fires_and_a_near_miss_test(kind: str, found: dict[str, dict[str, list[str]]]) -> None:
    """No rule of the catalogue lacks a test of that kind, and no marker names a rule that does not exist."""
    known = {rule.id for rule in all_rules()}
    assert known - found[kind].keys() == set()
    assert found[kind].keys() - known == set()


TESTS = """
import pytest
from pkikit.rules.chain_rules import KEY_MISMATCH
from pkikit.model.findings import Evidence, Verdict

def fire():
    return KEY_MISMATCH.finding("x", [Evidence(label="x", expected="x", seen="y")])

@pytest.mark.fires("key.mismatch")
def test_fires():
    fire()

@pytest.mark.fires("key.mismatch")
def test_claims_to_fire():
    pass

@pytest.mark.near_miss("key.mismatch")
def test_misses():
    Verdict(question="", checked=("key.mismatch",))

@pytest.mark.near_miss("key.mismatch")
def test_claims_to_miss():
    Verdict(question="", checked=("key.mismatch",), findings=(fire(),))

@pytest.mark.near_miss("key.mismatch")
def test_never_asks():
    Verdict(question="")
"""


def test_test_with_a_false_rule_marker_fails(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a marked test in which the rule does not do what the marker says is a failed test."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makepyfile(TESTS)
    pytester.makeini("[pytest]\nmarkers =\n  fires: x\n  near_miss: x\n")
    outcome = pytester.runpytest_subprocess("-p", "tests.support.proofs", "-q", "-rf")
    outcome.assert_outcomes(passed=2, failed=3)
    outcome.stdout.fnmatch_lines(["*test_claims_to_fire*", "*test_claims_to_miss*", "*test_never_asks*"])
