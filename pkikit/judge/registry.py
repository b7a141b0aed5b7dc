"""The rule catalogue: a rule is a function registered with its data; two rules with one id are refused."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from pkikit.errors import InputError
from pkikit.model.features import EVERY_VERSION
from pkikit.model.findings import Evidence, Finding, Rule, Severity
from pkikit.model.version import ProductVersion

RuleFunction = Callable[..., Iterator[Evidence]]


class Subject(enum.StrEnum):
    """What a rule looks at, and so when it runs."""

    CERTIFICATE = "certificate"  # (certificate, use)
    CSR = "csr"  # (request, use)
    CA = "ca"  # (certificate, use)
    TRUST_LIST = "trust-list"  # (certificates, use)
    PATH = "path"  # (path, question)
    NAMES = "names"  # found by judge.names
    PRESENTED = "presented"  # found while a leg is judged
    FILE = "file"  # found while a file is read
    CONNECTION = "connection"  # found by diagnosis of a trace
    UPLOAD = "upload"  # found by judge.lint, with the trusted CA list
    DEPLOYMENT = "deployment"  # (deployment)
    ACME = "acme"  # found by judge.preflight
    ANSWER = "answer"  # found by judge.answer
    REPLACEMENT = "replacement"  # found by judge.replacement
    REVOCATION = "revocation"  # found by judge.revocation


@dataclass(frozen=True, kw_only=True)
class RegisteredRule:
    """A rule with the function that looks for breaches; `find` is None where the judging code finds them itself."""

    rule: Rule
    subject: Subject
    find: RuleFunction | None


_CATALOGUE: dict[str, RegisteredRule] = {}


def _register(rule: Rule, subject: Subject, find: RuleFunction | None) -> None:
    if rule.id in _CATALOGUE:
        raise ValueError(f"two rules with the id {rule.id}")
    _CATALOGUE[rule.id] = RegisteredRule(rule=rule, subject=subject, find=find)


def rule(
    rule_id: str,
    severity: Severity,
    *,
    on: Subject,
    requirement: str,
    source: str,
    fix: str,
    versions: str = EVERY_VERSION,
) -> Callable[[RuleFunction], RuleFunction]:
    """Register the decorated function: it yields one Evidence per breach."""

    def decorate(find: RuleFunction) -> RuleFunction:
        data = Rule(id=rule_id, severity=severity, requirement=requirement, source=source, fix=fix, versions=versions)
        _register(data, on, find)
        return find

    return decorate


def declare(
    rule_id: str,
    severity: Severity,
    *,
    on: Subject,
    requirement: str,
    source: str,
    fix: str,
    versions: str = EVERY_VERSION,
) -> str:
    """Register a rule whose breaches the judging code finds on its way; returns the id."""
    _register(
        Rule(id=rule_id, severity=severity, requirement=requirement, source=source, fix=fix, versions=versions),
        on,
        None,
    )
    return rule_id


@cache
def _filled() -> dict[str, RegisteredRule]:
    """The catalogue. Importing the rules registers them; the import is late, or it would be circular."""
    import pkikit.judge.linting.issued_certificate
    import pkikit.judge.rules  # noqa: F401

    return _CATALOGUE


@lru_cache(maxsize=512)
def _rules_for(
    kind: Subject, version: ProductVersion | None
) -> tuple[tuple[tuple[RuleFunction, Rule], ...], tuple[str, ...]]:
    """The rules that look at this kind of subject and apply to this version, in order of registration; and their ids."""
    rules = tuple(
        (registered.find, registered.rule)
        for registered in _filled().values()
        if registered.subject is kind and registered.find is not None
        if version is None or version.within(registered.rule.versions)
    )
    return rules, tuple(rule.id for _, rule in rules)


def catalogue() -> tuple[Rule, ...]:
    """Every rule, by id."""
    rules = _filled()
    return tuple(rules[rule_id].rule for rule_id in sorted(rules))


def rule_of(rule_id: str) -> Rule:
    """One rule, or an InputError with the closest ids."""
    import difflib

    known = {r.id: r for r in catalogue()}
    if rule_id in known:
        return known[rule_id]
    near = difflib.get_close_matches(rule_id, known, n=3) or sorted(known)[:3]
    raise InputError(f"no rule has the id {rule_id[:80]!r}; close to it: {', '.join(near)}")


def finding(
    rule_id: str,
    subject: str,
    evidence: Iterable[Evidence],
    *,
    message: str = "",
    severity: Severity | None = None,
) -> Finding:
    """A breach of that rule; the message defaults to what the evidence shows."""
    known = _filled()[rule_id].rule
    shown = tuple(evidence)
    return Finding(
        rule=rule_id,
        severity=severity or known.severity,
        subject=subject,
        message=message or _summary(shown) or known.requirement,
        evidence=shown,
        fix=known.fix,
    )


def _summary(evidence: tuple[Evidence, ...]) -> str:
    if not evidence:
        return ""
    first = evidence[0]
    more = f" (and {len(evidence) - 1} more)" if len(evidence) > 1 else ""
    return f"{first.label}: expected {first.expected}, found {first.seen}{more}"


def run_rules(
    kind: Subject, subject_name: str, *arguments: Any, version: ProductVersion | None = None
) -> tuple[list[Finding], tuple[str, ...]]:
    """Run every rule for that kind of subject: (findings, ids of the rules that ran)."""
    findings: list[Finding] = []
    chosen, checked = _rules_for(kind, version)
    for find, rule in chosen:
        evidence = tuple(find(*arguments))
        if evidence:
            findings.append(finding(rule.id, subject_name, evidence))
    return findings, checked
