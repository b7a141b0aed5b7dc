"""Every rule, collected from the modules of this package, with indexes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from pkikit.errors import InputError
from pkikit.model.findings import Finding, Severity
from pkikit.rules import (
    acme_rules,
    certificate_rules,
    chain_rules,
    connection_rules,
    deployment_rules,
    expectation_rules,
    file_rules,
    name_rules,
    replacement_rules,
    request_rules,
    revocation_rules,
    trust_rules,
)
from pkikit.rules.rule import Rule, Step
from pkikit.text import did_you_mean


@dataclass(frozen=True)
class Catalogue:
    """Rules with their indexes by id, by OpenSSL error and by TLS alert.

    Attributes:
        rules: every rule, in any order.

    Raises:
        ValueError: two rules have one id.
    """

    rules: tuple[Rule, ...]

    def __post_init__(self) -> None:
        ids = [rule.id for rule in self.rules]
        twice = sorted({rule_id for rule_id in ids if ids.count(rule_id) > 1})
        if twice:
            raise ValueError(f"two rules with the id {', '.join(twice)}")

    @cached_property
    def by_id(self) -> MappingProxyType[str, Rule]:
        """Every rule by its id, in the order of the ids."""
        return MappingProxyType({rule.id: rule for rule in sorted(self.rules, key=lambda rule: rule.id)})

    @cached_property
    def by_openssl(self) -> MappingProxyType[int, Rule]:
        """The rule for each OpenSSL error, except errors of several rules: these do not say which one."""
        numbers = [number for rule in self.rules for number in rule.openssl]
        return MappingProxyType(
            {number: rule for rule in self.rules for number in rule.openssl if numbers.count(number) == 1}
        )

    @cached_property
    def by_alert(self) -> MappingProxyType[int, Rule]:
        """The rule for each TLS alert."""
        return MappingProxyType({number: rule for rule in self.rules for number in rule.alerts})

    def rule(self, rule_id: str) -> Rule:
        """Return one rule by its id.

        Args:
            rule_id: an id such as `names.cluster-fqdn-missing`.

        Returns:
            The rule.

        Raises:
            InputError: no rule has that id; the message names the closest id.
        """
        if rule_id in self.by_id:
            return self.by_id[rule_id]
        meant = did_you_mean(rule_id, self.by_id) or " `pkikit rules` lists them."
        raise InputError(f"no rule has the id {rule_id[:80]!r}.{meant}")

    def causes(self, findings: Iterable[Finding]) -> tuple[str, ...]:
        """Return the rule ids of the errors, each once, the most probable root cause first."""
        errors = dict.fromkeys(f.rule for f in findings if f.severity is Severity.ERROR)
        return tuple(sorted(errors, key=lambda rule_id: self.rule(rule_id).rank))


CATALOGUE = Catalogue(
    (
        *acme_rules.RULES,
        *certificate_rules.RULES,
        *chain_rules.RULES,
        *connection_rules.RULES,
        *deployment_rules.RULES,
        *expectation_rules.RULES,
        *file_rules.RULES,
        *name_rules.RULES,
        *replacement_rules.RULES,
        *request_rules.RULES,
        *revocation_rules.RULES,
        *trust_rules.RULES,
    )
)
RULES = CATALOGUE.rules


def all_rules() -> tuple[Rule, ...]:
    """Return every rule, in the order of the ids."""
    return tuple(CATALOGUE.by_id.values())


def rule_of(rule_id: str) -> Rule:
    """Return one rule of the whole catalogue by its id.

    Args:
        rule_id: an id such as `names.cluster-fqdn-missing`.

    Returns:
        The rule.

    Raises:
        InputError: no rule has that id; the message names the closest one.
    """
    return CATALOGUE.rule(rule_id)


def is_about_trust(rule_id: str) -> bool:
    """True for a rule about where a path ends: it depends on the trusted CA list of the verifier."""
    return rule_of(rule_id).step is Step.TRUST


def rank_causes(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return the rule ids of the errors, each once, the most probable root cause first."""
    return CATALOGUE.causes(findings)
