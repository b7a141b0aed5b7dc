"""Our lint beside pkilint and zlint: whatever they find is found here too, or listed with a reason."""

from __future__ import annotations

import json

from tests.support.compare_linters import DOC, NOT_OURS, SAME, compare, document
from tests.support.linter_corpora import CLEAN, EXPLAINED, PKILINT, RESULT, ZLINT, Corpus, zlint_expectations


def test_pkilint_finding_is_ours_or_explained() -> None:
    """No finding of the peer is passed over in silence, and no explanation is stale."""
    total, mine, peers, both = compare()
    assert total >= 300
    assert set(peers) <= SAME.keys() | NOT_OURS.keys()
    assert len(mine) > 20
    assert not SAME.keys() & NOT_OURS.keys()
    for code, rule in SAME.items():
        if code in peers and not rule.startswith("trust."):
            assert both[rule.split(" ")[0], code] > 0, (code, rule)


def test_linter_document_matches_the_comparison() -> None:
    """`make compare-linters` was run after the last change."""
    assert DOC.read_text(encoding="utf-8") == document()


def test_linter_corpora_results_are_complete_and_explained() -> None:
    """The last run over both repositories: no traceback, nothing called absent that is there, each difference explained."""
    result = json.loads(RESULT.read_text(encoding="utf-8"))
    differences = set()
    for name, pairs, least in (("zlint", ZLINT, 1_300), ("pkilint", PKILINT, 430)):
        corpus = result[name]
        assert corpus["certificates"] >= least
        assert corpus["tracebacks"] == corpus["false_absent"] == corpus["refused_alone"] == []
        assert {row["lint"]: row["rule"] for row in corpus["compared"]} == pairs
        differences |= {row["lint"] for row in corpus["compared"] if row["theirs"] or row["ours"]}
    assert differences == EXPLAINED.keys()
    assert result["pkilint"]["errors_in_clean"].keys() == CLEAN.keys()


def test_zlint_expectations_are_read_from_its_tests() -> None:
    """From tables and from single tests; a test of several lints says nothing certain."""
    source = """
func TestOne(t *testing.T) {
	inputPath := "a.pem"
	expected := lint.Error
	out := test.TestLint("e_first", inputPath)
}
func TestTable(t *testing.T) {
	data := []Data{{input: "dir/b.pem", want: lint.Pass}, {input: "c.pem", want: lint.NA}}
	test.TestLint("w_second", "x")
}
func TestTwo(t *testing.T) {
	test.TestLint("e_third", "d.pem"); test.TestLint("e_fourth", "d.pem"); _ = lint.Error
}
"""
    assert zlint_expectations({"x_test.go": source}) == {
        "e_first": {"a.pem": "Error"}, "w_second": {"b.pem": "Pass", "c.pem": "NA"},
    }  # fmt: skip


def test_corpus_counts_refused_and_judged_files() -> None:
    """A file that is not a certificate is refused; a good one is judged."""
    from cryptography.hazmat.primitives.serialization import Encoding

    from simulator.world.craft import craft
    from tests.support.worlds import AT, E1

    corpus = Corpus()
    corpus.add("good", craft((E1,), None, at=AT).leaf.public_bytes(Encoding.PEM))
    corpus.add("bad", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    assert (corpus.files, corpus.certificates, sum(corpus.refused.values())) == (2, 1, 1)
    assert corpus.tracebacks == corpus.false_absent == []
