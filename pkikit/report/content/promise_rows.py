"""Promises and house rules as rows: what is promised, what became of it, why, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pkikit.expectations.expectation import Expectation, Outcome
from pkikit.expectations.judged_promises import JudgedPromises
from pkikit.model.findings import Finding
from pkikit.rules.expectation_rules import NOT_ASSESSED
from pkikit.text import listed

_MOST = 4


@dataclass(frozen=True, kw_only=True)
class PromiseRow:
    """A promise or a house rule.

    Attributes:
        what: the promise in words, or the id of the rule.
        outcome: kept, broken or not assessed.
        why: what breaks it, or what is missing; empty if it is kept.
        fix: what to do; empty if it is kept.
    """

    what: str
    outcome: Outcome
    why: str = ""
    fix: str = ""

    @property
    def state(self) -> str:
        """The outcome with its sign."""
        return f"{self.outcome.mark} {self.outcome.words}"


def promise_rows(judged: JudgedPromises) -> tuple[PromiseRow, ...]:
    """Return the promises in their order, then the house rules.

    Args:
        judged: what became of them.

    Returns:
        One row for each.
    """
    return (*map(_promise, judged.expectations), *_rules(judged))


def _promise(expectation: Expectation) -> PromiseRow:
    lacks = listed(expectation.missing, at_most=_MOST)
    return PromiseRow(
        what=f"{expectation.promise[:1].upper()}{expectation.promise[1:]}",
        outcome=expectation.outcome,
        why=f"Missing: {lacks}." if _waits(expectation) else _messages(expectation.findings),
        fix=expectation.findings[0].fix if expectation.findings else "",
    )


def _waits(expectation: Expectation) -> bool:
    """Return True if files would give an answer."""
    return any(finding.rule == NOT_ASSESSED.id for finding in expectation.findings)


def _rules(judged: JudgedPromises) -> Iterator[PromiseRow]:
    house = judged.house
    for rule in house.checked if house is not None else ():
        found = judged.of_rule(rule)
        outcome = Outcome.KEPT
        if found.broken:
            outcome = Outcome.BROKEN
        elif found.unknown:
            outcome = Outcome.NOT_ASSESSED
        shown = found.broken or found.unknown
        yield PromiseRow(what=rule, outcome=outcome, why=_messages(shown), fix=shown[0].fix if shown else "")


def _messages(findings: tuple[Finding, ...]) -> str:
    more = f" (and {len(findings) - _MOST} more)" if len(findings) > _MOST else ""
    return " ".join(finding.message for finding in findings[:_MOST]) + more
