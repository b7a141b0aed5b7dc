"""`pkikit timeline`: rules by day for people and programs, what they mean for a deployment, and files of one's own rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pkikit.ecosystem.shipped import FOLDER
from pkikit.errors import InputError
from tests.support.cli import DEPLOYMENT, pkikit_in_process
from tests.support.places import ROOT

AT = ("--at", "2026-11-26T12:00:00Z")
OWN = """about: lifetimes
rules:
  - id: house-lifetime
    title: Our own limit
    says: we issue certificates for {value} at most
    decides: our team
    concerns: any
    unit: days
    guess: we wrote it ourselves
    steps: [{from: 2028-01-01, value: 180}]
"""


def answered(*arguments: str) -> dict[str, Any]:
    done = pkikit_in_process("timeline", *arguments, *AT, "--json")
    assert done.exit_code == 0
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_rules_are_listed_from_today_for_ten_years() -> None:
    """In order of time; each with who, whom, value, and a source or a reason."""
    document = answered()
    assert (document["from"], document["to"]) == ("2026-11-26", "2036-12-31")
    days = [rule["from"] for rule in document["rules"]]
    assert days == sorted(days)
    assert days[0] >= "2026-11-26"
    assert all(
        bool(rule["source"]) is not rule["guess"] and rule["says"] and rule["decides"] for rule in document["rules"]
    )
    assert all(rule["guess"] is bool(rule["reason"]) for rule in document["rules"])
    chrome = next(rule for rule in document["rules"] if rule["id"] == "chrome-server-auth-only")
    assert (chrome["from"], chrome["concerns"], chrome["value"]) == ("2027-03-15", "browser", "required")
    assert "not a browser" in chrome["on_expressway"]
    today = {rule["id"]: rule["value"] for rule in document["today"]}
    assert (today["web-lifetime"], today["domain-validation-reuse"], today["lets-encrypt-ocsp"]) == (200, 200, "ended")


def test_span_and_subject_choose_rules() -> None:
    """Days are included on both sides; a span may lie in the past."""
    document = answered("--from", "2026-03-15", "--to", "2029-03-15", "--about", "lifetimes")
    web = [(rule["from"], rule["value"]) for rule in document["rules"] if rule["id"] == "web-lifetime"]
    assert web == [("2026-03-15", 200), ("2027-03-15", 100), ("2029-03-15", 47)]
    assert {rule["about"] for rule in document["rules"]} == {"lifetimes"}
    assert answered("--from", "2012-01-01", "--to", "2012-12-31")["rules"] == []


@pytest.mark.parametrize(("issuer", "state"), [("acme", "works"), ("private-ca", "works"), ("public-ca", "stops")])
def test_deployment_has_its_renewals_and_its_year(issuer: str, state: str) -> None:
    """Each renewal with its day and life; the sum by year is that of the outlook, without what a program renews."""
    document = answered(DEPLOYMENT, "--what-if", issuer, "--about", "validation", "--hand-hours", "10")
    outlook = document["by_hand"]
    if issuer == "acme":  # one store: clientAuth is gone, whether a person or ACME renews
        assert (outlook["state"], outlook["client_auth_ends"]) == ("stops", "2026-11-26")
    else:
        assert outlook["state"] == state
    by_hand = [r for r in document["renewals"] if not r["automatic"]]
    assert any(r["automatic"] for r in document["renewals"]) is (issuer == "acme")
    for year in outlook["years"]:
        assert sum(r["count"] for r in by_hand if r["at"].startswith(str(year["year"]))) == year["renewals"]


def test_deployment_without_an_issuer_is_not_assessed() -> None:
    """The answer says what to give, and never guesses the CA."""
    assert answered(DEPLOYMENT)["by_hand"]["state"] == "not-assessed"
    done = pkikit_in_process("timeline", DEPLOYMENT, "--about", "roots", *AT)
    assert done.exit_code == 0
    assert "--what-if private-ca|public-ca|acme" in done.stdout


def test_sizes_say_what_they_exceed() -> None:
    sizes = {s["signature"]: s for s in answered("--sizes")["handshakes"]}
    assert sizes["ML-DSA-65"]["chain_bytes"] > 4 * sizes["RSA 2048"]["chain_bytes"]
    assert "one TLS record" in sizes["SLH-DSA-128s"]["beyond"]
    assert "one TLS record" not in sizes["ML-DSA-65"]["beyond"]


def test_own_rules_are_added(tmp_path: Path) -> None:
    """They appear among the others; the committed files have the form that such a file needs."""
    own = tmp_path / "house.yaml"
    own.write_text(OWN, encoding="utf-8")
    found = next(r for r in answered("--rules", str(own))["rules"] if r["id"] == "house-lifetime")
    assert (found["says"], found["guess"], found["source"]) == (
        "we issue certificates for 180 days at most",
        True,
        None,
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (OWN.replace("house-lifetime", "web-lifetime"), "the id web-lifetime is taken by a rule of pkikit"),
        (
            OWN.replace("value: 180", "value: soon"),
            "house.yaml: rule house-lifetime: step 1: value: write a whole number",
        ),
        (OWN.replace("    unit: days\n", ""), "house.yaml: rule 1: unit is missing"),
        (OWN + "about: roots\n", "is there twice"),
        ("- 1\n", "house.yaml: write keys with values"),
        ("", "house.yaml"),
        ("a: &a [*a]\n", "house.yaml"),
        ("\xff", "house.yaml"),
    ],
)
def test_own_rules_with_a_mistake_have_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    own = tmp_path / "house.yaml"
    own.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError) as refused:
        pkikit_in_process("timeline", "--rules", str(own), *AT)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--from", "soon"), "--from 'soon': write a day, as 2027-03-15"),
        (("--from", "2028-01-01", "--to", "2027-01-01"), "--to 2027-01-01 is before --from 2028-01-01"),
        (("--about", "lifetime"), "Did you mean lifetimes?"),
        (("--what-if", "acme"), "--what-if and --hand-hours are about a deployment"),
        ((DEPLOYMENT, "--what-if", "nobody"), "--what-if 'nobody': allowed are private-ca, public-ca, acme"),
        ((DEPLOYMENT, "--what-if", "acme", "--hand-hours", "-3"), "-3 hours a year: allowed are 0 to 100000"),
    ],
)
def test_wrong_arguments_have_one_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        pkikit_in_process("timeline", *arguments, *AT)
    assert sentence in str(refused.value)


def test_picture_has_a_lane_for_each_subject(tmp_path: Path) -> None:
    file = tmp_path / "rules.svg"
    assert answered("--plot", str(file))["plot"] == str(file)
    svg = file.read_text(encoding="utf-8")
    assert svg.count('class="lab-lane"') >= 6
    assert "public CAs: 47 days at most" in svg


def test_rules_are_part_of_the_package() -> None:
    """hatchling takes every file of a package into the wheel: they only have to be inside it."""
    assert FOLDER.is_relative_to(ROOT / "pkikit")
    assert len(list(FOLDER.glob("*.yaml"))) == 8
