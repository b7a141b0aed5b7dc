"""The record of the product: every statement has a test or a reason, and what does not fit is noticed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.product import ProductRecord, ProductStatement, product_record


def test_product_statements_are_proved_or_listed_with_a_reason() -> None:
    """No statement is forgotten, and no claim has a wrong id."""
    assert list(product_record().problems()) == []


def test_product_statements_have_ids_of_their_own() -> None:
    """An id is used once."""
    ids = [s.id for s in product_record().statements]
    assert len(ids) == len(set(ids)) >= 300


A = ProductStatement(topic="t", id="A-01", versions="all", says="it is so", mark="stated", sources=("DOC",))
GOOD = ProductRecord(statements=(A,), documents={"DOC": "a document"}, claims={"A-01": ["t.py::test"]}, not_modelled={})


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        (replace(GOOD, claims={}), "A-01: no test claims it"),
        (replace(GOOD, not_modelled={"A-01": "too much"}), "calls it not modelled"),
        (
            replace(GOOD, claims={**GOOD.claims, "Z-99": ["t.py::test"]}),
            "Z-99: docs/product.yaml has no such statement",
        ),
        (replace(GOOD, documents={}), "the source 'DOC'"),
        (replace(GOOD, statements=(replace(A, mark="sure"),)), "the mark 'sure'"),
        (replace(GOOD, statements=(replace(A, also=("B-01",)),)), "there is no statement B-01"),
    ],
)
def test_product_record_with_a_gap_is_reported(broken: ProductRecord, problem: str) -> None:
    """The control: each gap is one problem."""
    assert list(GOOD.problems()) == []
    (found,) = broken.problems()
    assert problem in found
