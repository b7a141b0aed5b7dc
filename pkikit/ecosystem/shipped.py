"""The rules that come with pkikit, and those that you add: read when somebody asks, one file for each subject."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from pkikit.ecosystem.ecosystem_rule import Change, EcosystemRule, Subject, changes_of
from pkikit.ecosystem.rule_reading import rules_of
from pkikit.errors import InputError

FOLDER = Path(__file__).parent / "rules"


@cache
def rules_about(subject: Subject) -> tuple[EcosystemRule, ...]:
    """Return the rules about one subject, in the order of their file.

    Args:
        subject: the subject.

    Returns:
        The rules.
    """
    return rules_of(shipped_data(f"{subject}.yaml"), where=f"{subject}.yaml")


def all_rules() -> tuple[EcosystemRule, ...]:
    """Return every rule that comes with pkikit, by subject."""
    return tuple(rule for subject in Subject for rule in rules_about(subject))


def rule_named(name: str, subject: Subject) -> EcosystemRule:
    """Return one rule.

    Args:
        name: its id.
        subject: what it is about, so that no other file is read.

    Returns:
        The rule.

    Raises:
        KeyError: there is no such rule.
    """
    found = next((rule for rule in rules_about(subject) if rule.id == name), None)
    if found is None:
        raise KeyError(name)
    return found


def with_further(rules: Iterable[EcosystemRule], further: Iterable[EcosystemRule]) -> tuple[EcosystemRule, ...]:
    """Return rules with those of another file behind them.

    Args:
        rules: the rules.
        further: the other ones.

    Returns:
        All of them.

    Raises:
        InputError: an id of the other file is taken.
    """
    known = tuple(rules)
    taken = {rule.id for rule in known}
    added = tuple(further)
    for rule in added:
        if rule.id in taken:
            raise InputError(f"the id {rule.id} is taken by a rule of pkikit: choose another one")
    return (*known, *added)


def changes_between(begin: datetime, end: datetime, rules: Iterable[EcosystemRule] | None = None) -> tuple[Change, ...]:
    """Return the days between two instants on which a rule gets another value.

    Args:
        begin: the first instant.
        end: the last one.
        rules: the rules; None for all that come with pkikit.

    Returns:
        The changes, the earliest first.
    """
    chosen = all_rules() if rules is None else tuple(rules)
    return tuple(change for change in changes_of(chosen) if begin <= change.at <= end)


def shipped_data(name: str) -> Any:
    """Return what a file of `rules/` says.

    Args:
        name: the name of the file.

    Returns:
        The data.
    """
    import yaml

    # Our own files: libyaml's parser where there is one, and a test reads them with the strict one.
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load((FOLDER / name).read_text(encoding="utf-8"), Loader=loader)  # noqa: S506  # a safe loader
