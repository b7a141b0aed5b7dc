"""How text is laid out for a terminal: no word is broken, nothing is lost, and a pipe gets whole lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkikit.commands.terminal import layout
from pkikit.design.legs import legs_of
from pkikit.text import counted
from pkikit.view.short_names import ShortNames
from tests.support.worlds import deployment

WORD = st.text(st.characters(categories=["L", "Nd"], include_characters=".:-/>"), min_size=1, max_size=60)
CELL = st.lists(WORD, max_size=8).map(" ".join)
ROWS = st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(CELL, min_size=n, max_size=n), min_size=1, max_size=4))


@given(ROWS, st.one_of(st.none(), st.integers(20, 140)))
def test_table_keeps_every_word_whole(rows: list[list[str]], width: int | None) -> None:
    """As a table and as a list, whatever the width: the same words, none broken; no line but a long word is too long."""
    lines = layout.table(["Head"] * len(rows[0]), rows, width)
    shown = " ".join(lines).split()
    for word in " ".join(cell for row in rows for cell in row).split():
        assert word in shown
    assert all(line == line.rstrip() for line in lines)
    assert width is None or all(len(line) <= max(width, 70) for line in lines)


@given(st.lists(st.tuples(WORD, st.lists(CELL, max_size=3))), st.one_of(st.none(), st.integers(20, 140)))
def test_facts_keep_every_word_whole(rows: list[tuple[str, list[str]]], width: int | None) -> None:
    """Labels and values; a row without a value is left out."""
    shown = " ".join(layout.facts(rows, width)).split()
    for label, values in rows:
        assert all(word in shown for value in values for word in value.split())
        assert label in shown or not any(values)


def test_columns_that_do_not_fit_become_a_list() -> None:
    """An id of 50 characters beside another one has no room at 80 columns."""
    row = (
        "zone:uc-traversal:c1.corp.example.com>e1.example.com",
        "down",
        "zone:uc-traversal:c2.corp.example.com>e1.example.com",
    )
    assert len(layout.table(("Id", "State", "Other"), [row], 120)) == 2
    assert layout.table(("Id", "State", "Other"), [row], 80) == [row[0], "    State: down", f"    Other: {row[2]}"]
    assert layout.table(("Id",), [], 80) == []


@pytest.mark.parametrize(("number", "text"), [(0, "0 peers"), (1, "1 peer"), (2, "2 peers"), (7168, "7,168 peers")])
def test_plural_agrees_with_its_number(number: int, text: str) -> None:
    """One is singular, everything else is not."""
    assert counted(number, "peer") == text


@pytest.mark.parametrize("name", ["single-pair", "clustered-mra", "clustered-full"])
def test_short_names_of_a_deployment_are_unique(name: str) -> None:
    """Machines and connections can be told apart by what people read; a text keeps no id."""
    legs = legs_of(deployment(name))
    names = ShortNames(legs)
    assert len(set(names.short.values())) == len(names.short)
    shown = [names.connection(leg) for leg in legs]
    assert len(set(shown)) == len(legs)
    assert names.in_text(", ".join(leg.id for leg in legs)) == ", ".join(shown)
    assert names.connection("nothing") == "nothing"
    by_id = ShortNames.of_ids(["nothing", *(leg.id for leg in legs)])
    assert [by_id.connection(leg.id) for leg in legs] == shown
    assert by_id.short == names.short
