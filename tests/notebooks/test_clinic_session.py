"""The clinic in a notebook: tools that a case offers and those that it does not, hints, answers, remedies, the score."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from workbook import case_list, close_case, open_case
from workbook.course.clinic_session import ClinicSession
from workbook.panels.clinic_panel import RANDOM, clinic_console

from pkikit.errors import InputError
from simulator.clinic.case import cases
from simulator.clinic.score import scores_file


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    yield
    close_case()


def test_clinic_session_scores_a_case_once() -> None:
    """A learner uses every tool, takes a hint, answers wrongly, then rightly, and fixes it; the score is written once."""
    case = open_case("leaf-expired")
    assert "leaf-expired" not in repr(case)
    assert "validity" not in repr(case)
    assert not (case.zones()["outcome"] == "✔ accepted").all()
    assert list(case.down().columns) == ["outcome", "rejected by"]
    assert case.log()
    assert "to -" in case.certificate("c1.corp.example.com").loc["valid, by its own clock", ""]
    assert case.trust("c1.corp.example.com") == ["Lab Root CA", "Lab Issuing CA"]
    assert not case.trace(case.report.down[0].leg.id).empty
    assert case.dns("cluster-e.example.com") == ["e1.example.com", "e2.example.com"]
    assert case.hint()
    assert case.answer("trust.issuer-unknown").startswith("✘")
    assert case.remedy("renew-certificate", "c2.corp.example.com").startswith("✘")
    assert case.remedy("renew-certificate", "c1.corp.example.com").endswith("And what was the cause?")
    assert case.answer("validity.expired").startswith("✔")
    assert "75 points" in case.remedy("renew-certificate", "c1.corp.example.com")
    close_case()
    (line,) = scores_file().read_text().splitlines()
    assert (json.loads(line)["case"], json.loads(line)["points"]) == ("leaf-expired", 75)


def test_clinic_session_refuses_bad_input_with_a_sentence() -> None:
    """A tool of another kind, a party that there is not, remedies that are none, any answer."""
    case = open_case("leaf-expired")
    for call, told in (
        (lambda: case.preflight(), "no tool of this case"),
        (lambda: case.file(), "no tool of this case"),
        (lambda: case.certificate("<b>"), "shows no certificate"),
        (lambda: case.certificate("jabber.example.com"), "shows no certificate"),
        (lambda: case.trust("nobody"), "is no party"),
        (lambda: case.trace("zone:nothing"), "close to it"),
        (lambda: case.remedy("pray", "e1.example.com"), "there is no fix"),
        (lambda: case.remedy("set-clock", "e9"), "is not one of"),
    ):
        with pytest.raises(InputError, match=told):
            call()
    for said in (None, 5, "😀", ["x"], "x" * 100_000):
        assert case.answer(said).startswith("✘")
        assert len(case.answer(said)) < 400
        assert case.score.misses == 0  # not an answer, so it costs nothing
    assert case.remedy("upload", "e1 as-pem").startswith("✘")
    assert case.dns("no.such.example.com") == []
    assert "more hints" in [case.hint() for _ in range(9)][-1]
    with pytest.raises(InputError, match="did you mean leaf-expired"):
        open_case("leaf-expire")


def test_clinic_case_offers_tools_hints_and_remedies_without_the_rule() -> None:
    """Tools, hints and remedies; neither symptom nor hints hold the rule's id."""
    assert len(case_list()) == len(cases()) >= 56
    assert "cause" not in case_list().columns
    for case in cases().values():
        assert case.tools
        assert case.hints
        assert case.remedies
        assert case.cause not in case.symptom + " ".join(case.hints)


E1, C1, UCM1 = "e1.example.com", "c1.corp.example.com", "ucm1.corp.example.com"


def _told(case: ClinicSession, tool: str, of: str) -> str:
    shown = getattr(case, tool)(of) if of else getattr(case, tool)()
    return shown.to_string() if isinstance(shown, pd.DataFrame) else "\n".join(shown)


@pytest.mark.parametrize(
    ("case", "tool", "of", "seen"),
    [
        ("new-key", "certificate", E1, "does not belong to it"),
        ("short-key", "certificate", E1, "RSA 1024"),
        ("foreign-oid", "certificate", E1, "1.3.6.1.4.1.55555.7"),
        ("wildcard", "certificate", E1, "*.example.com"),
        ("intermediate-missing", "certificate", E1, "nothing"),
        ("clock-behind", "certificate", "e2.example.com", "+2 to"),
        ("client-auth-only", "certificate", E1, "clientAuth"),
        ("callmanager-and-tomcat", "certificate", UCM1, "at port 5061 instead"),
        ("callmanager-and-tomcat", "trust", C1, f"{UCM1}\n{UCM1}"),
        ("new-root", "trust", C1, "Stranger Root CA"),
        ("srv-record-gone", "dns", "_collab-edge._tls.example.com", ""),
        ("dns-leads-elsewhere", "dns", E1, "e2.example.com"),
        ("ip-address", "trace", f"zone:uc-traversal:{C1}>{E1}", "192.0.2.11"),
        (
            "verify-subject-name",
            "trace",
            f"zone:uc-traversal:{C1}>{E1}",
            "NOT found in the certificate: expressway-c.corp.example.com",
        ),
        ("no-basic-constraints", "trace", f"zone:uc-traversal:{C1}>{E1}", "79"),
        ("path-length", "trace", f"zone:uc-traversal:{C1}>{E1}", "path length"),
        ("old-neighbour", "trace", f"zone:partner:{E1}>sip.partner.example.net", "protocol_version"),
        ("revoked", "trace", f"zone:uc-traversal:{C1}>{E1}", "certificate revoked"),
        ("crl-expired", "trace", f"zone:uc-traversal:{C1}>{E1}", "CRL has expired"),
        ("cdp-down", "log", "", "CRL Download Failed"),
        ("ocsp-down", "log", "", "OCSP Request Failed"),
        ("uploaded-pkcs7", "file", "", "PKCS#7"),
        ("uploaded-to-the-wrong-peer", "file", "", "does not match the private key"),
        ("acme-caa", "preflight", "", "acme.caa-forbids"),
        ("acme-stale-aaaa", "preflight", "", "acme.dns-missing"),
        ("acme-too-often", "log", "", "rateLimited"),
    ],
)
def test_clinic_tool_displays_the_evidence_of_its_case(case: str, tool: str, of: str, seen: str) -> None:
    """In the cases where it is least plain, the offered tool displays the evidence for the cause."""
    assert tool in cases()[case].tools
    told = _told(open_case(case), tool, of)
    assert (seen in told) if seen else not told


def test_opening_a_second_case_closes_the_first() -> None:
    first = open_case("swapped")
    second = open_case(4)
    assert ClinicSession.current is second
    assert len(second.case.causes) == 2
    assert open_case(4).case == second.case
    from simulator.errors import LabError

    with pytest.raises(LabError, match="closed"):
        first.zones()


def test_clinic_panel_plays_a_case() -> None:
    """Closed, opened, looked at with each tool, answered, given up; the targets follow the remedy."""
    console = clinic_console("uploaded-der")
    assert "press <b>Open</b>" in console.result.value
    console.buttons["Answer"].click()
    assert "no case is open" in console.said.value
    console.buttons["Open"].click()
    for look in ("zones", "log", "certificate", "trust", "trace", "dns", "file", "preflight"):
        console.inputs["look"].value = look
        assert "Not possible" not in console.result.value
    console.inputs["remedy"].value = "set-caa"
    assert "example.com" in console.inputs["target"].options
    console.inputs["remedy"].value = "upload"
    console.inputs["target"].value = "e1.example.com"
    console.inputs["words"].value = "as-pem"
    console.inputs["answer"].value = "<img src=x onerror=alert(1)>"
    console.buttons["Answer"].click()
    assert "<img" not in console.result.value
    console.buttons["Do the remedy"].click()
    assert "✔ fixed" in console.result.value
    console.buttons["Give up"].click()
    assert "encoding.not-pem" in console.result.value
    console.inputs["case"].value = RANDOM
    console.buttons["Open"].click()
    assert "Two tickets at once" in console.result.value
    console.buttons["Close"].click()
    assert ClinicSession.current is None
