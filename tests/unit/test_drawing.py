"""The drawing module: colours that can be read, text that is measured, files that need no page."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pkikit.errors import InputError
from pkikit.view.drawing import (
    AREAS,
    PALETTES,
    STROKES,
    TEXT_COLOURS,
    Canvas,
    CardLine,
    DateAxis,
    DateMark,
    Picture,
    badge,
    card,
    card_size,
    contrast,
    date_ticks,
    fit,
    resolved,
    text_width,
    wrap,
)

SVG = "{http://www.w3.org/2000/svg}"
NOW = datetime(2026, 2, 3, tzinfo=UTC)


@pytest.mark.parametrize("theme", PALETTES)
def test_palette_is_readable_on_every_area(theme: str) -> None:
    """Text has 4.5 to 1 on each background, borders 3 to 1 (WCAG 2, AA)."""
    palette = PALETTES[theme]
    assert palette.keys() == PALETTES["light"].keys()
    for area in AREAS:
        low = {name: contrast(palette[name], palette[area]) for name in TEXT_COLOURS}
        assert {n: c for n, c in low.items() if c < 4.5} == {}, area
        assert all(contrast(palette[name], palette[area]) >= 3 for name in STROKES), area
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@given(text=st.text(max_size=60), width=st.integers(20, 400), bold=st.booleans())
@settings(max_examples=40, deadline=None)
def test_text_is_shortened_or_broken_to_the_width_it_has(text: str, width: int, bold: bool) -> None:
    """Nothing is wider than it may be, and what fits is whole."""
    shown = fit(text, width, 12, bold=bold)
    assert text_width(shown, 12, bold=bold) <= width
    assert shown == text or text_width(text, 12, bold=bold) > width
    assert all(text_width(line, 12, bold=bold) <= width for line in wrap(text, width, 12, bold=bold))


def test_names_break_behind_dots_only() -> None:
    """A name that is too long for a line stays readable, and nothing of it is lost."""
    lines = wrap("secure.profiles.corp.example.com refuses e1", 120, 12)
    assert "".join(lines).replace(" ", "") == "secure.profiles.corp.example.comrefusese1"
    assert all(line.endswith(".") for line in lines[:1])
    assert wrap("one two three four five six", 60, 12, most=2)[-1].endswith("…")


def test_widths_are_those_of_a_wide_font() -> None:
    """Known widths of DejaVu Sans; letters with accents are as wide as without, unknown ones wider than any."""
    assert text_width("e1.example.com", 1000) == pytest.approx(
        1.02 * sum((615, 636, 318, 615, 592, 613, 974, 635, 278, 615, 318, 550, 612, 974))
    )
    assert text_width("Müller", 12) == text_width("Muller", 12)
    assert text_width("漢", 12) > text_width("W", 12, bold=True)


def test_picture_files_hold_colours_and_no_variables(tmp_path: Path) -> None:
    """SVG for a slide in each palette, PNG in the size asked for, a sentence for anything else."""
    canvas = Canvas(100, 50, label="a <b> & c")
    card(canvas, 5, 5, 90, [CardLine(text="\u202eevil\x00 <script>")], tip="tip & more")
    drawn = Picture(svg=canvas.svg, text="a card <b>")
    assert "var(--lab-ink," in drawn.svg
    assert "prefers-color-scheme" in drawn.svg
    for theme in ("light", "dark", "print"):
        text = drawn.export(tmp_path / f"{theme}.svg", theme=theme).read_text(encoding="utf-8")  # type: ignore[arg-type]
        ElementTree.fromstring(text)
        assert "var(" not in text
        assert "<style" not in text
        assert PALETTES[theme]["ink"] in text
    assert "\u202e" not in drawn.svg
    page = drawn.export(tmp_path / "card.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "<pre>a card &lt;b&gt;</pre>" in page
    assert "prefers-color-scheme" in page
    content = drawn.export(tmp_path / "card.png", scale=3).read_bytes()
    assert content.startswith(b"\x89PNG")
    assert int.from_bytes(content[16:20]) == 300
    with pytest.raises(InputError, match=r"card\.jpg: a picture is written as \.svg, \.png or \.html"):
        drawn.export(tmp_path / "card.jpg")
    with pytest.raises(InputError, match="no theme 'pink'; there are light, dark, print"):
        resolved(drawn.svg, "pink")  # type: ignore[arg-type]


def test_jupyter_gets_the_picture_with_its_text_version() -> None:
    """HTML in which the picture follows the theme, with everything escaped; text for everything else."""
    drawn = Picture(svg=Canvas(10, 10, label="x").svg, text="one < two")
    bundle = drawn._repr_mimebundle_()
    assert bundle["text/plain"] == "one < two"
    assert "<summary>Text version</summary><pre>one &lt; two</pre>" in bundle["text/html"]
    assert "<svg" in bundle["text/html"]


def test_cards_shorten_what_does_not_fit_and_tell_it_in_a_tooltip() -> None:
    """No text leaves its card by measured width; the whole text is in the title of the shortened line."""
    name = "a-name-that-is-rather-long.corp.example.com"
    canvas = Canvas(300, 100, label="x")
    lines = [CardLine(text=name, bold=True)]
    width, height = card_size(lines, most=150)
    assert (width, height) == (150, card(canvas, 10, 10, width, lines))
    text = next(ElementTree.fromstring(canvas.svg).iter(f"{SVG}text"))
    assert "".join(text.itertext()).startswith(name)  # the title
    assert text_width(str(text[0].tail), 13, bold=True) <= 130


def test_small_text_is_refused() -> None:
    """A projector shows every picture."""
    with pytest.raises(ValueError, match="11 px is too small"):
        Canvas(10, 10, label="x").text(0, 0, "x", size=11)


def test_badges_have_a_sign_beside_their_colour() -> None:
    """Up and down differ in form as well."""
    shapes = []
    for mark in ("up", "down", "idle"):
        canvas = Canvas(100, 40, label="x")
        badge(canvas, 50, 20, "1 of 2", mark)  # type: ignore[arg-type]
        shapes.append(tuple(p.get("d") for p in ElementTree.fromstring(canvas.svg).iter(f"{SVG}path")))
    assert len(set(shapes)) == 3


@given(days=st.integers(0, 9000), most=st.integers(2, 12))
@settings(max_examples=30, deadline=None)
def test_axis_has_round_dates_within_its_ends(days: int, most: int) -> None:
    """Ticks are in order, within the axis, never more than fit (up to the widest step)."""
    ticks = date_ticks(NOW, NOW + timedelta(days=days), most)
    instants = [at for at, _ in ticks]
    assert instants == sorted(set(instants))
    assert all(NOW <= at <= NOW + timedelta(days=days) for at in instants)
    assert len(ticks) <= most
    assert all(re.fullmatch(r"(\d+ )?([A-Z][a-z]{2} )?\d{4}", label) for _, label in ticks)


@given(offsets=st.lists(st.integers(0, 365), min_size=1, max_size=6, unique=True))
@settings(max_examples=30, deadline=None)
def test_marks_do_not_touch_each_other(offsets: list[int]) -> None:
    """Every text has its place, whole and within the picture, however close the days are."""
    axis = DateAxis(begin=NOW, end=NOW + timedelta(days=365), left=50, width=700)
    marks = [DateMark(at=NOW + timedelta(days=n), text="a rule begins") for n in offsets]
    top = axis.marks_height(marks) + 10
    canvas = Canvas(800, top + 100, label="x")
    axis.draw(canvas, top, top + 60, marks)
    drawn = ElementTree.fromstring(canvas.svg)
    texts = [
        (float(t.get("x", 0)), float(t.get("x", 0)) + text_width(str(t.text), 12, bold=True), float(t.get("y", 0)))
        for t in drawn.iter(f"{SVG}text")
        if t.get("font-weight")
    ]
    assert len(texts) == len(marks)
    for number, (left, right, y) in enumerate(texts):
        assert left >= 49
        assert right <= 751
        assert y > 10
        assert not any(o != number and y == y2 and left < r2 and l2 < right for o, (l2, r2, y2) in enumerate(texts))
