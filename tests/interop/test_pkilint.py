"""Our lint beside pkilint's over the same corpus: everything that it finds is found here too, or listed with a reason."""

from __future__ import annotations

from tests.support.compare_linters import DOC, NOT_OURS, SAME, compare, document


def test_every_code_of_pkilint_is_ours_or_explained() -> None:
    """No finding of the peer is passed over in silence, and no explanation is stale."""
    total, mine, peers, both = compare()
    assert total >= 300
    assert set(peers) <= SAME.keys() | NOT_OURS.keys()
    assert len(mine) > 20
    assert not SAME.keys() & NOT_OURS.keys()
    for code, rule in SAME.items():
        if code in peers and not rule.startswith("trust."):
            assert both[rule.split(" ")[0], code] > 0, (code, rule)


def test_the_document_is_fresh() -> None:
    """`make compare-linters` was run after the last change."""
    assert DOC.read_text(encoding="utf-8") == document()
