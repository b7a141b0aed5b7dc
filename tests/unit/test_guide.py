"""The executable guide: every statement has its proofs, and a proof that is gone is noticed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.guide import Statement, statements


@pytest.mark.parametrize("statement", statements(), ids=lambda s: s.says[:60])
def test_guide_statement_has_rule_behaviour_test_and_cell(statement: Statement) -> None:
    """Rule, behaviour, test and cell are there."""
    assert statement.problems() == []


def test_guide_statements_cover_every_chapter_and_appendix() -> None:
    """Every chapter and every appendix of the guide."""
    chapters = {s.chapter for s in statements()}
    assert len(statements()) >= 75
    assert {f"Appendix {n}" for n in range(1, 7)} <= {c.split(":")[0] for c in chapters}
    assert len({s.says for s in statements()}) == len(statements())


@pytest.mark.parametrize(
    "broken",
    [
        {"rules": ("names.nothing",)},
        {"behaviour": "simulator.wire.theatre:nothing"},
        {"test": "tests/unit/test_san.py::test_nothing"},
        {"test": "tests/unit/test_gone.py::test_rows_of_the_guide"},
        {"cell": "01: nothing of the kind"},
    ],
)
def test_guide_statement_with_a_missing_proof_is_reported(broken: dict[str, object]) -> None:
    """The control: each missing part of a proof is one problem."""
    assert len(replace(statements()[0], **broken).problems()) == 1  # type: ignore[arg-type]
