"""A file of house rules: YAML to rules that are proved. Reads text, not files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pkikit.errors import InputError
from pkikit.expectations.house.fact_list import About, Value
from pkikit.expectations.house.house_rule import PLACEHOLDER, HouseRule, why_not_proved
from pkikit.expectations.house.read_conditions import Path, RuleProblem, fact_of, read_condition, read_value, shown
from pkikit.model.deployment_file.yaml_source import YamlSource, read_yaml
from pkikit.model.findings import UNKNOWN, Severity
from pkikit.rules.rule import Rule
from pkikit.text import did_you_mean, printable

MAX_RULES = 500
MAX_WORDS = 500
_ID = re.compile(r"house\.[a-z0-9]+(?:-[a-z0-9]+)*")
_KEYS = (
    "id",
    "severity",
    "about",
    "requirement",
    "when",
    "require",
    "message",
    "fix",
    "source",
    "example",
    "near_miss",
)
_OPTIONAL = ("severity", "requirement", "when", "source")


@dataclass(frozen=True, kw_only=True)
class HouseRules:
    """The rules of a file.

    Attributes:
        where: the file.
        rules: the rules, each proved by its example and its near miss.
        digest: of the text: other rules, other digits.
    """

    where: str
    rules: tuple[HouseRule, ...]
    digest: str = ""

    def about(self, about: About) -> tuple[HouseRule, ...]:
        """Return the rules about one kind of thing."""
        return tuple(rule for rule in self.rules if rule.about is about)

    def as_rules(self) -> tuple[Rule, ...]:
        """Return the rules in the form of the catalogue, for results that describe them."""
        return tuple(rule.as_rule() for rule in self.rules)


def parse_house_rules(text: str, *, where: str = "house rules") -> HouseRules:
    """Read house rules, and prove each by its example and its near miss.

    Args:
        text: YAML with the key `rules`.
        where: the file's name, for messages.

    Returns:
        The rules.

    Raises:
        InputError: the text has no rules, or one is not proved; the sentence names the line and what is allowed.
    """
    source = read_yaml(text, where=where)
    data = source.data
    listed = data.get("rules") if isinstance(data, dict) else None
    if not isinstance(listed, list) or not listed:
        raise InputError("has no rules: write `rules:` and a list below it", where=where)
    if unknown := [key for key in data if key != "rules"]:
        raise InputError(
            f"unknown key {printable(str(unknown[0]), 60)!r}; allowed here: rules", where=_place(source, (unknown[0],))
        )
    if len(listed) > MAX_RULES:
        raise InputError(f"has {len(listed)} rules; allowed are {MAX_RULES}", where=where)
    rules: dict[str, HouseRule] = {}
    for i, given in enumerate(listed):
        try:
            rule = _rule(given, f"house rules of {where}")
        except RuleProblem as problem:
            name = given.get("id") if isinstance(given, dict) else None
            label = f"rule {printable(str(name), 60)}: " if name else ""
            raise InputError(f"{label}{problem.message}", where=_place(source, ("rules", i, *problem.path))) from None
        if rule.id in rules:
            raise InputError(f"two rules have the id {rule.id}", where=_place(source, ("rules", i, "id")))
        rules[rule.id] = rule
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
    return HouseRules(where=where, rules=tuple(rules.values()), digest=digest)


def _place(source: YamlSource, path: Path) -> str:
    line = source.line(path)
    return f"{source.where}, line {line}" if line else source.where


def _rule(given: Any, source: str) -> HouseRule:
    if not isinstance(given, dict):
        raise RuleProblem("a rule is a mapping with id, about, require, message, fix, example and near_miss", ())
    for key in given:
        if key not in _KEYS:
            name = printable(str(key), 60)
            raise RuleProblem(f"unknown key {name!r}.{did_you_mean(name, _KEYS)} Allowed: {', '.join(_KEYS)}", (name,))
    if missing := [key for key in _KEYS if key not in given and key not in _OPTIONAL]:
        raise RuleProblem(f"the key {missing[0]} is missing", ())
    rule_id = _words(given, "id", is_text=lambda text: bool(_ID.fullmatch(text)), allowed="house.a-name")
    about = About(_one_of(given["about"], tuple(About), "about"))
    when = read_condition(given["when"], about, ("when",)) if "when" in given else None
    require = read_condition(given["require"], about, ("require",))
    example = _facts(given["example"], about, "example")
    changes = _facts(given["near_miss"], about, "near_miss")
    rule = HouseRule(
        id=rule_id,
        severity=Severity(_one_of(given.get("severity", "error"), tuple(Severity), "severity")),
        about=about,
        requirement=_words(given, "requirement") if "requirement" in given else _said(given, about),
        when=when,
        require=require,
        message=_template(given, "message", about),
        fix=_template(given, "fix", about),
        source=_words(given, "source") if "source" in given else source,
        example=example,
        near_miss={**example, **changes},
    )
    if problem := why_not_proved(rule):
        raise RuleProblem(problem, ("near_miss",) if "near miss" in problem else ("example",))
    return rule


def _one_of(given: Any, allowed: tuple[str, ...], key: str) -> str:
    if given in allowed:
        return str(given)
    word = printable(str(given), 60)
    raise RuleProblem(f"{key} is one of {', '.join(allowed)}, not {word!r}.{did_you_mean(word, allowed)}", (key,))


def _words(
    given: dict[str, Any], key: str, *, is_text: Callable[[str], bool] = bool, allowed: str = "one or two sentences"
) -> str:
    value = given[key]
    if not isinstance(value, str) or len(value) > MAX_WORDS or not is_text(value.strip()):
        raise RuleProblem(f"{key}: write {allowed}, not {printable(str(value), 60)!r}", (key,))
    return printable(" ".join(value.split()), MAX_WORDS)


def _template(given: dict[str, Any], key: str, about: About) -> str:
    text = _words(given, key)
    if text.startswith(UNKNOWN):
        raise RuleProblem(f"{key}: begin with something else than {UNKNOWN!r}, which means that nobody knows", (key,))
    for name in PLACEHOLDER.findall(text):
        fact_of(name, about, (key,))
    if "{" in PLACEHOLDER.sub("", text):
        raise RuleProblem(f"{key}: {{fact}} stands for a fact; any other brace is a mistake", (key,))
    return text


def _facts(given: Any, about: About, key: str) -> dict[str, Value]:
    if not isinstance(given, dict) or not given:
        raise RuleProblem(f"{key}: write facts and their values ({{fact: value}})", (key,))
    return {
        str(name): read_value(fact_of(name, about, (key, str(name))), value, (key, str(name)))
        for name, value in given.items()
    }


def _said(given: dict[str, Any], about: About) -> str:
    """Return what a rule requires, from its conditions."""
    where = f" where {shown(given['when'])}" if "when" in given else ""
    return printable(f"Of each {about.value}{where}: {shown(given['require'])}.", MAX_WORDS)
