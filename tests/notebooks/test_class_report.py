"""A trainer sees a class at a glance from the reports that learners hand in."""

from __future__ import annotations

from pathlib import Path

import pytest
from workbook import class_panel, class_report, save_report
from workbook.course.class_report import MAX_EXERCISES
from workbook.course.progress import remember

from pkikit.errors import InputError

HEAD = "what,tries,right,since,points\n"


def test_class_report_says_who_is_stuck_where(tmp_path: Path) -> None:
    """The verdict comes first; the table has one row per learner."""
    (tmp_path / "ana.csv").write_text(HEAD + "00-A,1,True,2026-11-01T10:00:00+00:00,\n02-C,4,False,,\n")
    (tmp_path / "ben.csv").write_text(HEAD + "02-C,2,False,,\n")
    report = class_report(tmp_path)
    assert report.summary() == (
        "2 learners; 1 of 4 answers are right.",
        "02-C: ana tried 3 times or more without success.",
    )
    assert [" ".join(line.split()) for line in str(report).splitlines()[-2:]] == ["ana 1 of 2 02-C", "ben 0 of 2"]
    assert "<td>✘ wrong</td>" in report._repr_html_()


def test_class_report_has_clinic_points_exam_and_lessons(tmp_path: Path) -> None:
    """One row per learner says what a trainer wants to know; the panel shows it and says what to do without reports."""
    rows = "00-A,1,True,,\n00-B,2,False,,\n99-A,1,True,,\n99-B,1,False,,\nclinic swapped,1,True,,75\nclinic apex,1,False,,0\n"
    (tmp_path / "ana.csv").write_text(HEAD + rows)
    (tmp_path / "ben.csv").write_text(HEAD + "00-A,1,True,,\n00-B,1,True,,\n")
    report = class_report(tmp_path)
    assert report.glance() == [("ana", "1 of 2", "1 of 2", "75", "1 of 2", ""), ("ben", "2 of 2", "", "", "", "")]
    assert report.by_lesson() == (("learner", "00", "99"), [("ana", "1 of 2", "1 of 2"), ("ben", "✔ 2 of 2", "")])
    panel = class_panel(str(tmp_path))
    assert "<td>75</td>" in panel.result.value
    panel.inputs["folder"].value = str(tmp_path / "none")
    assert "is not a folder" in panel.result.value


def test_class_report_reads_what_save_report_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both forms give the same results."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    remember("00-A", right=False)
    remember("00-A", right=True)
    folder = tmp_path / "reports"
    folder.mkdir()
    save_report(folder / "one.csv")
    save_report(folder / "two.json")
    learners = class_report(folder).learners
    assert learners["one"] == learners["two"]
    assert learners["one"]["00-A"].tries == 2
    assert learners["one"]["00-A"].right


@pytest.mark.parametrize(
    "content", ["", "what\n", '{"a": 1}', "[1, 2]", "what,tries,right\n00-A,many,True\n", "\x00\xff"]
)
def test_damaged_report_is_named_and_the_others_are_read(tmp_path: Path, content: str) -> None:
    """A file of another kind does not stop the report, and a name in it cannot inject HTML."""
    (tmp_path / "bad.json").write_text(content, encoding="latin-1")
    (tmp_path / "<b>eve.csv").write_text(HEAD + "<script>,1,True,,\n")
    report = class_report(tmp_path)
    assert report.unreadable == ("bad.json is not a report that save_report wrote.",)
    assert "<script>" not in report._repr_html_()
    assert "<b>eve" not in report._repr_html_()


def test_folder_without_reports_is_a_sentence(tmp_path: Path) -> None:
    """The sentence says how a report is made."""
    with pytest.raises(InputError, match="has no report; learners write one with save_report"):
        class_report(tmp_path)
    with pytest.raises(InputError, match="is not a folder"):
        class_report(tmp_path / "none")


def test_class_report_of_hostile_reports_is_bounded(tmp_path: Path) -> None:
    """Deep JSON and infinite points are no report; invented exercises do not multiply columns without end."""
    (tmp_path / "deep.json").write_text("[" * 200_000)
    (tmp_path / "endless.json").write_text('[{"what": "00-A", "tries": 1, "right": true, "points": 1e999}]')
    rows = "".join(f"x{n},4,False,,\n" for n in range(MAX_EXERCISES + 100))
    (tmp_path / "many.csv").write_text(HEAD + rows)
    report = class_report(tmp_path)
    assert len(report.unreadable) == 2
    assert len(report.exercises) == MAX_EXERCISES
    assert report.glance()[0][-1].endswith(f"{MAX_EXERCISES - 20} more")
