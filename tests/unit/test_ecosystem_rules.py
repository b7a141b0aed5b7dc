"""Rules from outside: every shipped one has a source or a reason, and each mistake in a file of rules has its sentence."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime
from typing import Any

import pytest

from pkikit.ecosystem.ecosystem_rule import Audience, Subject, Unit
from pkikit.ecosystem.rule_reading import rules_of
from pkikit.ecosystem.shipped import FOLDER, all_rules, changes_between, rule_named, shipped_data, with_further
from pkikit.errors import InputError
from pkikit.model.deployment_file.yaml_source import read_yaml


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def good() -> dict[str, Any]:
    """A file of one rule with two steps."""
    return {
        "about": "lifetimes",
        "sources": {"br": {"document": "Requirements", "section": "§1", "url": "https://example.com/br"}},
        "rules": [
            {
                "id": "our-lifetime", "title": "Our lifetime", "says": "certificates live {value} at most",
                "decides": "we", "concerns": "any", "unit": "days", "source": "br",
                "steps": [
                    {"from": date(2026, 1, 1), "value": 90},
                    {"from": date(2027, 1, 1), "until": date(2028, 1, 1), "value": 45, "guess": "we think so"},
                ],
            }
        ],
    }  # fmt: skip


def test_shipped_files_are_read_whole_and_strictly() -> None:
    """One file for each subject and one of sizes; the strict reader of deployment files sees the same data."""
    names = {path.name for path in FOLDER.glob("*.yaml")}
    assert names == {*(f"{subject}.yaml" for subject in Subject), "sizes.yaml"}
    for name in names:
        assert read_yaml((FOLDER / name).read_text(encoding="utf-8"), where=name).data == shipped_data(name)
    ids = [rule.id for rule in all_rules()]
    assert len(ids) == len(set(ids)) > 40
    assert {rule.subject for rule in all_rules()} == set(Subject)
    assert {rule.audience for rule in all_rules()} == set(Audience)


def test_shipped_rules_say_where_they_are_from_and_cover_the_years() -> None:
    """A source with a document, or the reason of a guess; and something changes in nearly every year from 2020 to 2035."""
    steps = [step for rule in all_rules() for step in rule.steps]
    assert all(step.source.document if step.source else len(step.guess) > 20 for step in steps)
    assert all("{" not in step.says + step.short for step in steps)
    assert 0 < sum(step.is_guess for step in steps) < len(steps) / 4
    years = {change.at.year for change in changes_between(day("2020-01-01"), day("2036-12-31"))}
    assert {2020, 2021, *range(2023, 2034), 2035, 2036} <= years


@pytest.mark.parametrize(
    ("name", "subject", "at", "number"),
    [
        ("web-lifetime", Subject.LIFETIMES, "2029-03-14", 100),
        ("web-lifetime", Subject.LIFETIMES, "2029-03-15", 47),
        ("web-lifetime", Subject.LIFETIMES, "2014-01-01", 398),
        ("domain-validation-reuse", Subject.VALIDATION, "2027-03-15", 100),
        ("domain-validation-reuse", Subject.VALIDATION, "2040-01-01", 10),
        ("organisation-validation-reuse", Subject.VALIDATION, "2026-03-15", 398),
        ("lets-encrypt-tlsclient-lifetime", Subject.LIFETIMES, "2027-01-01", 90),
    ],
)
def test_number_of_a_rule_is_that_of_its_step(name: str, subject: Subject, at: str, number: int) -> None:
    assert rule_named(name, subject).number_at(day(at)) == number


def test_step_counts_from_its_day_until_its_end() -> None:
    """Before the first step and after an end nothing counts; a value has a first day, and an unknown one has none."""
    (rule,) = rules_of(good(), where="f")
    assert rule.step_at(day("2025-12-31")) is None
    assert [step.value for at in ("2026-01-01", "2027-12-31") if (step := rule.step_at(day(at)))] == [90, 45]
    assert rule.step_at(day("2028-01-01")) is None
    assert rule.begin_of(45) == day("2027-01-01")
    with pytest.raises(ValueError, match="our-lifetime is never 47"):
        rule.begin_of(47)
    assert [step.says for step in rule.steps] == [f"certificates live {n} days at most" for n in (90, 45)]
    assert [step.origin for step in rule.steps] == ["Requirements, §1", "guess: we think so"]
    assert (rule.unit, rule.value_text(90)) == (Unit.DAYS, "90 days")


MISTAKES: dict[str, tuple[tuple[str | int, ...], Any, str]] = {
    "about": (("about",), "lifetime", "f: about: 'lifetime' is not known: there are lifetimes, .*Did you mean lifetimes"),
    "top": (("colour",), 1, "f: 'colour' is not known: there are about, sources, rules"),
    "no rules": (("rules",), None, r"f: rules: write a list"),
    "unknown key": (("rules", 0, "unti"), 1, "f: rule 1: 'unti' is not known.*Did you mean unit"),
    "id": (("rules", 0, "id"), "Our Lifetime", "f: rule 1: id: an id has lower-case letters"),
    "audience": (("rules", 0, "concerns"), "expressway", "f: rule our-lifetime: concerns: 'expressway' is not known"),
    "unit": (("rules", 0, "unit"), "weeks", "rule our-lifetime: unit: 'weeks' is not known"),
    "no step": (("rules", 0, "steps"), [], "rule our-lifetime: has no steps"),
    "unknown key of a step": (("rules", 0, "steps", 0, "vlaue"), 1, "step 1: 'vlaue' is not known.*Did you mean value"),
    "text for a number": (("rules", 0, "steps", 0, "value"), "90", "step 1: value: write a whole number of days"),
    "switch for a number": (("rules", 0, "steps", 0, "value"), True, "step 1: value: write a whole number of days"),
    "text for a day": (("rules", 0, "steps", 0, "from"), "2026", "step 1: from: write a day, as 2027-03-15"),
    "time for a day": (("rules", 0, "steps", 0, "from"), datetime(2026, 1, 1, 12, tzinfo=UTC), "step 1: from: write a day"),
    "year": (("rules", 0, "steps", 0, "from"), date(202, 1, 1), "the year 202 is outside 1995 to 2100"),
    "order": (("rules", 0, "steps", 0, "from"), date(2027, 6, 1), "the step from 2027-01-01 comes behind the one from 2027-06-01"),
    "one day": (("rules", 0, "steps", 0, "from"), date(2027, 1, 1), "put steps in order of time, one for each day"),
    "overlap": (("rules", 0, "steps", 0, "until"), date(2027, 1, 2), "until 2027-01-02 overlaps the one from 2027-01-01"),
    "end before begin": (("rules", 0, "steps", 1, "until"), date(2026, 12, 1), "step 2: until is not later than from"),
    "no such source": (("rules", 0, "source"), "bre", "step 1: source: no source 'bre': there are br. Did you mean br"),
    "source without a document": (("sources", "br"), {"url": "https://x"}, "f: source br: document is missing"),
    "address": (("sources", "br", "url"), "ftp://x", "f: source br: an address begins with https://"),
    "source and guess": (("rules", 0, "steps", 0), {"from": date(2026, 1, 1), "value": 1, "source": "br", "guess": "x"}, "not both"),
    "guess without a reason": (("rules", 0, "steps", 1, "guess"), True, "step 2: guess: write a text"),
    "control characters": (("rules", 0, "unit"), "\x1b[31m", "x1b.31m' is not known"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_in_a_file_has_its_sentence(name: str) -> None:
    """Where, what is wrong, and what is allowed."""
    path, value, sentence = MISTAKES[name]
    data: Any = copy.deepcopy(good())
    place = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(InputError, match=sentence):
        rules_of(data, where="f")


def test_step_without_any_source_is_refused() -> None:
    """Nothing at the step and nothing at the rule."""
    data = good()
    del data["rules"][0]["source"]
    with pytest.raises(InputError, match="rule our-lifetime: step 1: give a source, or guess"):
        rules_of(data, where="f")


def test_further_rules_are_added_under_their_own_ids() -> None:
    """A file of one's own adds rules; it cannot change those of pkikit, and has each id once."""
    further = rules_of(good(), where="mine.yaml")
    assert with_further(all_rules(), further)[-1].id == "our-lifetime"
    taken = good()
    taken["rules"][0]["id"] = "web-lifetime"
    with pytest.raises(InputError, match="the id web-lifetime is taken by a rule of pkikit"):
        with_further(all_rules(), rules_of(taken, where="mine.yaml"))
    twice = good()
    twice["rules"].append(copy.deepcopy(twice["rules"][0]))
    with pytest.raises(InputError, match="f: rule our-lifetime: there are two rules with this id"):
        rules_of(twice, where="f")
    with pytest.raises(KeyError):
        rule_named("our-lifetime", Subject.LIFETIMES)
