"""The cards of a change: moved by buttons, played, compared with the best order."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from workbook import change_list, open_case, open_change, order_cards, plan_change

from pkikit.errors import InputError
from pkikit.runbook.played_change import PlayedChange
from simulator.clinic.changes.step_cards import StepCards


@cache
def planned() -> PlayedChange:
    return plan_change("single-pair", new_root="New Root CA")


def test_cards_are_moved_by_buttons_and_the_chosen_one_stays_chosen() -> None:
    panel = order_cards(planned())
    last = panel.order[-1]
    panel.list.value = last
    panel.buttons["↑ Earlier"].click()
    assert panel.order[-2] == last == panel.list.value
    panel.buttons["⇈ First"].click()
    panel.buttons["↑ Earlier"].click()
    assert panel.order[0] == last == panel.list.value
    panel.buttons["⇊ Last"].click()
    assert panel.order == panel.cards.first
    assert panel.cards.label(last) in panel.chosen.value


def test_played_cards_say_who_refuses_and_how_many_points() -> None:
    panel = order_cards(planned())
    panel.play_it.click()
    assert "1 of 1 connection is refused" in panel.said.value
    assert "expe refuses expc → expe" in panel.result.value
    assert "your order" in panel.result.value
    panel.best.click()
    assert "✔ No connection is refused on the way. 100 of 100 points." in panel.said.value
    assert panel.order == planned().best.order
    panel.again.click()
    assert (panel.order, panel.result.value) == (panel.cards.first, "")


def test_impossible_order_is_not_played() -> None:
    panel = order_cards(planned())
    restart = next(key for key in panel.order if key.startswith("restart"))
    panel.list.value = restart
    panel.buttons["⇈ First"].click()
    panel.play_it.click()
    assert "not possible" in panel.said.value
    assert "comes before" in panel.result.value


def test_letters_name_an_order() -> None:
    cards = StepCards(planned())
    letters = [cards.letters[key] for key in cards.best.order]
    assert cards.order_of(" ".join(letters).lower()) == cards.best.order
    with pytest.raises(InputError, match="each of the letters"):
        cards.order_of("A B")


def test_text_form_lists_the_cards_and_no_verdict() -> None:
    panel = order_cards(planned())
    assert panel.plain.count(" · ") == len(panel.order)
    assert "points" not in panel.plain
    assert panel.static.count("<li>") == len(panel.order)


def test_change_ticket_is_played_in_a_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    card = open_change("CHG-0151")
    assert "Maria" in card.children[0].value
    assert "Maria" in card.plain
    card.tell.click()
    assert "First find" in card.said.value
    card.ask.click()
    assert card.desk.ticket.hints[0] in card.said.value
    card.play_it.click()
    assert "refused on the way" in card.said.value
    assert not card.desk.solved
    card.order = card.cards.best.order
    card.play_it.click()
    assert "Solved" in card.said.value
    assert "90 points" in card.said.value
    card.tell.click()
    assert "An expert thinks" in card.result.value
    with pytest.raises(InputError, match="open_change"):
        open_case("CHG-0151")
    assert list(change_list().index) == sorted(change_list().index)
