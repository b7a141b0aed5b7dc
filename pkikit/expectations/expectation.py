"""An expectation as a value: kept, broken with its first break, or not assessed with what is missing."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pkikit.model.findings import UNKNOWN, Answer, Evidence, Finding, Verdict
from pkikit.rules.expectation_rules import NOT_ASSESSED, NOTHING_PROMISED
from pkikit.text import listed
from pkikit.view.description import iso


class Outcome(enum.StrEnum):
    """What became of a promise."""

    KEPT = "kept"
    BROKEN = "broken"
    NOT_ASSESSED = "not-assessed"

    @property
    def mark(self) -> str:
        """The sign in front of it."""
        return {Outcome.KEPT: "✔", Outcome.BROKEN: "✘", Outcome.NOT_ASSESSED: "?"}[self]

    @property
    def words(self) -> str:
        """The outcome for people."""
        return self.value.replace("-", " ")


@dataclass(frozen=True, kw_only=True)
class Break:
    """The first break of a promise.

    Attributes:
        at: when; the time of the judgement, if it is broken already.
        connections: ids of the legs that break it; empty for a promise about certificates.
        cause: the rule that the first of them breaks; that of the promise, if it is about certificates.
        fix: what to do.
    """

    at: datetime
    connections: tuple[str, ...]
    cause: str
    fix: str

    def to_json(self) -> dict[str, Any]:
        """Return the object of `first_break`."""
        return {"at": iso(self.at), "legs": list(self.connections), "cause": self.cause, "fix": self.fix}


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """One promise of a deployment, and what became of it.

    Attributes:
        key: its place in the file: `expect.services.mra`.
        promise: what is promised, in words.
        outcome: kept, broken or not assessed.
        first_break: the first break; None if it is not broken.
        missing: what is missing for an answer, in words; empty if there is one.
        answers: of each rule that was asked.
    """

    key: str
    promise: str
    outcome: Outcome
    first_break: Break | None = None
    missing: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()

    @classmethod
    def of(
        cls,
        key: str,
        promise: str,
        answers: Sequence[Answer],
        *,
        broken: Break | None = None,
        missing: Iterable[str] = (),
    ) -> Expectation:
        """Return the expectation that these answers are.

        Args:
            key: its place in the file.
            promise: what is promised, in words.
            answers: of the rules that were asked.
            broken: the first break, if there is one.
            missing: what is missing for an answer. It does not count if the promise is broken anyway.

        Returns:
            The expectation.
        """
        lacks = () if broken is not None else tuple(dict.fromkeys(missing))
        outcome = Outcome.BROKEN if broken is not None else Outcome.NOT_ASSESSED if lacks else Outcome.KEPT
        unknown = NOT_ASSESSED.judge(key, [_unknown(promise, lacks)] if lacks else [])
        return cls(
            key=key,
            promise=promise,
            outcome=outcome,
            first_break=broken,
            missing=lacks,
            answers=(NOTHING_PROMISED.kept, *answers, unknown),
        )

    @classmethod
    def about_nothing(cls, key: str, promise: str, why: str) -> Expectation:
        """Return the expectation of a promise that cannot be judged whatever is given: nobody has what it is about."""
        evidence = Evidence(
            label=promise, expected="something to judge", seen=why, where=key, says=f"{why} ({promise})."
        )
        answer = NOTHING_PROMISED.judge(key, [evidence])
        return cls(key=key, promise=promise, outcome=Outcome.NOT_ASSESSED, missing=(why,), answers=(answer,))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What breaks it, and that it was not assessed."""
        return tuple(found for answer in self.answers for found in answer.findings)

    def to_json(self) -> dict[str, Any]:
        """Return one entry of `expectations`."""
        return {
            "expectation": self.key,
            "promise": self.promise,
            "state": self.outcome.value,
            "kept": self.outcome is Outcome.KEPT,
            "first_break": self.first_break.to_json() if self.first_break else None,
            "missing": list(self.missing),
            "findings": [found.to_json() for found in self.findings],
        }


def _unknown(promise: str, lacks: Sequence[str]) -> Evidence:
    what = listed(lacks, at_most=4)
    return Evidence(
        label=promise,
        expected="what decides about it",
        seen=f"missing: {what}",
        where="expect",
        says=f"{UNKNOWN} {promise}. Missing: {what}.",
    )


def verdict_of(deployment: str, expectations: Iterable[Expectation]) -> Verdict:
    """Return the verdict over all promises of a deployment: accepted if none is broken.

    Args:
        deployment: its name.
        expectations: what became of each promise.

    Returns:
        The verdict, with the findings of all.
    """
    answers = (answer for expectation in expectations for answer in expectation.answers)
    return Verdict.of(f"does {deployment} keep what its owner promises?", *answers)


def all_kept(expectations: Iterable[Expectation]) -> bool:
    """Return True if every promise is known to be kept."""
    return all(expectation.outcome is Outcome.KEPT for expectation in expectations)
