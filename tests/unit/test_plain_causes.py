"""The causes in plain words: complete, each once, and found by words, sentences and rule ids."""

from __future__ import annotations

import pytest

from pkikit.model.findings import Severity
from pkikit.rules.catalogue import all_rules
from pkikit.rules.plain_causes import BY_RULE, PLAIN_CAUSES, Gate, named_cause, search_causes
from simulator.clinic.case import cases

# Errors that are never the cause of a ticket: symptoms, and rules about requests, files of a plan, or certificates by hand.
NO_CAUSES = (
    "expect.",
    "answer.",
    "certificate.",
    "chain.extension",
    "csr.",
    "deployment.",
    "diagnose.",
    "repository.",
    "tunnel.",
    "zone.",
)
SYMPTOMS = {
    "acme.common-name-long",
    "cluster.link-down",
    "revocation.crl-critical-extension",
    "tls.certificate-refused",
    "tls.handshake-failed",
    "validity.unreadable",
}


def test_list_of_causes_is_complete() -> None:
    """Each rule that can be the cause of a ticket is there once, with one sentence, and every gate has causes."""
    errors = {rule.id for rule in all_rules() if rule.severity is Severity.ERROR}
    wanted = {rule for rule in errors if not rule.startswith(NO_CAUSES)} - SYMPTOMS
    assert set(BY_RULE) == wanted
    assert len(BY_RULE) == len(PLAIN_CAUSES) == len({cause.sentence for cause in PLAIN_CAUSES})
    assert {cause.gate for cause in PLAIN_CAUSES} == set(Gate)
    assert {rule for case in cases().values() for rule in case.causes} <= set(BY_RULE)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("certificates swapped", "cluster.peer-certificate-swapped"),
        ("expired certificate", "validity.expired"),
        ("root not trusted", "trust.issuer-unknown"),
        ("missing intermediate", "trust.intermediate-missing"),
        ("firewall", "net.unreachable"),
        ("clientauth", "eku.client-auth-missing"),
        ("ntp", "validity.not-yet-valid"),
        ("acme.caa-forbids", "acme.caa-forbids"),
        ("wildcrad", "names.wildcard-unsupported"),
    ],
)
def test_words_find_the_cause(said: str, found: str) -> None:
    """Also in another order, misspelt, or as a rule id."""
    assert found in [cause.rule for cause in search_causes(said)][:3]


def test_text_is_a_cause_only_if_it_is_one() -> None:
    """An id or a sentence of the list; words alone are a search."""
    assert named_cause("VALIDITY.expired") is BY_RULE["validity.expired"]
    assert named_cause("the crl has expired") is BY_RULE["revocation.crl-expired"]
    assert named_cause("help") is None
    assert named_cause("names.sip-uri-only") is None
    assert search_causes("") == PLAIN_CAUSES
    assert search_causes("the") == ()
    assert search_causes("😀 <b>") == ()
    assert search_causes("x" * 100_000) == ()
