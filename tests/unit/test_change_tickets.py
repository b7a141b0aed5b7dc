"""Tickets that are changes: each has a best order that refuses nothing; the usual order does; points and debrief follow."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import pytest
from rich.console import Console

from pkikit.errors import InputError
from simulator.clinic.changes.change_desk import ChangeDesk
from simulator.clinic.changes.change_ticket import change_ticket_of, change_tickets, is_change, read_ticket
from simulator.clinic.changes.step_cards import StepCards
from simulator.clinic.score import kept_scores
from simulator.commands.change_console import ChangeConsole
from tests.support.worlds.deployments import AT

TICKETS = tuple(change_tickets())


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


@cache
def cards(number: str) -> StepCards:
    return StepCards(change_ticket_of(number).planned(AT))


@pytest.fixture
def desk() -> ChangeDesk:
    return ChangeDesk(change_ticket_of("CHG-0151"), AT)


@pytest.mark.parametrize("number", TICKETS)
def test_ticket_has_an_order_without_refusals_and_the_usual_one_is_worse(number: str) -> None:
    deck = cards(number)
    assert deck.planned.plan.order_exists
    assert not deck.best.refused
    assert deck.planned.usual.refused
    assert deck.points(deck.best).points == 100
    labels = [deck.label(key) for key in deck.first]
    assert len({label.partition(" · ")[2] for label in labels}) == len(labels), "every card differs from the others"
    assert deck.order_of(deck.lettered(deck.best.order)) == deck.best.order


def test_tickets_have_numbers_of_their_own() -> None:
    assert len(TICKETS) >= 3
    assert all(is_change(number) for number in TICKETS)
    assert change_ticket_of("chg 104").ticket == "CHG-0104"
    assert not is_change("INC-0240")
    with pytest.raises(InputError, match="there is no change"):
        change_ticket_of("CHG-9999")
    with pytest.raises(InputError, match="ticket"):
        read_ticket("id: x\nticket: INC-0001\ntitle: x", where="x.yaml")


def test_new_root_that_comes_later_is_waited_for() -> None:
    assert any(step.until is not None for step in cards("CHG-0104").planned.plan.steps)


def test_player_solves_with_an_order_that_refuses_nothing(desk: ChangeDesk) -> None:
    assert desk.play(desk.order)[0].startswith("✘")
    assert not desk.over
    assert desk.hint() == desk.ticket.hints[0]
    assert desk.play(desk.cards.best.order)[0].startswith("✔")
    assert desk.solved
    assert desk.score.points == 90
    assert [(score.ticket, score.points) for score in kept_scores()] == [("CHG-0151", 90)]
    debrief = "\n".join(desk.debrief())
    assert "Solved." in debrief
    assert desk.cards.lettered(desk.cards.best.order) in debrief
    assert desk.ticket.expert[0] in debrief


def test_player_who_gives_up_reads_the_debrief(desk: ChangeDesk) -> None:
    desk.give_up()
    assert desk.over
    assert desk.score.points == 0
    assert "You gave up." in desk.debrief()
    document = desk.to_json()
    assert document["refused_legs"] == 0 < document["usual_refused_legs"]
    assert sorted(document["best"]) == sorted(card["letter"] for card in document["cards"])


def test_terminal_plays_moves_and_explains_a_change(desk: ChangeDesk) -> None:
    """Words that are no command cost nothing; an impossible order is not played; 80 columns are enough."""
    out = Console(file=io.StringIO(), width=80)
    best = desk.cards.lettered(desk.cards.best.order)
    lines = (
        "help",
        "fly",
        "cards",
        "play A",
        "move A 99",
        "rehearse",
        "debrief",
        "hint",
        f"play {best}",
        "debrief",
        "quit",
    )
    assert ChangeConsole(out, desk).play(iter(lines))
    told = out.file.getvalue()  # type: ignore[attr-defined]
    assert max(map(len, told.splitlines())) <= 80
    for said in (
        "There is no command 'fly'",
        "once",
        "This order is not possible",
        "First find an order",
        "Solved.",
        best,
    ):
        assert said in told, said
    assert desk.score.points == 90
