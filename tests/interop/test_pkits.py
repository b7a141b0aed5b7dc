"""NIST's path validation suite: we and OpenSSL give one answer, and where both differ from the suite it is listed why."""

from __future__ import annotations

import pytest

from tests.vectors.pkits import Case, cases, openssl, ours

# Where we refuse and OpenSSL does not.
STRICTER = {"ValidDSASignaturesTest4EE": "DSA of 1024 bits with SHA-1: below the security level that the product keeps"}
# Parts of RFC 5280 that neither the product nor OpenSSL, used as the product uses it, takes part in.
NOT_IN_THE_PRODUCT = {
    "olicy": "certificate policies: asked for by nobody, so not enforced",
    "deltaCRL": "delta CRLs are recognised, not applied",
    "IDPwithindirectCRL": "indirect CRLs are recognised, not applied",
    "cRLIssuer": "indirect CRLs are recognised, not applied",
    "onlySomeReasons": "CRLs for some reasons are recognised, not applied",
    "SeparateCertificateandCRLKeys": "a CRL is checked with the keys of the path only",
    "BasicSelfIssued": "a CRL is checked with the keys of the path only",
}


def explained(case: Case) -> bool:
    return case.name in STRICTER or any(part in case.name for part in NOT_IN_THE_PRODUCT)


def test_the_suite_is_there() -> None:
    """200 and more cases, both kinds; a package without them must not pass for agreement."""
    expected = [case.expected for case in cases()]
    assert len(expected) > 200
    assert expected.count(True) > 80
    assert expected.count(False) > 100


@pytest.mark.parametrize("case", cases(), ids=lambda c: c.name)
def test_case(case: Case) -> None:
    """Accepted or not as the suite says, and as OpenSSL says; a refusal has a reason."""
    accepted, rules = ours(case)
    assert accepted == (not rules)
    if case.name not in STRICTER:
        assert accepted == openssl(case)[0], rules
    if not explained(case):
        assert accepted == case.expected, rules


def test_no_explanation_is_stale() -> None:
    """Each explanation is needed by a case that really differs."""
    differing = [case for case in cases() if ours(case)[0] != case.expected]
    for part in NOT_IN_THE_PRODUCT:
        assert any(part in case.name for case in differing), part
    assert set(STRICTER) <= {case.name for case in differing}
