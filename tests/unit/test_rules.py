"""Rules as values: each is complete and in the catalogue once, and a new one appears everywhere by itself."""

from __future__ import annotations

import ast
import json
import os
import pkgutil
import re
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import pkikit.rules
from pkikit.errors import InputError
from pkikit.judge.checks import (
    certificate_checks,
    chain_checks,
    deployment_checks,
    extension_checks,
    form_checks,
    request_checks,
    trust_checks,
    trust_list_checks,
    upload_checks,
)
from pkikit.judge.linting.lint import lint_certificate
from pkikit.judge.openssl_codes import VERIFY_ERROR_NAMES
from pkikit.judge.phrases import PHRASES
from pkikit.judge.questions import CertificateUse
from pkikit.model.findings import Answer, Evidence, Severity, Verdict
from pkikit.model.version import ProductVersion
from pkikit.rules.catalogue import CATALOGUE, RULES, Catalogue, all_rules, rank_causes, rule_of
from pkikit.rules.certificate_rules import CLIENT_AUTH_MISSING, EXPIRED, SERVER_AUTH_MISSING
from pkikit.rules.chain_rules import KEY_MISMATCH, KEY_USAGE_UNSUITABLE
from pkikit.rules.connection_rules import REFUSED, UNREACHABLE
from pkikit.rules.rule import Rule, Step, Subject
from pkikit.rules.trust_rules import ISSUER_UNKNOWN
from simulator.world.craft import craft
from tests.support.generate_docs import rules_md
from tests.support.worlds import AT

ROOT = Path(__file__).parents[2]
MODULES = tuple(
    import_module(f"pkikit.rules.{m.name}")
    for m in pkgutil.iter_modules(pkikit.rules.__path__)
    if m.name.endswith("_rules")
)
CHECKS = tuple(
    check
    for module in (
        certificate_checks, chain_checks, deployment_checks, extension_checks, form_checks, request_checks,
        trust_checks, trust_list_checks, upload_checks,
    )
    for check in module.CHECKS
)  # fmt: skip
EVIDENCE = Evidence(label="x", expected="one", seen="two", where="there")
USE = CertificateUse(at=AT)
LEAF = craft(("e1.example.com",), None, at=AT).leaf


def invented(rule_id: str = "names.invented", **facts: object) -> Rule:
    values: dict[str, object] = {
        "id": rule_id, "severity": Severity.WARNING, "applies_to": (Subject.CERTIFICATE,), "requirement": "Ours.",
        "source": "ours", "fix": "Nothing.", **facts,
    }  # fmt: skip
    return Rule(**values)  # type: ignore[arg-type]


def test_rule_makes_a_finding_from_its_own_facts() -> None:
    """Severity, fix and message come from the rule and the evidence; the caller may know better about the weight."""
    found = EXPIRED.finding("e1", [EVIDENCE, EVIDENCE])
    assert (found.rule, found.severity, found.fix) == (EXPIRED.id, EXPIRED.severity, EXPIRED.fix)
    assert found.message == "x: two (needed: one) (and 1 more)"
    assert EXPIRED.finding("e1", []).message == EXPIRED.requirement
    assert EXPIRED.finding("e1", [], severity=Severity.INFO, message="Said.").severity is Severity.INFO


def test_verdict_lists_the_rules_that_answered() -> None:
    """`checked` comes from the answers, also of rules that are kept; a rule that answers twice is listed once."""
    verdict = Verdict.of(
        "q", EXPIRED.judge("a", []), KEY_MISMATCH.judge("a", [EVIDENCE]), EXPIRED.judge("b", [EVIDENCE])
    )
    assert verdict.checked == (EXPIRED.id, KEY_MISMATCH.id)
    assert [f.rule for f in verdict.findings] == [KEY_MISMATCH.id, EXPIRED.id]
    assert EXPIRED.judge("a", []) == Answer(rule=EXPIRED.id)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_rules_tuple_has_every_rule_of_its_module(module: object) -> None:
    """A rule that somebody forgot to collect is found here."""
    written = [value for value in vars(module).values() if isinstance(value, Rule)]
    collected = module.RULES  # type: ignore[attr-defined]
    assert list(collected) == sorted(written, key=collected.index)
    assert set(collected) <= set(RULES)


def test_every_check_is_of_a_rule_of_the_catalogue_and_no_rule_has_two() -> None:
    """A check belongs to exactly one rule, and that rule says what the check looks at."""
    rules = [check.rule for check in CHECKS]
    assert set(rules) <= set(RULES)
    assert len(rules) == len(set(rules))


def test_openssl_numbers_and_alerts_lead_to_one_rule() -> None:
    """Only "unsuitable purpose" belongs to several rules: OpenSSL has one number for all of them."""
    numbers = [number for rule in RULES for number in rule.openssl]
    shared = {n for n in numbers if numbers.count(n) > 1}
    assert shared == {26}
    assert {r for r in RULES if 26 in r.openssl} == {CLIENT_AUTH_MISSING, SERVER_AUTH_MISSING, KEY_USAGE_UNSUITABLE}
    assert set(CATALOGUE.by_openssl) == set(numbers) - shared
    assert set(numbers) <= set(VERIFY_ERROR_NAMES)
    alerts = [number for rule in RULES for number in rule.alerts]
    assert len(alerts) == len(set(alerts))


def test_revocation_rules_that_can_refuse_have_an_openssl_number() -> None:
    """The lab reports a revocation error to the trace by the first number of its rule."""
    errors = [r for r in RULES if Subject.REVOCATION in r.applies_to and r.severity is Severity.ERROR]
    assert errors
    assert all(rule.openssl for rule in errors)


def test_causes_are_ranked_by_step_then_by_order() -> None:
    """A connection before a chain, a chain before a date; a symptom after everything that gives a reason."""
    found = [rule.finding("x", [EVIDENCE]) for rule in (REFUSED, EXPIRED, ISSUER_UNKNOWN, UNREACHABLE)]
    assert rank_causes(found) == (UNREACHABLE.id, ISSUER_UNKNOWN.id, EXPIRED.id, REFUSED.id)
    special, general = invented("names.a", step=Step.NAMES, order=1), invented("names.b", step=Step.NAMES)
    assert special.rank < general.rank
    assert rank_causes([EXPIRED.finding("x", [], severity=Severity.WARNING)]) == ()


def test_two_rules_with_one_id_are_refused() -> None:
    """An id is public and never reused."""
    with pytest.raises(ValueError, match=r"two rules with the id validity\.expired"):
        Catalogue((EXPIRED, invented("validity.expired")))


def test_unknown_rule_is_refused_with_the_closest_ids() -> None:
    """Who mistypes an id reads the right one."""
    with pytest.raises(InputError, match=r"Did you mean validity\.expired"):
        rule_of("validity.expird")


def test_code_names_rules_by_symbol() -> None:
    """Ids as text are left only below the rules, in errors and the model, and in the rows of phrases."""
    with_text = set()
    for top in ("pkikit", "simulator", "notebooks/workbook"):
        for path in (ROOT / top).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            texts = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
            if texts & set(CATALOGUE.by_id):
                with_text.add(str(path.relative_to(ROOT).parent))
    elsewhere = {room for room in with_text if not room.startswith("pkikit/judge/phrases")}
    assert elsewhere <= {"pkikit", "pkikit/model", "pkikit/model/tables", "pkikit/rules"}


def test_every_id_written_as_text_in_the_model_is_a_rule() -> None:
    """The model lies below the rules and names them by id; none of these ids is misspelt."""
    areas = {rule.area for rule in RULES}
    found = {
        text
        for path in (ROOT / "pkikit" / "model").rglob("*.py")
        for text in re.findall(r'"([a-z-]+\.[a-z0-9-]+)"', path.read_text(encoding="utf-8"))
        if text.partition(".")[0] in areas - {"deployment", "certificate", "zone"}
    }
    assert found
    assert found <= set(CATALOGUE.by_id)


def test_every_phrase_names_a_rule() -> None:
    """Rows of phrases are data and keep ids as text; each is an id of the catalogue."""
    assert {row.rule for row in PHRASES if row.rule} <= set(CATALOGUE.by_id)


@pytest.mark.parametrize(("version", "runs"), [("X14.2", False), ("X14.3", True)])
def test_new_check_runs_where_its_rule_applies(version: str, *, runs: bool) -> None:
    """Handed to lint, a check runs for the versions of its rule; its finding and its id are in the verdict."""
    mine = certificate_checks.Check(invented(versions="X14.3-"), lambda certificate, use: [EVIDENCE])
    use = CertificateUse(at=AT, version=ProductVersion.parse(version))
    verdict = lint_certificate(LEAF, use, checks=(mine,))
    assert ("names.invented" in verdict.checked) is runs
    assert ("names.invented" in {f.rule for f in verdict.findings}) is runs


def test_new_rule_is_in_the_documents() -> None:
    """docs/rules.md is made from the values."""
    text = rules_md((*all_rules(), invented()))
    assert "### `names.invented`\n\nOurs.\n\n*warning*" in text


NEW_RULE = """
NICKNAME = Rule(
    id="names.nickname-used",
    severity=Severity.WARNING,
    applies_to=(Subject.CERTIFICATE,),
    requirement="A certificate has no nickname.",
    source="ours",
    fix="Take the nickname out.",
    step=Step.NAMES,
)
RULES = (*RULES, NICKNAME)
"""
NEW_CHECK = """
from pkikit.rules.name_rules import NICKNAME


def nickname_used(certificate, use):
    for name in presented_names(certificate).dns:
        if name.startswith("nick"):
            yield Evidence(label="name", expected="no nickname", seen=name, where="subjectAltName")


CHECKS = (*CHECKS, Check(NICKNAME, nickname_used))
"""
WALK = """
import json
from datetime import UTC, datetime
from pkikit.judge.linting.lint import lint_certificate
from pkikit.judge.questions import CertificateUse
from pkikit.rules.catalogue import rank_causes
from simulator.world.craft import craft

at = datetime(2026, 11, 24, tzinfo=UTC)
verdicts = [lint_certificate(craft((name,), None, at=at).leaf, CertificateUse(at=at)) for name in ("nick.example.com", "n.example.com")]
print(json.dumps([["names.nickname-used" in v.checked, [f.message for f in v.findings if f.rule == "names.nickname-used"]] for v in verdicts]))
"""


def test_adding_a_rule_touches_the_rule_and_its_check(tmp_path: Path) -> None:
    """In a copy of pkikit: the value and its check are added, nothing else, and the rule is listed and runs."""
    shutil.copytree(ROOT / "pkikit", tmp_path / "pkikit", ignore=shutil.ignore_patterns("__pycache__"))
    for file, text in (("rules/name_rules.py", NEW_RULE), ("judge/checks/form_checks.py", NEW_CHECK)):
        path = tmp_path / "pkikit" / file
        path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}

    def run(*arguments: str) -> str:
        command = [sys.executable, "-P", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=environment, cwd=tmp_path).stdout

    (listed,) = json.loads(run("-m", "pkikit", "rules", "names.nickname-used", "--json"))
    assert listed["requirement"] == "A certificate has no nickname."
    (ran, messages), (also_ran, none) = json.loads(run("-c", WALK))
    assert ran
    assert also_ran
    assert messages == ["name: nick.example.com (needed: no nickname)"]
    assert none == []


def test_listing_the_rules_loads_no_certificates() -> None:
    """`pkikit rules` starts fast: the rules need neither cryptography nor pydantic."""
    code = "import sys, pkikit.rules.catalogue; print(sorted({'cryptography', 'pydantic', 'yaml', 'idna'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
