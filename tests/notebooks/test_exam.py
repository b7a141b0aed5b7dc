"""The exam: different for every seed, two tries, no reasons before the end, a certificate only for those who pass."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from workbook.course import exam as engine
from workbook.course.exercises import solution_to
from workbook.learning.exam_card import exam

from pkikit.errors import InputError


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def test_questions_depend_on_the_seed_alone() -> None:
    """Same seed, same exam, whatever its spelling; another seed differs in names, order and faults."""
    one, two = engine.draw("Ada"), engine.draw("grace")
    assert one == engine.draw(" ada ")
    assert len(one) == len(two) == 18
    assert one["A"].ask != two["A"].ask
    assert [q.ask for q in one.values()] != [q.ask for q in two.values()]


def test_two_tries_then_nothing_more_and_no_reason() -> None:
    """A wrong answer says how many tries are left, not why; an empty one is free."""
    card = exam()
    card.start.click()
    assert "Enter your name" in card.said.value
    card.name.value = "Ada <b>"
    card.start.click()
    question = card.questions["A"]
    question.send.click()
    assert "does not count" in question.said.value
    question.field.put(["nobody.example.com"])
    question.send.click()
    assert "Not right. 1 try left" in question.said.value
    assert "nobody" not in question.said.value
    question.send.click()
    assert "Not right. 0 tries left" in question.said.value
    assert question.send.disabled
    assert card.now is not None
    with pytest.raises(InputError, match="No tries are left"):
        engine.submit(card.now, "A", ["x.example.com"])
    card.finish.click()
    card.finish.click()
    assert "Not passed: 0 of 18" in card.said.value
    with pytest.raises(InputError, match="There is a certificate"):
        engine.save_certificate(card.now)


def test_pass_gives_reasons_and_a_certificate_that_escapes_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names and choices are answered with their solutions; the verdict needs fifteen."""
    monkeypatch.setattr(engine, "NEEDED", 14)  # without the three questions that need a lab
    now = engine.begin("Ada <b>", "seed 7")
    for letter, found in engine.draw(now.seed).items():
        if found.work is None:
            now, result = engine.submit(now, letter, solution_to(found))
            assert result.right, (letter, result)
    card = exam()  # the same sitting, opened again
    card.finish.click()
    card.finish.click()
    assert "Passed: 15 of 18" in card.said.value
    assert "Reasons" in card.verdict.outputs[0]["data"]["text/html"]
    assert card.now is not None
    page = engine.save_certificate(card.now).read_text(encoding="utf-8")
    assert "Ada &lt;b&gt;" in page
    assert "seed 7" in page
    assert "@page" in page


@pytest.mark.parametrize(
    "changed",
    [
        {"ended": "yesterday"},
        {"right": ["A"] * 20, "tries": {"A": 1}},
        {"right": ["A", "Z"], "tries": {"A": 1, "Z": 1}},
        {"tries": {"A": -5}},
        {"name": "\x1b[31mAda"},
        {"seed": "\ud800"},
    ],
)
def test_stored_exam_with_impossible_values_is_no_exam(changed: dict[str, object], tmp_path: Path) -> None:
    """The card asks for a name again instead of failing, and nothing is passed that way."""
    now = engine.begin("Ada", "seed \ud800")
    assert engine.sitting() == now
    (file,) = tmp_path.rglob("exam.jsonl")
    file.write_text(json.dumps({**json.loads(file.read_text()), **changed}) + "\n")
    assert engine.sitting() is None
    assert exam().now is None


def test_disk_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """A button never shows a traceback."""
    (tmp_path / "expressway-certificate-lab" / "exam.jsonl").mkdir(parents=True)
    card = exam()
    card.name.value = "Ada"
    card.start.click()
    assert "the exam cannot be stored" in card.said.value
