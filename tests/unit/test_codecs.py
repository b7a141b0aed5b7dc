"""Documents of values: every field is written and read back, and what is wrong with one is one sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from workbook.course.progress import Try

from pkikit.errors import InputError
from pkikit.model.certificates.credential import Credential
from pkikit.model.codec.document import JsonLines
from pkikit.model.codec.findings import finding_adapter, read_findings
from pkikit.model.codec.trace import trace_codec, trace_from_json, trace_to_json
from pkikit.model.findings import Evidence, Finding, Severity, Verdict
from pkikit.model.trace import HandshakeTrace
from simulator.clinic.score import KeptScore
from simulator.events import Event
from tests.support.any_value import any_value, contents
from tests.support.wait import LONG

SPECIAL = {"Credential.chain": any_value(tuple[x509.Certificate, ...]).filter(bool)}
SLOW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)


@SLOW
@given(any_value(HandshakeTrace))
def test_trace_reads_back_as_it_was(trace: HandshakeTrace) -> None:
    """Every field of every kind of step, through the bytes of a file."""
    data = trace_codec().to_bytes(trace)
    assert contents(trace_codec().from_bytes(data, where="x")) == contents(trace)
    assert contents(trace_from_json(data.decode(), where="x")) == contents(trace)


@SLOW
@given(any_value(HandshakeTrace))
def test_trace_without_a_format_number_is_read(trace: HandshakeTrace) -> None:
    """As every version wrote it before there were format numbers."""
    document = trace_to_json(trace)
    assert document.pop("format") == 1
    assert contents(trace_from_json(json.dumps(document), where="x")) == contents(trace)


@SLOW
@given(any_value(Finding))
def test_finding_reads_back_as_it_was_printed(finding: Finding) -> None:
    """`to_json` has every field, and what reads it back knows every field."""
    document = finding.to_json()
    assert set(document) == {f.name for f in fields(Finding)}
    # The sentence for people is no part of the document.
    without_sentence = {"evidence": {"__all__": {"says"}}}
    assert finding_adapter().dump_python(finding, mode="json", exclude=without_sentence) == document
    safe = all(text.isprintable() for text in (finding.rule, finding.subject, finding.message, finding.fix))
    if safe and all(all(v.isprintable() for v in e.values()) for e in document["evidence"]):
        assert read_findings(json.dumps({"findings": [document]})) == (finding,)


def test_sentence_of_evidence_is_not_read_from_a_document() -> None:
    """A report from outside cannot replace what people read by a text of its own."""
    evidence = Evidence(label="key", expected="2048 bits", seen="1024 bits")
    finding = Finding(
        rule="key.too-short", severity=Severity.ERROR, subject="x", message="", evidence=(evidence,), fix=""
    )
    document = finding.to_json()
    document["evidence"][0]["says"] = "All is well."
    (read,) = read_findings(json.dumps({"findings": [document]})) or ()
    assert str(read.evidence[0]) == "key: 1024 bits (needed: 2048 bits)"


@SLOW
@given(any_value(Verdict))
def test_verdict_prints_every_field(verdict: Verdict) -> None:
    """And `accepted`, which follows from the findings."""
    document = verdict.to_json()
    assert set(document) == {"accepted", *(f.name for f in fields(Verdict))}
    assert json.loads(json.dumps(document)) == document


@given(st.lists(st.sampled_from(["steps", "kind", "Alert", "x"]), max_size=4), st.none() | st.integers() | st.text())
def test_any_document_is_read_or_refused_in_one_sentence(keys: list[str], value: object) -> None:
    """Whatever is in it; the sentence has one line."""
    document: object = value
    for key in keys:
        document = {key: [document]}
    if document == {"steps": []}:
        return
    with pytest.raises(InputError, match=r"^t\.json: is not a handshake trace.*$") as refused:
        trace_from_json(json.dumps(document), where="t.json")
    assert "\n" not in str(refused.value)


@SLOW
@given(*(st.lists(any_value(kind), max_size=3) for kind in (Event, Try, KeptScore)))
def test_lines_of_a_file_that_grows_read_back_as_they_were(
    events: list[Event], tries: list[Try], scores: list[KeptScore]
) -> None:
    """Events of a lab, answers of a learner, scores of the clinic; what is not such a line is left out."""
    for kind, values in ((Event, events), (Try, tries), (KeptScore, scores)):
        lines: JsonLines[Any] = JsonLines(kind)
        written = [lines.line(value) for value in values]
        assert all(line.endswith("\n") and "\n" not in line[:-1] for line in written)
        spoiled = [line for good in written for line in ("", "{", "7", "[" * 100_000, '{"at": 3}', good, good[:-3])]
        assert list(lines.values(spoiled)) == values


SEEDS = Path(__file__).parents[1] / "vectors" / "seeds"
LEAF, ROOT = str(SEEDS / "leaf.der"), str(SEEDS / "root.der")


@pytest.mark.parametrize(
    "arguments",
    [
        ["rules"],
        ["rules", "--json"],
        ["lint", LEAF, "--json"],
        ["verify", LEAF, "--trust", ROOT, "--json"],
        ["decode", LEAF],
    ],
)
def test_light_commands_do_not_load_the_codecs(arguments: list[str]) -> None:
    """They print what `to_json` makes; building readers and writers takes longer than the whole command."""
    script = (
        "import sys\nfrom pkikit.__main__ import main\n"
        f"sys.argv = ['pkikit', *{arguments!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "sys.exit('pkikit.model.codec' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=LONG)
    assert done.returncode == 0, done.stderr


@SLOW
@given(any_value(Credential, SPECIAL))
def test_contents_of_a_value_include_what_equality_ignores(one: Credential) -> None:
    """Keys are not compared by `==`, so the round trips compare `contents`."""
    without = replace(one, key=None)
    assert without == one
    assert (contents(without) == contents(one)) is (one.key is None)
