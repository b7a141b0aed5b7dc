"""The charts: shapes that mean what they say, round ticks, calendar dates, one lane for equal histories, nothing cut off."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

import pytest

from pkikit.design.legs import legs_of
from pkikit.judge.legs.sunset import TIMELINE, rule_dates
from pkikit.model.tables.public_cas import CLASSIC_ENDS_CLIENT_AUTH, RENEWALS_LOSE_IT
from pkikit.view.chart import Bar, Lane, lanes, round_ticks, scatter
from pkikit.view.drawing import SMALLEST, DateMark, text_width
from simulator.travel.spans_picture import spans_picture
from tests.support.worlds import deployment

SERIES = ("works", "works, your root CA handed out", "does not work")
BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)
_SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return ["".join(e.itertext()) for e in ET.fromstring(svg).iter(f"{_SVG}text")]


def require_inside(svg: str) -> None:
    """Every text is within the picture, as wide as it can become, and large enough."""
    root = ET.fromstring(svg)
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for element in root.iter(f"{_SVG}text"):
        if "transform" in element.attrib:
            continue
        size, x, y = (float(element.attrib[name]) for name in ("font-size", "x", "y"))
        said = "".join(part for part in element.itertext() if part)
        wide = text_width(said, size, bold="font-weight" in element.attrib)
        left = x - {"start": 0, "middle": wide / 2, "end": wide}[element.attrib.get("text-anchor", "start")]
        assert size >= SMALLEST
        assert left >= -1, said
        assert left + wide <= width + 1, said
        assert y <= height, said


@pytest.mark.parametrize("highest", [0, 0.3, 1, 7, 12.23, 24.47, 100, 388.3, 437.8, 1e6])
def test_ticks_are_round_and_leave_room_at_the_top(highest: float) -> None:
    ticks = round_ticks(highest)
    step = ticks[1] - ticks[0]
    assert ticks[0] == 0
    assert ticks[-1] > highest
    assert len(ticks) <= 9
    assert f"{step:.0e}"[0] in "125"
    assert all(f"{t:g}" == f"{t:.6g}" for t in ticks)


def test_designs_have_shapes_by_what_they_are_and_a_key() -> None:
    """A circle works, a diamond works at a cost, a cross does not; each point has a number and a line in the key."""
    points = [(4.0, 398.0, 0, "<first>"), (10.0, 90.0, 1, "second & more"), (380.0, 45.0, 2, "third " * 30)]
    svg = scatter(points, x="restarts a year", y="days", title="<designs>", series=SERIES)
    kinds = re.findall(r'data-kind="(\w+)"', svg)
    assert sorted(kinds) == ["costs", "fails", "works"]
    assert {"1", "2", "3", "<first>", "second & more", "<designs>", *SERIES} <= set(texts(svg))
    require_inside(svg)


def test_designs_that_coincide_are_one_point_with_a_count() -> None:
    points = [(4.0, 398.0, 0, "one"), (4.0, 398.0, 0, "two"), (4.0, 398.0, 2, "three")]
    svg = scatter(points, x="x", y="y", title="t", series=SERIES)
    assert svg.count('class="lab-point"') == 2
    assert "1 (2)" in texts(svg)
    assert {"one", "two", "three"} <= set(texts(svg))
    places = re.findall(r'class="lab-point".*?\n<path d="M([\d.]+) ', svg)
    assert len(set(places)) == len(places)


def test_legend_has_no_entry_without_points() -> None:
    said = texts(scatter([(1.0, 2.0, 0, "only")], x="x", y="y", title="t", series=SERIES))
    assert "works" in said
    assert "does not work" not in said
    assert texts(scatter([], x="x", y="y", title="no design works", series=SERIES))[0] == "no design works"


def test_lanes_have_months_marks_and_signs() -> None:
    """The axis has calendar dates, rule dates are marked, and a down stretch has a cross and its reason."""
    middle = BEGIN + timedelta(days=120)
    bars = [
        Bar(begin=BEGIN, end=middle, good=True, label="up"),
        Bar(begin=middle, end=END, good=False, label="expired"),
    ]
    rows = [Lane(title="c1 → e1 (UC traversal)", bars=bars), Lane(title="name." * 60, bars=bars[:1], ticks=[middle])]
    marks = [DateMark(at=at, text=words) for at, words in rule_dates(BEGIN, END)]
    svg = lanes(rows, begin=BEGIN, end=END, title="A year", marks=marks, tick="a restart")
    said = texts(svg)
    assert "Mar 2026" in said
    assert "13 May 2026: other public CAs have stopped clientAuth" in said
    assert {"up", "down", "expired", "a restart"} <= set(said)
    assert svg.count('data-state="down"') == 1
    require_inside(svg)


def test_rule_dates_come_from_the_tables_and_only_from_the_stretch() -> None:
    every = dict(rule_dates(datetime(2025, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)))
    assert {CLASSIC_ENDS_CLIENT_AUTH, RENEWALS_LOSE_IT, TIMELINE[-1][0]} <= set(every)
    assert list(every) == sorted(every)
    assert rule_dates(END, END) == ()


def test_equal_histories_share_a_lane_and_the_text_names_every_connection() -> None:
    legs = legs_of(deployment("clustered-mra"))
    down = BEGIN + timedelta(days=60)
    spans = {
        leg.id: ((BEGIN, ""), (down, "eku.client-auth-missing")) if leg.id.startswith("mra") else ((BEGIN, ""),)
        for leg in legs
    }
    shown = spans_picture(spans, legs, begin=BEGIN, end=END, title="A year")
    changed = spans_picture(spans, legs, begin=BEGIN, end=END, title="A year", changed=True)
    assert shown.svg.count('class="lab-lane"') == changed.svg.count('class="lab-lane"') + 1
    assert changed.svg.count('class="lab-lane"') < sum(leg.id.startswith("mra") for leg in legs)
    assert "down from 2 Mar 2026 (eku.client-auth-missing)" in changed.text
    assert "UC traversal" not in changed.text
    assert "c1 = c1.corp.example.com" in shown.text.replace("\u00a0", " ")
    assert not re.search(r"\w+:[\w-]+:\S+>", shown.text), "an id is not for people"
    require_inside(shown.svg)
    require_inside(changed.svg)
