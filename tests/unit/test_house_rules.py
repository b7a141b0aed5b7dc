"""House rules as data: typed facts, three answers, an example that is found and a near miss that is not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pkikit.errors import InputError
from pkikit.expectations.house.fact_list import FACTS, About, Kind
from pkikit.expectations.house.globs import MAX_TEXT, Glob
from pkikit.expectations.house.house_file import HouseRules, parse_house_rules
from pkikit.expectations.house.judge_house import judge_certificate_by_house, judge_house
from pkikit.expectations.house.known_facts import (
    certificate_things,
    connection_things,
    deployment_thing,
    list_things,
)
from pkikit.expectations.house.read_conditions import read_condition
from pkikit.judge.legs.known_parts import State
from pkikit.judge.legs.known_verdict import judge_as_known
from pkikit.model.deployment import parse_deployment
from pkikit.model.findings import Severity, Verdict
from pkikit.worlds.world_files import world_of_files
from tests.support.places import ROOT
from tests.support.worlds import AT, DEPLOYMENTS, E1, WorldBuilder

SHIPPED = ROOT / "docs" / "house-rules.yaml"
ONE = """rules:
  - id: house.no-wildcard
    about: certificate
    when: {role: expressway-e}
    require: {wildcard: no}
    message: "{machine} shows {common_name}."
    fix: Request another certificate for {machine}.
    example: {role: expressway-e, wildcard: yes}
    near_miss: {role: expressway-c}
"""


def rules_of(require: str, *, example: str, near_miss: str, about: str = "certificate") -> HouseRules:
    return parse_house_rules(
        f"rules:\n  - id: house.one\n    about: {about}\n    require: {require}\n    message: Wrong.\n    fix: Fix it.\n"
        f"    example: {example}\n    near_miss: {near_miss}\n"
    )


def found_by(verdict: Verdict, severity: Severity = Severity.ERROR) -> list[str]:
    return [finding.rule for finding in verdict.findings if finding.severity is severity]


def wildcard_world() -> WorldBuilder:
    return WorldBuilder().reissue(E1, names=("*.example.com",), common_name="*.example.com")


def test_shipped_rules_are_proved_and_find_what_they_say() -> None:
    """The example in the documentation is read, proved, and finds the wildcard of one edge and nothing of the other."""
    rules = parse_house_rules(SHIPPED.read_text(encoding="utf-8"), where=SHIPPED.name)
    verdict = judge_house(rules, wildcard_world().world, at=AT)
    assert list(verdict.checked) == [rule.id for rule in rules.rules]
    assert found_by(verdict).count("house.no-wildcard-on-the-edge") == 1
    finding = verdict.errors[0]
    assert finding.message == "e1.example.com shows a wildcard certificate (*.example.com)."
    assert finding.fix == "Request a certificate that has the names of e1.example.com and no wildcard."
    assert (finding.evidence[0].expected, finding.evidence[0].seen) == ("wildcard: no", "wildcard is yes")
    assert judge_house(rules, WorldBuilder().world, at=AT).accepted
    assert all(len(text.splitlines()) <= 10 for text in SHIPPED.read_text(encoding="utf-8").split("  - id: ")[1:])


@pytest.mark.parametrize(("before", "after", "line", "said"), [
    ("wildcard: no}", "wildcrd: no}", 5, "there is no fact 'wildcrd' about certificate. Did you mean wildcard?"),
    ("wildcard: no}", "state: up}", 5, "It is a fact about connection."),
    ("wildcard: no}", "wildcard: maybe}", 5, "write yes or no, not maybe"),
    ("wildcard: no}", "key_bits: '=> 3'}", 5, "a number or a comparison"),
    ("wildcard: no}", "ends: '< soon'}", 5, "a comparison with a day"),
    ("wildcard: no}", "names: {hass: x}}", 5, "not for 'hass'"),
    ("wildcard: no}", "any: {wildcard: no}}", 5, "write a list of them"),
    ("{wildcard: no}", "[wildcard]", 5, "write facts and what they should be"),
    ("house.no-wildcard", "hous.x", 2, "write house.a-name"),
    ("about: certificate", "about: certificates", 3, "Did you mean certificate?"),
    ("{role: expressway-e}\n", "{role: expressway-d}\n", 4, "Did you mean expressway-e?"),
    ("near_miss: {role: expressway-c}", "near_miss: {machine: x}", 9, "its near miss is found too"),
    ("wildcard: yes}", "wildcard: no}", 8, "its example is not found: it has what `require` asks for"),
    ("example: {role: expressway-e", "example: {role: none", 8, "`when` excludes it"),
    ("example: {role: expressway-e, ", "example: {", 8, "its example decides nothing: it does not say role"),
    ("{machine} shows", "{machin} shows", 6, "Did you mean machine?"),
    ("{machine} shows", "{machine shows", 6, "any other brace is a mistake"),
    ("    fix:", "    fixx:", 7, "Did you mean fix?"),
    ("    near_miss: {role: expressway-c}\n", "", 2, "the key near_miss is missing"),
    ("rules:", "rule:", 0, "has no rules"),
    ("rules:", "rulez: 1\nrules:", 1, "unknown key 'rulez'"),
])  # fmt: skip
def test_rule_that_is_wrong_or_not_proved_is_refused_with_its_line(
    before: str, after: str, line: int, said: str
) -> None:
    """One sentence with file, line and rule; nothing is used."""
    assert before in ONE
    assert len(parse_house_rules(ONE).rules) == 1
    with pytest.raises(InputError) as caught:
        parse_house_rules(ONE.replace(before, after, 1), where="house.yaml")
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"house.yaml, line {line}: " if line else "house.yaml: "), caught.value
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", [
    "", "5", "rules: 5", "rules: []", "rules: [5]", "rules: [{}]", "rules: [{id: [x]}]", "rules: !!python/object:os.system x",
    "rules: [{id: house.x, about: [], require: 1, message: 2, fix: 3, example: 4, near_miss: 5}]", "rules: [" + "[" * 5000,
])  # fmt: skip
def test_garbage_is_refused_with_one_sentence(text: str) -> None:
    """Whatever is in the file."""
    with pytest.raises(InputError) as caught:
        parse_house_rules(text, where="house.yaml")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_two_rules_with_one_id_are_refused() -> None:
    """An id is what a pipeline knows a finding by."""
    with pytest.raises(InputError, match=r"two rules have the id house\.no-wildcard"):
        parse_house_rules(ONE + ONE.removeprefix("rules:\n"))


@pytest.mark.parametrize(("require", "example", "near_miss"), [
    ("{key: RSA, key_bits: '>= 3072'}", "{key: RSA, key_bits: 3071}", "{key_bits: 3072}"),
    ("{key_bits: [2048, 4096]}", "{key_bits: 3072}", "{key_bits: 4096}"),
    ("{key: [rsa, ec]}", "{key: Ed25519}", "{key: EC}"),
    ("{curve: ['P-*', '']}", "{curve: 160 bits}", "{curve: ''}"),
    ("{ends: '< 2027-01-01'}", "{ends: 2027-01-01}", "{ends: '2026-12-31'}"),
    ("{days_left: '> -1'}", "{days_left: -1}", "{days_left: 0}"),
    ("{issuer: 'Example *CA*'}", "{issuer: Other CA}", "{issuer: example root ca 2}"),
    ("{names: '*.example.com'}", "{names: [a.example.net]}", "{names: [a.example.net, b.EXAMPLE.com]}"),
    ("{names: {lacks: '*.local', count: '<= 2'}}", "{names: [a.local]}", "{names: [a.example.com, b.example.com]}"),
    ("{names: {only: ['*.example.com', example.com]}}", "{names: [example.com, x.net]}", "{names: []}"),
    ("{not: {digest: sha1}}", "{digest: sha1}", "{digest: sha256}"),
    ("{any: [{self_signed: no}, {lifetime_days: '< 90'}]}", "{self_signed: yes, lifetime_days: 90}", "{lifetime_days: 89}"),
    ("{all: [{server_auth: yes}, {client_auth: yes}]}", "{server_auth: yes, client_auth: no}", "{client_auth: yes}"),
])  # fmt: skip
def test_each_operator_finds_its_example_and_not_its_near_miss(require: str, example: str, near_miss: str) -> None:
    """The loader proves both; turned round, it refuses."""
    rules_of(require, example=example, near_miss=near_miss)
    changed = yaml.safe_dump(yaml.safe_load(example) | yaml.safe_load(near_miss), default_flow_style=True).strip()
    with pytest.raises(InputError, match="its example is not found"):
        rules_of(require, example=changed, near_miss=example)


def test_unknown_fact_is_not_assessed_and_decides_nothing_where_another_one_does() -> None:
    """No certificate was given: the role alone keeps the rule away from Expressway-C, and for E nobody knows."""
    nothing = world_of_files(WorldBuilder().world.deployment, None)
    verdict = judge_house(parse_house_rules(ONE), nothing, at=AT, partial=True)
    assert verdict.accepted
    (note,) = verdict.findings
    assert note.severity is Severity.INFO
    assert [piece.where for piece in note.evidence] == ["e1.example.com", "e2.example.com"]
    assert "Not known: wildcard" in note.message


@pytest.mark.parametrize(("facts", "holds"), [
    ({"wildcard": True}, True), ({"self_signed": True}, None), ({"wildcard": False, "self_signed": True}, False), ({}, None),
    ({"wildcard": False}, None), ({"self_signed": False}, True),
])  # fmt: skip
def test_unknown_facts_follow_three_valued_logic(facts: dict[str, Any], holds: bool | None) -> None:
    """A known yes decides `any`; a known no leaves it open."""
    condition = read_condition({"any": [{"wildcard": True}, {"not": {"self_signed": True}}]}, About.CERTIFICATE, ())
    assert condition.holds(facts) is holds


def test_one_certificate_is_asked_about_itself_and_not_about_a_machine_that_nobody_named() -> None:
    """`lint` knows a file; with a peer, it knows the role too."""
    credential = wildcard_world().world.parties[E1].credential
    assert credential is not None
    rules = parse_house_rules(ONE)
    alone = judge_certificate_by_house(rules, credential.leaf, at=AT)
    assert (found_by(alone), found_by(alone, Severity.INFO)) == ([], ["house.no-wildcard"])
    machine = {"machine": E1, "role": "expressway-e"}
    assert found_by(judge_certificate_by_house(rules, credential.leaf, at=AT, machine=machine)) == ["house.no-wildcard"]


def test_every_fact_is_read_and_has_its_type() -> None:
    """A fact in the list that nobody fills would never be known; one that is filled and not listed could not be asked."""
    world = WorldBuilder().world
    types = {
        Kind.YES_NO: bool, Kind.NUMBER: int, Kind.WORD: str, Kind.TEXT: str, Kind.LIST: tuple, Kind.DAY: type(AT.date()),
    }  # fmt: skip
    verdicts = judge_as_known(world, AT)
    for about, things in (
        (About.CERTIFICATE, certificate_things(world, AT, partial=False)),
        (About.CONNECTION, connection_things(world.deployment, verdicts, {})),
        (About.TRUST_LIST, list_things(world, AT, partial=False)),
        (About.DEPLOYMENT, [deployment_thing(world.deployment)]),
    ):
        for thing in things:
            assert set(thing.facts) == set(FACTS[about])
            for name, value in thing.facts.items():
                fact = FACTS[about][name]
                assert type(value) is types[fact.kind], (name, value)
                assert not fact.words or value in fact.words


def test_handshakes_decide_the_state_of_a_connection() -> None:
    """What was dialled is known."""
    leg = "zone:uc-traversal:c1.corp.example.com>e1.example.com"
    rules = rules_of("{state: up}", about="connection", example="{state: down}", near_miss="{state: up}")
    world = WorldBuilder().world
    assert judge_house(rules, world, at=AT).accepted
    (finding,) = judge_house(rules, world, at=AT, now={leg: State.DOWN}).errors
    assert finding.evidence[0].where == leg


def test_values_from_certificates_are_escaped_and_bounded_in_messages() -> None:
    """A common name may have anything in it; a brace in it is text."""
    builder = WorldBuilder().reissue(E1, names=("*.example.com",), common_name="a\x1b[31m{fix}" + "x" * 40)
    (finding,) = judge_house(parse_house_rules(ONE), builder.world, at=AT).errors
    assert finding.message == "e1.example.com shows a\\x1b[31m{fix}" + "x" * 40 + "."


def test_glob_never_tries_a_part_in_two_places() -> None:
    """A matcher that backtracks would not end with this pattern."""
    glob = Glob("*a" * 127)
    assert not glob.matches("a" * 100 + "b" * MAX_TEXT)
    assert glob.matches("ab" * 126 + "a")
    assert Glob("*.Example.COM").matches("x.example.com")
    assert not Glob("a*a").matches("a")
    assert Glob("*").matches("")


def test_rules_are_described_like_those_of_the_catalogue() -> None:
    """What a pipeline prints about them: requirement, source, fix."""
    (rule,) = parse_house_rules(ONE, where=str(Path("house.yaml"))).as_rules()
    assert (rule.id, rule.severity, rule.source) == ("house.no-wildcard", Severity.ERROR, "house rules of house.yaml")
    assert rule.requirement == "Of each certificate where {role: expressway-e}: {wildcard: no}."


def test_documentation_has_every_fact_with_its_type_and_its_samples_are_read() -> None:
    """docs/expectations.md: the tables of facts, the sample of promises, the sample of a rule."""
    text = (ROOT / "docs" / "expectations.md").read_text(encoding="utf-8")
    for about, facts in FACTS.items():
        rows = text.split(f"About `{about.value}`:")[1].split("About `")[0]
        named = re.findall(r"^\| `(\w+)` \| ([\w ]+) \|", rows, re.MULTILINE)
        assert named == [(fact.name, fact.kind.name.lower().replace("_no", " or no")) for fact in facts.values()]
    promises, rules = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    read = parse_deployment((DEPLOYMENTS / "clustered-mra.yaml").read_text(encoding="utf-8") + promises)
    assert read.expect is not None
    assert len(read.expect.services) == 3
    assert [rule.id for rule in parse_house_rules(rules).rules] == ["house.no-wildcard-on-the-edge"]
