"""Verdicts and reports as text and HTML: what `print(verdict)` and a notebook cell show."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pkikit
from pkikit.issue.authority import create_root
from pkikit.judge.legs.leg_verdict import judge_all_legs
from pkikit.model.findings import Evidence, Finding, Severity, Verdict
from pkikit.view.connections.check_report import CheckReport
from pkikit.view.connections.leg_report import LegReport
from pkikit.worlds.issued_world import issue_world
from simulator.world.craft import DAY, craft
from tests.support.worlds import AT, E1, deployment

CA = create_root("Front Door Root CA", at=AT - DAY)
LEAF = craft((E1, "cluster-e.example.com", "example.com"), CA, at=AT).leaf


def test_verdict_prints_as_an_explanation() -> None:
    verdict = pkikit.verify(LEAF, trust=CA.certificate, name="e9.example.com", at=AT)
    text = str(verdict).splitlines()
    assert text[0].startswith("Not accepted: 1 error, ")
    assert text[1] == "Question: is e1.example.com accepted as TLS server?"
    assert text[3] == "Error in e1.example.com [names.reference-not-presented]"
    has = "e1.example.com, cluster-e.example.com, example.com"
    assert text[4] == f"  e9.example.com is not in the certificate (it has {has})."
    assert text[-1].startswith("  Fix: ")


HOSTILE = Verdict(
    question="is <b>x</b> accepted?",
    findings=(
        Finding(
            rule="names.reference-not-presented",
            severity=Severity.ERROR,
            subject="<script>alert(1)</script>",
            message="a sentence that no evidence repeats",
            evidence=tuple(Evidence(label=f"name {n}", expected="a", seen="<i>b</i>") for n in range(14)),
            fix="use <x>",
        ),
    ),
    checked=("names.reference-not-presented",),
)


def test_html_escapes_what_certificates_say() -> None:
    html = HOSTILE._repr_html_()
    assert "<script>" not in html
    assert "<b>x</b>" not in html
    assert "<i>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_long_finding_is_cut_and_says_so() -> None:
    text = str(HOSTILE)
    assert "a sentence that no evidence repeats" in text
    assert "… and 2 more" in text
    assert "name 12" not in text


def test_accepted_verdict_says_so_first() -> None:
    verdict = pkikit.verify(LEAF, trust=CA.certificate, name=E1, at=AT)
    assert str(verdict).startswith("Accepted: 0 errors, ")
    assert verdict._repr_html_().startswith("<div><p><b>Accepted")


def test_report_explains_each_root_cause_once() -> None:
    world = issue_world(deployment(), at=AT, rsa=False).world
    late = world.with_party(replace(world.parties[E1], clock_offset=timedelta(days=4000)))
    legs = tuple(LegReport(leg=v.leg, verdict=v, trace=None) for v in judge_all_legs(late, AT))
    report = CheckReport(deployment="<b>plan</b>", at=AT, legs=legs)
    assert report.down
    text = str(report)
    assert text.splitlines()[0].endswith(report.count)
    assert text.count("[validity.expired]") == len(report.root_causes(first_only=True))
    assert all(leg.leg.id in text for leg in report.down)
    html = report._repr_html_()
    assert "<b>plan</b>" not in html
    assert "&lt;b&gt;plan&lt;/b&gt;" in html
    assert str(report.down[0]).startswith(f"down  {report.down[0].leg.id} (rejected, refused by {E1})")
    assert str(next(leg for leg in legs if leg.up)).startswith("up ")
