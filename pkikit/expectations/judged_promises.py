"""What became of the promises of a deployment and of the rules of a house, together: what commands show and answer with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pkikit.expectations.expectation import Expectation, Outcome, verdict_of
from pkikit.expectations.house.house_file import HouseRules
from pkikit.expectations.house.judge_house import HouseVerdict, judge_house
from pkikit.expectations.judge_expectations import judge_expectations
from pkikit.judge.legs.known_parts import State
from pkikit.model.findings import Finding, Verdict, merge_verdicts
from pkikit.model.world import World
from pkikit.text import counted


@dataclass(frozen=True, kw_only=True)
class OfRule:
    """What one house rule found: breaches, and the note about what nobody knows."""

    broken: tuple[Finding, ...]
    unknown: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True)
class JudgedPromises:
    """What became of promises and house rules.

    Attributes:
        deployment: its name.
        expectations: one for each promise; empty without `expect:`.
        house: the verdict of the house rules; None without them.
    """

    deployment: str
    expectations: tuple[Expectation, ...] = ()
    house: HouseVerdict | None = None

    @property
    def verdict(self) -> Verdict:
        """The verdict over both: accepted if nothing is broken."""
        both = [verdict_of(self.deployment, self.expectations), *([self.house] if self.house is not None else [])]
        return merge_verdicts(" ".join(verdict.question for verdict in both), both)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that was found."""
        return self.verdict.findings

    @property
    def broken(self) -> bool:
        """True if a promise or a house rule (of severity error) is broken."""
        return not self.verdict.accepted

    @property
    def kept(self) -> bool:
        """True if all promises and house rules (of severity error) are known to be kept."""
        known = all(expectation.outcome is Outcome.KEPT for expectation in self.expectations)
        return known and (self.house is None or (self.house.accepted and not self.house.not_assessed))

    @property
    def promises_in_words(self) -> str:
        """How many promises are kept, broken and not assessed; empty if there are none."""
        number = Counter(expectation.outcome for expectation in self.expectations)
        parts = [f"{number[outcome]} {outcome.words}" for outcome in Outcome if number[outcome]]
        return f"{counted(len(self.expectations), 'promise')}: {', '.join(parts)}" if parts else ""

    @property
    def rules_in_words(self) -> str:
        """How many house rules are kept, broken and not assessed; empty if there are none."""
        if self.house is None:
            return ""
        every, unknown = set(self.house.checked), set(self.house.not_assessed)
        broken = {rule for rule in every if self.of_rule(rule).broken}
        numbers = {
            "kept": len(every - broken - unknown),
            "broken": len(broken),
            "not assessed": len(unknown - broken),
        }
        words = ", ".join(f"{number} {word}" for word, number in numbers.items() if number)
        return f"{counted(len(every), 'house rule')}: {words}"

    @property
    def short_of(self) -> str:
        """How many promises and house rules are not kept: `1 promise broken, 2 not assessed`; empty if all are."""
        promises = Counter(expectation.outcome for expectation in self.expectations)
        rules = self.house.checked if self.house is not None else ()
        broken = sum(bool(self.of_rule(rule).broken) for rule in dict.fromkeys(rules))
        unknown = len(set(self.house.not_assessed)) if self.house is not None else 0
        parts = [
            (promises[Outcome.BROKEN], "promise broken", "promises broken"),
            (promises[Outcome.NOT_ASSESSED], "promise not assessed", "promises not assessed"),
            (broken, "house rule broken", "house rules broken"),
            (unknown, "house rule not assessed", "house rules not assessed"),
        ]
        return ", ".join(counted(number, one, many) for number, one, many in parts if number)

    def of_rule(self, rule: str) -> OfRule:
        """Return what one house rule found.

        Args:
            rule: its id.

        Returns:
            Its findings.
        """
        mine = [f for f in self.house.findings if f.rule == rule] if self.house is not None else []
        unknown = tuple(finding for finding in mine if finding.is_unknown)
        return OfRule(broken=tuple(f for f in mine if f not in unknown), unknown=unknown)

    def to_json(self) -> dict[str, Any]:
        """Return the keys that commands add: `expectations`, and `house_rules` if there are any."""
        house = {"house_rules": self.house.to_json()} if self.house is not None else {}
        return {"expectations": [expectation.to_json() for expectation in self.expectations], **house}


NOTHING_PROMISED = JudgedPromises(deployment="")


def judge_promises(
    world: World,
    *,
    at: datetime,
    rules: HouseRules | None = None,
    partial: bool = False,
    now: Mapping[str, State] | None = None,
) -> JudgedPromises:
    """Judge what the deployment of a world promises, and ask the rules of a house.

    Args:
        world: the machines.
        at: the time, aware UTC.
        rules: the rules of the house; None for none.
        partial: the world has only what somebody gave, as `world_of_files` reads it.
        now: the state of each connection now, by id, where handshakes have shown it.

    Returns:
        What became of both.
    """
    return JudgedPromises(
        deployment=world.deployment.name,
        expectations=judge_expectations(world, at=at, partial=partial, now=now),
        house=judge_house(rules, world, at=at, partial=partial, now=now) if rules is not None else None,
    )
