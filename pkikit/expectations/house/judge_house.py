"""Ask the rules of a house about a world, a deployment, or one certificate. Pure: takes the time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from cryptography import x509

from pkikit.expectations.house.fact_list import About, Facts
from pkikit.expectations.house.house_file import HouseRules
from pkikit.expectations.house.house_rule import HouseAnswer, Thing
from pkikit.expectations.house.known_facts import (
    certificate_facts,
    certificate_things,
    connection_things,
    deployment_thing,
    list_things,
)
from pkikit.judge.legs.known_parts import State
from pkikit.judge.legs.known_verdict import judge_as_known
from pkikit.judge.legs.stand_ins import known_part
from pkikit.model.certificates.facts import title
from pkikit.model.findings import Verdict
from pkikit.model.world import StandIns, World


@dataclass(frozen=True, kw_only=True)
class HouseVerdict(Verdict):
    """The verdict of house rules.

    Attributes:
        not_assessed: ids of the rules that nobody can answer for something.
    """

    not_assessed: tuple[str, ...] = ()

    @classmethod
    def of_rules(cls, question: str, answers: Sequence[HouseAnswer]) -> HouseVerdict:
        """The verdict that the answers of rules make."""
        made = Verdict.of(question, *(answer.answer for answer in answers))
        open_rules = tuple(answer.answer.rule for answer in answers if answer.open)
        return cls(question=question, findings=made.findings, checked=made.checked, not_assessed=open_rules)

    def to_json(self) -> dict[str, Any]:
        """The document of a verdict, and `not_assessed`."""
        return {**super().to_json(), "not_assessed": list(self.not_assessed)}


def judge_house(
    rules: HouseRules, world: World, *, at: datetime, partial: bool = False, now: Mapping[str, State] | None = None
) -> HouseVerdict:
    """Ask every rule about everything of its kind.

    Args:
        rules: the rules of the house.
        world: the machines. If what the lab made for some of them counts as unknown, so it does here.
        at: the time, aware UTC.
        partial: the world has only what somebody gave, as `world_of_files` reads it.
        now: the state of each connection, by id, where handshakes have shown it.

    Returns:
        The verdict: a finding for each breach, a note for what is not assessed, and the ids of all rules.
    """
    if world.stand_ins.unknown:
        world, partial = known_part(world), True

    @cache
    def things(about: About) -> Sequence[Thing]:
        match about:
            case About.CERTIFICATE:
                return tuple(certificate_things(world, at, partial=partial))
            case About.CONNECTION:
                judged = replace(world, stand_ins=StandIns(unknown=partial))
                return tuple(connection_things(world.deployment, judge_as_known(judged, at), now or {}))
            case About.TRUST_LIST:
                return tuple(list_things(world, at, partial=partial))
            case About.DEPLOYMENT:
                return (deployment_thing(world.deployment),)

    question = f"does {world.deployment.name} keep the house rules of {rules.where}?"
    return HouseVerdict.of_rules(question, [rule.judge(things(rule.about)) for rule in rules.rules])


def judge_certificate_by_house(
    rules: HouseRules,
    certificate: x509.Certificate,
    *,
    at: datetime,
    chain: Sequence[x509.Certificate] = (),
    machine: Facts | None = None,
    where: str = "",
) -> HouseVerdict:
    """Ask the rules about certificates about one certificate.

    Args:
        rules: the rules of the house; those about other things are not asked.
        certificate: the leaf.
        at: the time, aware UTC.
        chain: what is in its file behind it.
        machine: what is known about the machine that it is for.
        where: its file.

    Returns:
        The verdict.
    """
    facts = {**(machine or {}), **certificate_facts(certificate, at, chain_length=1 + len(chain))}
    thing = Thing(title=f"certificate {title(certificate)}", where=where or title(certificate), facts=facts)
    question = f"does {title(certificate)} keep the house rules of {rules.where}?"
    return HouseVerdict.of_rules(question, [rule.judge([thing]) for rule in rules.about(About.CERTIFICATE)])
