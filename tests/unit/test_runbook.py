"""The runbook in all of its forms: parsed back, hostile names, and the five lines for those who decide."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import timedelta
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pkikit.errors import InputError
from pkikit.planning.plan import Enabling, Plan
from pkikit.planning.schedule.scheduled_step import ScheduledStep
from pkikit.planning.steps import Action
from pkikit.runbook.finished_runbook import FinishedRunbook, finished_runbook
from tests.support.hand_plan import good_plan, hand_plan
from tests.support.worlds import AT

HOSTILE = "</script><script>alert(1)</script>|`=cmd()\r\n# x"


def dated(plan: Plan) -> tuple[ScheduledStep, ...]:
    """An hour for each step of ours, and the lead time before each step of others."""
    found, begin = [], AT
    for step in plan.steps:
        until = step.until or begin + timedelta(minutes=5)
        window = "Sat 22:00-02:00" if step.action is Action.RESTART else ""
        asked = until - step.owner.lead if step.owner.lead else None
        found.append(
            ScheduledStep(key=step.key, begins=begin, ends=until, owner=step.owner.name, asked=asked, window=window)
        )
        begin = until
    return tuple(found)


@cache
def good() -> FinishedRunbook:
    return finished_runbook(good_plan(), dated(good_plan()))


def named(name: str) -> FinishedRunbook:
    """The runbook of a deployment and a goal with such a name."""
    plan = hand_plan(HOSTILE)
    change = replace(plan.change, goal=name)
    return finished_runbook(replace(plan, change=change, reason=name, notes=(name,)), dated(plan))


def test_verdict_comes_first_and_five_lines_follow() -> None:
    lines = good().text.split("\n")
    assert lines[0].startswith("Drops nothing. In this order of 19 steps, no connection is refused on the way.")
    assert [line.partition(":")[0] for line in lines[1:]] == [
        "Steps", "Restarts", "Others must act", "Interruptions", "Point of no return",
    ]  # fmt: skip
    assert "4 restarts, one at a time: c1, c2, e1 and e2." in lines[2]
    assert "Administrators of the partner: 2 steps, the first by 2026-11-24, the last by 2026-12-14" in lines[3]
    assert "Every service stays up at another peer." in lines[4]
    assert "Step 11 (2026-12-14): Load the new server certificate of c1." in lines[5]


def test_plan_without_an_order_is_marked_as_one_that_drops() -> None:
    tried = Enabling(
        kind="both-names",
        says="Both names in one certificate.",
        achieves="c2 stays up.",
        works=True,
        refused_legs=0,
        steps=20,
    )
    made = finished_runbook(replace(hand_plan(), enabling=(tried,)))
    assert made.text.startswith("Drops connections. No order of the 20 steps keeps every connection up.")
    for form in (made.markdown, made.html):
        assert "The zone looks for one name only." in form
        assert "Both names in one certificate." in form
        assert "The steps below drop connections." in form
        assert "c2 → e1 (UC traversal)" in form


def test_csv_has_a_row_for_each_step_and_no_formula() -> None:
    made = named(HOSTILE)
    rows = list(csv.DictReader(io.StringIO(made.csv.removeprefix("\ufeff"))))
    assert [row["step"] for row in rows] == [str(n) for n in range(1, 21)]
    assert {row["restart"] for row in rows} == {"yes", "no"}
    assert not [cell for row in rows for cell in row.values() if cell[:1] in {"=", "+", "-", "@"}]


def test_calendar_is_folded_and_has_each_step_and_each_request() -> None:
    text = named(HOSTILE).calendar
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    lines = re.sub("\r\n ", "", text).split("\r\n")
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == 22
    assert len({line for line in lines if line.startswith("UID:")}) == 22
    assert not [line for line in lines if line.startswith(("#", "=cmd"))]
    assert len([line for line in lines if line == "TRANSP:OPAQUE"]) == 17


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]


def test_hostile_names_do_not_break_out_of_the_page() -> None:
    parsed = _Tags()
    parsed.feed(named(HOSTILE).html)
    assert "script" not in parsed.tags
    assert parsed.tags.count("article") == 20
    assert parsed.tags.count("input") > 40  # two boxes for each step


def test_hostile_names_do_not_break_out_of_markdown() -> None:
    made = named(HOSTILE).markdown
    headings = [line for line in made.split("\n") if line.startswith("#")]
    assert len(headings) == 1 + 6 + 2 + 20 + 2  # title, sections, two terminals, steps, e-mails
    outside = re.sub(r"(?ms)^\s*(`{3,}).*?^\s*\1$", "", made)
    assert "<script>" not in outside.replace("\\<", "")


def test_commands_of_the_page_are_those_of_the_words() -> None:
    """Escaping does not change what one copies."""
    step = good().contents.steps[10]
    assert step.words.commands[0].text in good().markdown
    assert step.words.sha256 in good().html.replace("<wbr>", "")


def test_gantt_has_its_text_beside_it() -> None:
    picture = good().gantt
    assert picture is not None
    assert picture.text.count("\n") == 19  # a line for each step, and the key
    assert picture.svg.count('class="lab-step"') == 19
    assert (
        "administrators of the partner" in picture.svg.replace("</text>", "").replace("\n", " ")
        or "partner" in picture.svg
    )


def test_files_are_written_and_names_are_checked(tmp_path: Path) -> None:
    saved = good().save(runbook=tmp_path / "change.html", csv=tmp_path / "change.csv", ics=tmp_path / "change.ics")
    assert [form for form, _ in saved] == ["runbook", "csv", "ics"]
    assert (tmp_path / "change.html").read_text().startswith("<!doctype html>")
    with pytest.raises(InputError, match=r"runbook is written to a file whose name ends in \.md or \.html"):
        good().save(runbook=tmp_path / "change.pdf")


def test_empty_plan_says_so() -> None:
    plan = good_plan()
    nothing = replace(plan, change=replace(plan.change, steps=()), order=(), predictions=plan.predictions[:1])
    assert finished_runbook(nothing).text.startswith("Nothing to do.")
    assert finished_runbook(nothing).html
