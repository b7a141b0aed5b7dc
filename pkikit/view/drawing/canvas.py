"""An SVG picture in the making: text, areas and lines by named colours, everything from outside escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import escape

from pkikit.view.drawing.measure import SMALLEST, fit
from pkikit.view.drawing.theme import FONT, MONOSPACE, THEME_CSS, paint

# What XML 1.0 cannot contain at all.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f]")
_MOST = 500
_DASH = "6 4"
_NARROWEST = 0.68  # a narrower page scrolls instead of making text too small


def safe(text: str) -> str:
    """Return text for SVG and HTML: escaped, bounded, without characters that turn or break it.

    Args:
        text: anything, also from a hostile certificate.

    Returns:
        Text that may be content or the value of an attribute.
    """
    cut = text if len(text) <= _MOST else text[: _MOST - 1] + "…"
    return escape(_DIRECTIONS.sub("\ufffd", _FORBIDDEN.sub("\ufffd", cut)))


def number(value: float) -> str:
    """Return a coordinate with at most one decimal.

    Args:
        value: pixels.

    Returns:
        The shortest text.
    """
    return f"{value:.1f}".removesuffix(".0")


class Canvas:
    """Takes what is drawn, in the order from back to front; `svg` is the result. The height may grow while one draws."""

    def __init__(self, width: float, height: float, *, label: str, script_tips: bool = False) -> None:
        """Begin an empty picture.

        Args:
            width: of the picture, in pixels.
            height: of the picture, in pixels.
            label: what the picture shows, in one line.
            script_tips: tooltips are in `data-tip`, for a page whose script shows them; else in `title`, for browsers.
        """
        self.script_tips = script_tips
        self.width, self.height, self.label, self.links = width, height, label, False
        self._parts: list[str] = []

    def raw(self, markup: str) -> None:
        """Add SVG that is well-formed already.

        Args:
            markup: of one element or several.
        """
        self._parts.append(markup)

    @contextmanager
    def group(
        self, kind: str = "", *, tip: str = "", link: str = "", data: Mapping[str, str] | None = None
    ) -> Iterator[None]:
        """Put what is drawn inside into a group.

        Args:
            kind: its class.
            tip: shown when the mouse is over it; assistive technology reads it as the group's name.
            link: where a click leads.
            data: further `data-` attributes.

        Yields:
            None.
        """
        attributes = "".join(f' data-{name}="{safe(value)}"' for name, value in (data or {}).items())
        kind = f' class="{kind}"' if kind else ""
        self.links = self.links or bool(link)
        title = f"<title>{_lines(tip)}</title>" if tip else ""
        if tip and self.script_tips:
            title, attributes = "", attributes + f' data-tip="{_lines(tip, "&#10;")}"'
        self.raw(f'<a href="{safe(link)}"{kind}{attributes}>{title}' if link else f"<g{kind}{attributes}>{title}")
        yield
        self.raw("</a>" if link else "</g>")

    def text(
        self,
        x: float,
        y: float,
        said: str,
        *,
        size: float = 13,
        bold: bool = False,
        colour: str = "ink",
        anchor: str = "start",
        width: float | None = None,
        monospace: bool = False,
        turn: float = 0,
    ) -> bool:
        """Write one line.

        Args:
            x: of its begin, middle or end, as `anchor` says.
            y: of its base line.
            said: the text.
            size: of the font; never below `SMALLEST`.
            bold: for headings and names.
            colour: a name of the theme.
            anchor: `start`, `middle` or `end`.
            width: if it is longer, it ends in an ellipsis, and the whole text is its tooltip.
            monospace: for bytes.
            turn: degrees, around (x, y).

        Returns:
            True if the whole text is to be seen.

        Raises:
            ValueError: nobody could read text of that size.
        """
        if size < SMALLEST:
            raise ValueError(f"text of {size} px is too small; {SMALLEST} px is the least")
        shown = said if width is None else fit(said, width, size, bold=bold)
        parts = [f'x="{number(x)}" y="{number(y)}" font-size="{number(size)}" fill="{paint(colour)}"']
        parts += ['font-weight="bold"'] if bold else []
        parts += [f'text-anchor="{anchor}"'] if anchor != "start" else []
        parts += [f'font-family="{MONOSPACE}"'] if monospace else []
        parts += [f'transform="rotate({number(turn)} {number(x)} {number(y)})"'] if turn else []
        tip = f"<title>{safe(said)}</title>" if shown != said else ""
        self.raw(f"<text {' '.join(parts)}>{tip}{safe(shown)}</text>")
        return shown == said

    def area(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str = "card",
        stroke: str = "none",
        thick: float = 1,
        round_: float = 6,
        kind: str = "",
        dashed: bool = False,
    ) -> None:
        """Draw a rectangle.

        Args:
            x: of its left side.
            y: of its upper side.
            width: of it.
            height: of it.
            fill: a name of the theme, or `none`.
            stroke: the same, for its border.
            thick: of its border.
            round_: the radius of its corners.
            kind: its class.
            dashed: its border is.
        """
        self.raw(
            f'<rect x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}" rx="{number(round_)}" '
            f'fill="{paint(fill)}"{_stroke(stroke, thick, dashed) if stroke != "none" else ""}{_kind(kind)}/>'
        )

    def path(
        self,
        drawn: str,
        *,
        stroke: str = "border",
        thick: float = 1.5,
        fill: str = "none",
        dashed: bool = False,
        kind: str = "",
    ) -> None:
        """Draw a path.

        Args:
            drawn: the value of `d`.
            stroke: a name of the theme, or `none`.
            thick: of the line.
            fill: a name of the theme, or `none`.
            dashed: the line is.
            kind: its class.
        """
        self.raw(
            f'<path d="{drawn}" fill="{paint(fill)}"{_stroke(stroke, thick, dashed) if stroke != "none" else ""}{_kind(kind)}/>'
        )

    def line(
        self,
        *points: tuple[float, float],
        stroke: str = "border",
        thick: float = 1.5,
        dashed: bool = False,
        kind: str = "",
    ) -> None:
        """Draw straight lines through points.

        Args:
            *points: where it goes, at least two.
            stroke: a name of the theme.
            thick: of the line.
            dashed: the line is.
            kind: its class.
        """
        drawn = "L".join(f"{number(x)} {number(y)}" for x, y in points)
        self.path(f"M{drawn}", stroke=stroke, thick=thick, dashed=dashed, kind=kind)

    @property
    def svg(self) -> str:
        """The picture, on its own background, with the colours of the page that shows it."""
        width, height = number(self.width), number(self.height)
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="lab-drawing" viewBox="0 0 {width} {height}" width="{width}" '
            f'height="{height}" role="{"group" if self.links else "img"}" aria-label="{safe(self.label)}" '
            f'font-family="{FONT}" style="max-width:100%;min-width:{number(self.width * _NARROWEST)}px;height:auto">'
        )
        style = f'<style class="lab-theme">{THEME_CSS}</style>'
        paper = f'<rect width="{width}" height="{height}" rx="8" fill="{paint("paper")}"/>'
        return "\n".join((head, style, paper, *self._parts, "</svg>"))


def _kind(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def _stroke(colour: str, thick: float, dashed: bool) -> str:
    dash = f' stroke-dasharray="{_DASH}"' if dashed else ""
    return f' stroke="{paint(colour)}" stroke-width="{number(thick)}"{dash}'


def _lines(tip: str, end: str = "\n") -> str:
    """Return a tooltip of several lines, bounded line by line."""
    lines = tip.splitlines()
    shown = lines if len(lines) <= 40 else [*lines[:39], f"… and {len(lines) - 39} more lines"]
    return end.join(safe(line) for line in shown)
