"""Signed progress without a hub: what is signed, what a forger cannot do, what is judged again, what is exported."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from workbook import finish, home
from workbook.course.exercises import solution_of
from workbook.course.progress import remember
from workbook.handin import record_folder
from workbook.handin.__main__ import main
from workbook.handin.grades import Form, as_csv, changed_names, grade_of, safe, table
from workbook.handin.judged_again import judge
from workbook.handin.record import Judged, Record, Result, Signed, chain_of, read_submission, sign
from workbook.handin.record_folder import Ledger, LedgerDamaged
from workbook.handin.send import NOBODY, hand_in, results_now
from workbook.handin.signing_keys import make_keys, read_keys, rotate

from pkikit.errors import InputError

RIGHT = Result(what="00-C", tries=2, right=True, answer='["after"]')


def records(folder: Path, *batches: tuple[Result, ...], learner: str = "anna") -> list[Signed]:
    """Store one signed record for each batch of results."""
    ring, ledger = make_keys(folder / "keys.json"), Ledger(folder / "records")
    ledger.claim().release()
    made: list[Signed] = []
    for results in batches:
        last = ledger.last(learner, ring)
        record = Record(
            learner=learner, sequence=last.record.sequence + 1 if last else 1, at="2026-11-26T10:00:00+00:00", course="1",
            service="1", previous=last.signature if last else "", results=results, judged=tuple(map(judge, results)),
        )  # fmt: skip
        made.append(sign(record, ring.active, ring.secret))
        ledger.add(made[-1])
    return made


def rewrite(folder: Path, change: dict[str, object], *, line: int = 0) -> None:
    """Change one stored record, as somebody who can write the folder but has no key."""
    (path,) = (folder / "records").glob("*.jsonl")
    lines = path.read_text().splitlines()
    document = json.loads(lines[line])
    document["record"].update(change)
    lines[line] = json.dumps(document)
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    "change",
    [
        {"learner": "ben"},
        {"at": "2026-01-01T00:00:00+00:00"},
        {"course": "2"},
        {"judged": ["wrong"]},
        {"previous": "00"},
    ],
)
def test_any_change_of_a_record_breaks_its_signature(tmp_path: Path, change: dict[str, object]) -> None:
    records(tmp_path, (RIGHT,))
    rewrite(tmp_path, change)
    assert main(["verify", "--folder", str(tmp_path)]) == 1
    with pytest.raises(LedgerDamaged, match="signature is wrong"):
        Ledger(tmp_path / "records").last("anna", read_keys(tmp_path / "keys.json"))


def test_records_that_are_missing_replaced_or_moved_are_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the middle by the chain, at the end by a learner's receipt."""
    first, second, third = records(tmp_path, (RIGHT,), (RIGHT, Result(what="00-A", tries=1, right=False)), (RIGHT,))
    keys = read_keys(tmp_path / "keys.json").keys
    assert chain_of([first.line, second.line, third.line], keys).problems == ()
    assert "missing or was replaced" in chain_of([first.line, third.line], keys).problems[0]
    assert "comes after" in chain_of([first.line, second.line, first.line], keys).problems[0]
    assert "another learner" in chain_of([first.line], keys, learner="ben").problems[0]
    receipt = tmp_path / "receipt.json"
    receipt.write_text(json.dumps(third.receipt))
    assert main(["verify", "--folder", str(tmp_path), "--receipt", str(receipt)]) == 0
    (path,) = (tmp_path / "records").glob("*.jsonl")
    path.write_text(first.line + second.line)
    assert main(["verify", "--folder", str(tmp_path)]) == 0
    capsys.readouterr()
    assert main(["verify", "--folder", str(tmp_path), "--receipt", str(receipt)]) == 1
    assert "record 3 of anna, for which there is a receipt, is not here" in capsys.readouterr().out
    path.rename(path.with_name("0" * 64 + ".jsonl"))
    assert main(["verify", "--folder", str(tmp_path)]) == 1


def test_record_of_a_power_failure_is_dropped_and_overwritten(tmp_path: Path) -> None:
    (first,) = records(tmp_path, (RIGHT,))
    (path,) = (tmp_path / "records").glob("*.jsonl")
    path.write_text(first.line + first.line[:40])
    assert Ledger(tmp_path / "records").last("anna", read_keys(tmp_path / "keys.json")) == first
    records(tmp_path, (RIGHT, Result(what="00-A", tries=1, right=False)))
    assert main(["verify", "--folder", str(tmp_path)]) == 0
    assert len(path.read_text().splitlines()) == 2


def test_full_file_takes_no_more_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (first,) = records(tmp_path, (RIGHT,))
    ledger = Ledger(tmp_path / "records")
    before = ledger.file_of(first.record.learner).read_bytes()
    monkeypatch.setattr(record_folder, "_MAX_FILE", len(before) + 9)
    with pytest.raises(InputError, match="are full"):
        ledger.add(first)
    assert ledger.file_of(first.record.learner).read_bytes() == before


def test_keys_rotate_and_a_leaked_key_no_longer_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (first,) = records(tmp_path, (RIGHT,))
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600
    assert rotate(tmp_path / "keys.json").active != first.key
    (second,) = records(tmp_path, (Result(what="00-A", tries=1, right=False),))
    assert second.key != first.key
    assert main(["verify", "--folder", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["learners"][0]["right"] == ["00-C"]
    assert main(["new-key", "--folder", str(tmp_path), "--distrust", first.key]) == 0
    assert first.key not in capsys.readouterr().out
    assert main(["verify", "--folder", str(tmp_path), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert "distrusted" in told["problems"][0]
    assert told["learners"][0]["right"] == []


@pytest.mark.parametrize("spoil", ["mode", "link", "none", "short", "text"])
def test_keys_that_cannot_be_trusted_are_refused(tmp_path: Path, spoil: str) -> None:
    path = tmp_path / "keys.json"
    make_keys(path)
    match spoil:
        case "mode":
            path.chmod(0o640)
        case "link":
            path.rename(tmp_path / "elsewhere")
            path.symlink_to(tmp_path / "elsewhere")
        case "none":
            path.write_text('{"keys": {}, "distrusted": []}')
        case "short":
            path.write_text('{"keys": {"a": "00"}, "distrusted": []}')
        case _:
            path.write_text("[1")
    with pytest.raises(InputError):
        read_keys(path)


@pytest.mark.parametrize(
    ("what", "answer", "expected"),
    [
        ("00-C", '["after"]', Judged.RIGHT),
        ("00-C", '["silent"]', Judged.WRONG),
        ("00-C", "[", Judged.WRONG),
        ("00-C", "", Judged.WRONG),
        ("00-B", '["c2.corp.example.com"]', Judged.WRONG),
        ("01-C", '[["set-clock", "expe.example.com"]]', Judged.NOT),
        ("99-C", '["x"]', Judged.NOT),
        ("77-Z", '["x"]', Judged.NOT),
    ],
)
def test_server_judges_again_what_needs_no_lab(what: str, answer: str, expected: Judged) -> None:
    assert judge(Result(what=what, tries=1, right=True, answer=answer)) is expected
    assert judge(Result(what=what, tries=1, right=False, answer=answer)) is Judged.NOT


def test_trainer_judges_fixes_again_in_a_lab() -> None:
    wrong = Result(what="01-C", tries=1, right=True, answer='[["renew-certificate", "expe.example.com"]]')
    right = wrong.model_copy(update={"answer": json.dumps(solution_of("01-C"))})
    assert judge(right, with_labs=True) is Judged.RIGHT
    assert judge(wrong, with_labs=True) is Judged.WRONG


@pytest.mark.parametrize(
    "spoil",
    [
        {"sequence": 0},
        {"sequence": 1.5},
        {"more": 1},
        {"results": [{"what": "00-A", "tries": 1, "right": True, "learner": "ben"}]},
        {"results": [{"what": "=1+1", "tries": 1, "right": True}]},
        {"results": [{"what": "00-A\n", "tries": 1, "right": True}]},
        {"results": [{"what": "00-A", "tries": 1, "right": True}] * 2},
        {"results": [{"what": "00-A", "tries": -1, "right": True}]},
        {"results": [{"what": "00-A", "tries": 1, "right": True, "answer": "x" * 5000}]},
    ],
)
def test_bad_submission_is_one_sentence(spoil: dict[str, object]) -> None:
    document = {"sequence": 1, "course": "1", "results": [], **spoil}
    with pytest.raises(InputError) as caught:
        read_submission(json.dumps(document).encode())
    assert len(str(caught.value)) < 300
    assert "\n" not in str(caught.value)


def test_exercise_that_was_right_once_stays_right(tmp_path: Path) -> None:
    """A learner who restores an older progress file takes nothing back; what the server calls wrong does not count."""
    lied = Result(what="00-B", tries=1, right=True, answer='["x.example.com"]')
    ticket = Result(what="clinic swapped", tries=1, right=True, points=75)
    made = records(tmp_path, (RIGHT, ticket), (lied, Result(what="00-C", tries=9, right=False)))
    grade = grade_of(chain_of([one.line for one in made], read_keys(tmp_path / "keys.json").keys))
    assert (dict(grade.right), grade.disputed, grade.points) == ({"00-C": Judged.RIGHT}, ("00-B",), 75)


HOSTILE = ("=cmd|'/c calc'!A1", "@SUM(1)", " -1+1", "anna\r\n=1+1", 'a,b"c', "ü漢‮x")


def test_no_cell_of_an_export_is_a_formula(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every form, names that a spreadsheet would run; the columns are those that the programs know."""
    for name in HOSTILE:
        records(tmp_path, (RIGHT,), learner=name)
    heads = {}
    for form in Form:
        assert main(["export", "--folder", str(tmp_path), "--for", form.value]) == 0
        told = capsys.readouterr()
        rows = list(csv.reader(io.StringIO(told.out)))
        assert {len(row) for row in rows} == {len(rows[0])}
        assert not [cell for row in rows for cell in row if cell.lstrip().startswith(("=", "+", "-", "@"))]
        assert all(cell.isprintable() for row in rows for cell in row)
        assert "spreadsheet does not run it" in told.err
        heads[form] = rows[0]
    assert heads[Form.CANVAS][:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert heads[Form.MOODLE][:2] == ["Username", "Lesson 00"]
    assert heads[Form.NBGRADER] == [
        "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email", "raw_score",
        "late_submission_penalty", "score", "max_score",
    ]  # fmt: skip
    assert safe("00-A") == "00-A"


def test_export_counts_by_lesson_and_leaves_forged_records_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = records(tmp_path, (RIGHT, Result(what="01-C", tries=1, right=True, answer="[]")))
    grade = grade_of(chain_of([made[0].line], read_keys(tmp_path / "keys.json").keys))
    head, row = table([grade], Form.MOODLE)
    assert row[:4] == ["anna", "1", "1", "0"]
    assert changed_names([grade]) == ()
    assert as_csv([head]).endswith("\r\n")
    rewrite(tmp_path, {"learner": "ben"})
    assert main(["export", "--folder", str(tmp_path), "--for", "moodle"]) == 1
    assert "run verify" in capsys.readouterr().err


def test_hand_in_outside_a_class_server_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EXPRESSWAY_LAB_PROGRESS", raising=False)
    assert hand_in() == NOBODY
    monkeypatch.setenv("EXPRESSWAY_LAB_PROGRESS", "unix:/nowhere/progress.sock")
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "x")
    monkeypatch.setattr("workbook.handin.send.results_now", lambda: (RIGHT,))
    with pytest.raises(InputError, match="does not answer"):
        hand_in()


def test_first_right_answer_is_what_is_handed_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    remember("00-C", right=False, answer=["silent"])
    remember("00-C", right=True, answer=["after"])
    remember("00-C", right=False, answer=["up"])
    remember("00-A", right=False, answer=["x"], shown=True)
    (first, second) = results_now()
    assert (first.what, first.shown, first.right) == ("00-A", True, False)
    assert (second.tries, second.right, second.answer) == (3, True, '["after"]')


def test_folder_belongs_to_one_service(tmp_path: Path) -> None:
    held = Ledger(tmp_path).claim()
    with pytest.raises(InputError, match="another progress service"):
        Ledger(tmp_path).claim()
    held.release()


def test_home_card_has_the_button_on_a_class_server_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EXPRESSWAY_LAB_PROGRESS", raising=False)
    assert home().hand_in not in home().children[2].children
    assert "class server" not in str(home().map.outputs)
    assert finish("22").hand_in not in finish("22").children[2].children
    monkeypatch.setenv("EXPRESSWAY_LAB_PROGRESS", "unix:/nowhere/progress.sock")
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "x")
    monkeypatch.setattr("workbook.handin.send.results_now", lambda: (RIGHT,))
    card = home()
    assert card.hand_in in card.children[2].children
    assert "This is a class server." in str(card.map.outputs)
    last = finish("22")
    assert last.hand_in in last.children[2].children
    for shown in (card, last):
        shown.hand_in.click()
        assert "does not answer" in shown.said.value
