"""Every row of the phrase table: its example leads to its rule, and the index finds it."""

from __future__ import annotations

from collections import Counter

import pytest

from pkikit.judge.logs.failures import relevant
from pkikit.judge.logs.index import best_phrase, fold, index
from pkikit.judge.logs.log_text import diagnose_lines
from pkikit.judge.phrases import PHRASES, Phrase
from pkikit.rules.catalogue import all_rules
from pkikit.rules.connection_rules import UNEXPLAINED

RULES = {rule.id for rule in all_rules()}
# One wording, two rows: the direction decides, so both are fine.
PURPOSES = {"eku.client-auth-missing", "eku.server-auth-missing"}


def _name(row: Phrase) -> str:
    return row.text[:60] or row.alarm


@pytest.mark.parametrize("row", PHRASES, ids=_name)
def test_phrase_example_leads_to_its_rule(row: Phrase) -> None:
    """Read as a log of its own, the example line gives the row's rule as the cause, or the success, or nothing."""
    diagnosis = diagnose_lines(row.example.splitlines(), where="x")
    if row.success:
        assert diagnosis.successes == 1
        assert diagnosis.causes == ()
    elif not row.rule:
        assert diagnosis.causes == ()
    elif row.purpose:
        assert diagnosis.causes[0] in PURPOSES
    elif row.rule == "names.reference-not-presented":
        assert diagnosis.causes[0] in {row.rule, "names.ip-address-used"}
    else:
        assert diagnosis.causes[:1] == (row.rule,)
    # A rule that only warns about a certificate is an error where a connection has failed because of it.
    assert bool(diagnosis.verdict.errors) == bool(row.rule)


@pytest.mark.parametrize("row", PHRASES, ids=_name)
def test_phrase_is_well_formed_and_reachable(row: Phrase) -> None:
    """Its literals are folded, its rule exists, its example holds it, and the cheap filter lets the example through."""
    assert row.rule in RULES | {""}
    assert row.source
    literals = (row.text, *row.also, *row.unless)
    assert [fold(literal) for literal in literals] == [literal.strip() for literal in literals]
    folded = [fold(line) for line in row.example.splitlines()]
    if row.alarm:
        assert f'id="{row.alarm}"' in " ".join(folded)
    else:
        assert any(row.text in line for line in folded)
        assert any(best_phrase(line) is not None for line in folded)
        if row.rule or row.success:
            assert any(index().may_match(line) for line in folded if row.text in line)
            assert any(relevant(line.lower()) for line in row.example.splitlines())


def test_phrases_are_unique() -> None:
    """Two rows with the same literals would shadow each other."""
    twice = [key for key, n in Counter((r.text, r.also, r.unless, r.alarm) for r in PHRASES).items() if n > 1]
    assert twice == []


def _place(row: Phrase) -> tuple[bool, bool, int]:
    return row.rule != UNEXPLAINED.id, not row.vague, len(row.text) + sum(map(len, row.also))


def test_phrase_index_agrees_with_a_plain_search() -> None:
    """For every example: the rows that the index finds are those that a search through all rows finds."""
    for row in PHRASES:
        folded = fold(row.example)
        plain = [
            r
            for r in PHRASES
            if r.text
            and r.text in folded
            and all(a in folded for a in r.also)
            and not any(u in folded for u in r.unless)
        ]
        if plain:
            best = best_phrase(folded)
            assert best is not None, row
            assert _place(best) == max(map(_place, plain)), row


def test_unknown_verification_error_is_unexplained() -> None:
    """A verification error whose number is not in the table is never guessed."""
    diagnosis = diagnose_lines(["error 101 at 0 depth lookup: something of a later OpenSSL"], where="x")
    assert diagnosis.causes == (UNEXPLAINED.id,)
