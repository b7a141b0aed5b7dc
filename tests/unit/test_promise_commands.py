"""Promises and house rules in the commands: shown, in the JSON, in the results for pipelines, and in the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

import pkikit
from tests.support.cli import pkikit_error, pkikit_in_process, simulator_json_in_process
from tests.support.places import ROOT
from tests.support.worlds import AT, DEPLOYMENTS, E1, WorldBuilder

RULES = ROOT / "docs" / "house-rules.yaml"
WHEN = ("--at", f"{AT:%Y-%m-%dT%H:%M:%SZ}")
PROMISES = """
expect:
  connections: {kind: zone, mutual: on, days: 30}
  keys: {rsa: ">= 3072"}
"""


@pytest.fixture
def promising(tmp_path: Path) -> Path:
    path = tmp_path / "pair.yaml"
    path.write_text((DEPLOYMENTS / "single-pair.yaml").read_text(encoding="utf-8") + PROMISES, encoding="utf-8")
    return path


def test_check_answers_no_if_a_promise_is_broken_although_every_connection_is_up(
    promising: Path, tmp_path: Path
) -> None:
    """The lab's RSA keys have 2048 bits. With the run as baseline, nothing is new, and the answer is yes."""
    junit = tmp_path / "results.xml"
    document = simulator_json_in_process(
        "check", str(promising), *WHEN, "--house-rules", str(RULES), "--junit", str(junit), codes=(1,)
    )
    assert document["accepted"] is False
    assert [leg["state"] for leg in document["legs"]] == ["up"]
    assert [(e["expectation"], e["state"]) for e in document["expectations"]] == [
        ("expect.connections[0]", "kept"),
        ("expect.keys[0]", "broken"),
    ]
    assert document["expectations"][1]["first_break"]["cause"] == "expect.key-not-as-promised"
    assert document["house_rules"]["accepted"] is True
    assert "RSA key of 2048 bits" in junit.read_text(encoding="utf-8")
    before = tmp_path / "before.json"
    before.write_text(json.dumps(document), encoding="utf-8")
    again = simulator_json_in_process(
        "check", str(promising), *WHEN, "--house-rules", str(RULES), "--baseline", str(before), codes=(0,)
    )
    assert again["baseline"]["new"] == []


def test_lint_of_a_deployment_says_what_is_not_assessed(promising: Path) -> None:
    """No certificate was given; what settings decide is decided, and a rule about the deployment is asked."""
    done = pkikit_in_process("lint", str(promising), *WHEN, "--house-rules", str(RULES), "--json")
    document = json.loads(done.stdout)
    assert done.exit_code == 0
    assert [f["rule"] for f in document["findings"]].count("expect.not-assessed") == 2
    assert "house.nothing-unverified" in document["checked"]


def test_lint_of_a_certificate_asks_promises_about_its_peer_and_house_rules(tmp_path: Path) -> None:
    """A wildcard on P-256 for an edge that promises P-384."""
    deployment, certificate = tmp_path / "d.yaml", tmp_path / "cert.pem"
    text = (DEPLOYMENTS / "clustered-mra.yaml").read_text(encoding="utf-8")
    deployment.write_text(f"{text}expect: {{keys: [{{ec: [P-384], of: [edge]}}, {{rsa: 4096, of: [core]}}]}}\n")
    credential = WorldBuilder().reissue(E1, names=("*.example.com",)).world.parties[E1].credential
    assert credential is not None
    certificate.write_bytes(credential.leaf.public_bytes(Encoding.PEM))
    asked = (
        "lint",
        str(certificate),
        *WHEN,
        "--deployment",
        str(deployment),
        "--peer",
        E1,
        "--house-rules",
        str(RULES),
    )
    done = pkikit_in_process(*asked, "--json")
    document = json.loads(done.stdout)
    assert done.exit_code == 1
    errors = {f["rule"] for f in document["findings"] if f["severity"] == "error"}
    assert {"expect.key-not-as-promised", "house.no-wildcard-on-the-edge"} <= errors
    assert "promised is P-384" in pkikit_in_process(*asked).stdout


def test_unproved_rule_is_refused_before_anything_is_judged(tmp_path: Path) -> None:
    """Exit 2 and one sentence."""
    broken = tmp_path / "rules.yaml"
    broken.write_text(
        RULES.read_text(encoding="utf-8").replace("near_miss: {role: expressway-c}", "near_miss: {role: expressway-e}")
    )
    said = pkikit_error("lint", str(DEPLOYMENTS / "single-pair.yaml"), "--house-rules", str(broken))
    assert "rules.yaml, line 10: rule house.no-wildcard-on-the-edge: its near miss is found too" in said


def test_fleet_with_a_broken_promise_is_not_accepted(tmp_path: Path) -> None:
    """Every connection is up for years, and the promise is about the keys. Other house rules judge again."""
    fleet, last, none = tmp_path / "fleet", tmp_path / "last.parquet", tmp_path / "rules.yaml"
    assert pkikit_in_process("fleet", "make", "1", "--seed", "1", "--broken", "0", "--out", str(fleet)).exit_code == 0
    (file,) = fleet.glob("*/deployment.yaml")
    file.write_text(
        f"{file.read_text(encoding='utf-8')}\nexpect: {{keys: {{rsa: 4096, ec: [P-521]}}}}\n", encoding="utf-8"
    )
    none.write_text(
        "rules: [{id: house.never, about: deployment, require: {name: '*'}, when: {mra: yes, not: {mra: yes}}, message: M., "
        "fix: F., example: {name: x, mra: yes}, near_miss: {mra: no}}]"
    )
    when = ("--at", "2026-11-26T00:00:00Z", "--json")
    done = pkikit_in_process("fleet", "audit", str(fleet), *when, "--parquet", str(last))
    (found,) = json.loads(done.stdout)["deployments"]
    assert (done.exit_code, found["accepted"], found["first_break"]["at"] > "2027") == (1, False, True)
    assert {finding["rule"] for finding in found["findings"]} == {"expect.key-not-as-promised"}
    again = ("fleet", "audit", str(fleet), *when, "--since", str(last))
    assert json.loads(pkikit_in_process(*again).stdout)["counts"]["reused"] == 1
    people = pkikit_in_process(*(word for word in again if word != "--json"))
    assert people.stdout.startswith("✘ 1 of 1 deployment needs work: 1 breaks a promise or a house rule.")
    assert "its example is not found" in pkikit_error(*again, "--house-rules", str(none))
    ruled = json.loads(pkikit_in_process(*again, "--house-rules", str(RULES)).stdout)
    assert ruled["counts"]["reused"] == 0


def test_report_shows_promises_and_house_rules_in_every_form(tmp_path: Path) -> None:
    """Red, and exit code 1, for a broken promise alone; the page and the Markdown have a row for each."""
    deployment, page, text = tmp_path / "deployment.yaml", tmp_path / "report.html", tmp_path / "report.md"
    given = (DEPLOYMENTS / "clustered-mra.yaml").read_text(encoding="utf-8")
    deployment.write_text(
        f"{given}expect:\n  connections: {{kind: mra, up: off, mutual: on}}\n  services: {{mra: {{until: 2027-01-31}}}}\n"
    )
    done = pkikit_in_process(
        "report", str(deployment), *WHEN, "--house-rules", str(RULES), "--html", str(page), "--md", str(text), "--json"
    )
    document = json.loads(done.stdout)
    assert (done.exit_code, document["accepted"], document["light"]) == (1, False, "red")
    assert {e["expectation"]: e["state"] for e in document["expectations"]} == {
        "expect.services.mra": "not-assessed",
        "expect.connections[0]": "broken",
    }
    assert document["counts"]["down"] == 0
    assert "2 promises: 1 broken, 1 not assessed." in document["answer"]
    for written in (page, text):
        shown = written.read_text(encoding="utf-8")
        assert "Promises and house rules" in shown
        assert "house.nothing-unverified" in shown
        assert "MRA works on edge until 2027-01-31" in shown
    assert (
        "? MRA works on edge until 2027-01-31: not assessed"
        in pkikit_in_process("report", str(deployment), *WHEN).stdout
    )


def test_python_users_judge_promises_and_lint_with_rules_of_their_own(promising: Path) -> None:
    """The functions of `import pkikit` take the same files."""
    judged = pkikit.judge_promises(promising, house_rules=RULES, at=AT)
    assert [expectation.outcome.value for expectation in judged.expectations] == ["not-assessed", "not-assessed"]
    assert not judged.kept
    assert not judged.broken
    verdict = pkikit.lint(promising, house_rules=pkikit.load_house_rules(RULES), at=AT)
    assert "house.nothing-unverified" in verdict.checked
    assert "expect.not-assessed" in {finding.rule for finding in verdict.findings}


def test_doctor_knows_promises(promising: Path) -> None:
    """What is promised about nothing is said first."""
    text = promising.read_text(encoding="utf-8").replace("keys:", "public_ca: {never_on: [inside]}\n  keys:")
    promising.write_text(text.replace("mutual: on, days: 30", "until: 2020-01-01"))
    done = pkikit_in_process("doctor", str(promising), *WHEN, "--json")
    document = json.loads(done.stdout)
    assert "The promise ended on 2020-01-01" in document["findings"][0]["message"]
    assert {"expect.public-ca-used", "expect.key-not-as-promised"} <= set(document["checked"])
