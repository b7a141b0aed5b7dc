"""What pictures are made of: cards, badges, arrows, bundles of connections, walls, clouds, legends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from pkikit.view.drawing.canvas import Canvas, number
from pkikit.view.drawing.measure import text_width

PAD, LINE = 10, 18
BADGE_TEXT, BADGE_HEIGHT = 12, 24
Mark = Literal["up", "down", "mixed", "idle"]
_COLOURS: dict[Mark, str] = {"up": "up", "down": "down", "mixed": "down", "idle": "muted"}
_SOFT: dict[Mark, str] = {"up": "up-soft", "down": "down-soft", "mixed": "down-soft", "idle": "card"}


@dataclass(frozen=True, kw_only=True)
class CardLine:
    """A line of text on a card."""

    text: str
    size: float = 13
    bold: bool = False
    colour: str = "ink"

    @property
    def width(self) -> float:
        """The pixels it takes."""
        return text_width(self.text, self.size, bold=self.bold)


def card_size(lines: Sequence[CardLine], *, least: float = 0, most: float = 1000) -> tuple[float, float]:
    """Return the width and height of a card for these lines.

    Args:
        lines: what is written on it.
        least: the smallest width.
        most: the largest width; longer lines end in an ellipsis.

    Returns:
        Width and height in pixels.
    """
    widest = max((line.width for line in lines), default=0) + 2 * PAD
    return min(max(widest, least), most), LINE * len(lines) + PAD


def card(
    canvas: Canvas,
    x: float,
    y: float,
    width: float,
    lines: Sequence[CardLine],
    *,
    height: float | None = None,
    stroke: str = "border",
    fill: str = "card",
    thick: float = 1.2,
    dashed: bool = False,
    tip: str = "",
    link: str = "",
    name: str = "",
) -> float:
    """Draw a card: a box with lines of text, none of which leaves it.

    Args:
        canvas: where to draw.
        x: of its left side.
        y: of its upper side.
        width: of it; see `card_size`.
        lines: what is written on it.
        height: of it; by default as the lines need.
        stroke: the colour of its border.
        fill: of its area.
        thick: of its border.
        dashed: its border is.
        tip: shown on hover.
        link: where a click leads.
        name: of what it stands for, for scripts (`data-name`).

    Returns:
        Its height.
    """
    height = card_size(lines)[1] if height is None else height
    with canvas.group("lab-card", tip=tip, link=link, data={"name": name} if name else None):
        canvas.area(x, y, width, height, fill=fill, stroke=stroke, thick=thick, dashed=dashed)
        for row, line in enumerate(lines):
            canvas.text(
                x + PAD, y + LINE * (row + 1), line.text,
                size=line.size, bold=line.bold, colour=line.colour, width=width - 2 * PAD,
            )  # fmt: skip
    return height


def sign(canvas: Canvas, x: float, y: float, mark: Mark) -> None:
    """Draw ✔, ✘ or a dot as lines, so that no font has to have it.

    Args:
        canvas: where to draw.
        x: of its middle.
        y: of its middle.
        mark: what it says.
    """
    colour = _COLOURS[mark]
    if mark == "up":
        canvas.line((x - 4.5, y + 0.5), (x - 1.5, y + 4), (x + 4.5, y - 4), stroke=colour, thick=2.2)
    elif mark == "idle":
        canvas.path(f"M{number(x - 3.5)} {number(y)}a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0Z", stroke=colour, thick=1.8)
    else:
        canvas.path(
            f"M{number(x - 4)} {number(y - 4)}L{number(x + 4)} {number(y + 4)}"
            f"M{number(x + 4)} {number(y - 4)}L{number(x - 4)} {number(y + 4)}",
            stroke=colour, thick=2.2,
        )  # fmt: skip


def badge_width(text: str) -> float:
    """Return how wide the badge with this text is.

    Args:
        text: as `8 of 8 up`.

    Returns:
        Pixels.
    """
    return text_width(text, BADGE_TEXT, bold=True) + 34


def badge(canvas: Canvas, x: float, y: float, text: str, mark: Mark) -> None:
    """Draw a badge: a sign and a few words in a pill.

    Args:
        canvas: where to draw.
        x: of its middle.
        y: of its middle.
        text: what it says.
        mark: its sign and colour.
    """
    width = badge_width(text)
    left = x - width / 2
    canvas.area(
        left, y - BADGE_HEIGHT / 2, width, BADGE_HEIGHT,
        fill=_SOFT[mark], stroke=_COLOURS[mark], thick=1.4, round_=BADGE_HEIGHT / 2, kind="lab-badge",
    )  # fmt: skip
    sign(canvas, left + 15, y, mark)
    canvas.text(left + 26, y + 4.2, text, size=BADGE_TEXT, bold=True, colour=_COLOURS[mark])


def bundle(canvas: Canvas, points: Sequence[tuple[float, float]], mark: Mark, *, thick: float = 2) -> None:
    """Draw one line for a bundle of connections: solid if they are up, dashed if one is down.

    Args:
        canvas: where to draw.
        points: where it goes; corners are rounded.
        mark: its colour and whether it is dashed.
        thick: of the line.
    """
    canvas.path(
        rounded(points), stroke=_COLOURS[mark], thick=thick, dashed=mark in {"down", "mixed"}, kind="lab-connection"
    )


def rounded(points: Sequence[tuple[float, float]], radius: float = 8) -> str:
    """Return the `d` of a path through points with rounded corners.

    Args:
        points: where it goes.
        radius: of the corners.

    Returns:
        The path.
    """
    (x, y), *rest = points
    parts, before = [f"M{number(x)} {number(y)}"], (x, y)
    for here, after in pairwise(rest):
        (x1, y1), (x2, y2) = _towards(here, before, radius), _towards(here, after, radius)
        parts.append(f"L{number(x1)} {number(y1)}Q{number(here[0])} {number(here[1])} {number(x2)} {number(y2)}")
        before = here
    x, y = rest[-1]
    return "".join([*parts, f"L{number(x)} {number(y)}"])


def _towards(here: tuple[float, float], there: tuple[float, float], far: float) -> tuple[float, float]:
    length = ((there[0] - here[0]) ** 2 + (there[1] - here[1]) ** 2) ** 0.5 or 1
    share = min(far, length / 2) / length
    return here[0] + (there[0] - here[0]) * share, here[1] + (there[1] - here[1]) * share


def arrow(
    canvas: Canvas,
    start: tuple[float, float],
    end: tuple[float, float],
    *,
    stroke: str = "ink",
    thick: float = 1.8,
    dashed: bool = False,
) -> None:
    """Draw an arrow.

    Args:
        canvas: where to draw.
        start: where it begins.
        end: where its tip is.
        stroke: its colour.
        thick: of its line.
        dashed: its line is.
    """
    back = _towards(end, start, 10)
    across = ((end[1] - back[1]) * 0.45, (back[0] - end[0]) * 0.45)
    canvas.line(start, back, stroke=stroke, thick=thick, dashed=dashed)
    corners = (end, (back[0] + across[0], back[1] + across[1]), (back[0] - across[0], back[1] - across[1]))
    canvas.path("M" + "L".join(f"{number(x)} {number(y)}" for x, y in corners) + "Z", stroke="none", fill=stroke)


def wall(canvas: Canvas, x: float, top: float, bottom: float, *, label: str = "Firewall") -> None:
    """Draw a firewall: a wall of bricks that stands upright, with its name above it.

    Args:
        canvas: where to draw.
        x: of its middle.
        top: where it begins.
        bottom: where it ends.
        label: its name; empty for none.
    """
    width, brick = 14.0, 12.0
    left, y, odd = x - width / 2, top, False
    drawn = []
    while y < bottom - 1:
        low = min(y + brick, bottom)
        drawn.append(f"M{number(left)} {number(y)}h{number(width)}v{number(low - y)}h-{number(width)}Z")
        drawn.append(f"M{number(left + (width / 3 if odd else 2 * width / 3))} {number(y)}V{number(low)}")
        y, odd = low, not odd
    canvas.path("".join(drawn), stroke="wall", thick=1.2, fill="paper", kind="lab-wall")
    if label:
        canvas.text(x, top - 8, label, size=12, bold=True, colour="wall", anchor="middle")


def cloud(canvas: Canvas, x: float, y: float, width: float, height: float, *, label: str = "") -> None:
    """Draw a cloud.

    Args:
        canvas: where to draw.
        x: of its left side.
        y: of its upper side.
        width: of it.
        height: of it.
        label: what is written in it.
    """
    w, h = width, height
    drawn = (
        f"M{number(x + 0.2 * w)} {number(y + h)}"
        f"c{number(-0.26 * w)} 0 {number(-0.26 * w)} {number(-0.5 * h)} {number(-0.04 * w)} {number(-0.5 * h)}"
        f"c{number(0.02 * w)} {number(-0.38 * h)} {number(0.26 * w)} {number(-0.5 * h)} {number(0.36 * w)} {number(-0.28 * h)}"
        f"c{number(0.14 * w)} {number(-0.22 * h)} {number(0.34 * w)} {number(-0.02 * h)} {number(0.3 * w)} {number(0.28 * h)}"
        f"c{number(0.26 * w)} 0 {number(0.22 * w)} {number(0.5 * h)} {number(-0.02 * w)} {number(0.5 * h)}Z"
    )
    canvas.path(drawn, stroke="border", thick=1.4, fill="zone", kind="lab-cloud")
    if label:
        canvas.text(x + w / 2, y + h * 0.74, label, size=12, bold=True, colour="muted", anchor="middle")


@dataclass(frozen=True, kw_only=True)
class LegendEntry:
    """A sample and what it means. dashed: the sample is a dashed line; area: it is a small square instead of a line."""

    text: str
    colour: str
    dashed: bool = False
    mark: Mark | None = None
    area: bool = False

    @property
    def width(self) -> float:
        """The pixels it takes in a row."""
        return 34 + (16 if self.mark else 0) + text_width(self.text, 12) + 20


def legend(canvas: Canvas, x: float, y: float, entries: Sequence[LegendEntry], *, width: float = 10_000) -> float:
    """Draw a legend in rows.

    Args:
        canvas: where to draw.
        x: of its left side.
        y: of the middle of its first row.
        entries: from left to right.
        width: of a row; further entries go to the next.

    Returns:
        The height that it takes.
    """
    left, row = x, y
    for entry in entries:
        if left > x and left + entry.width > x + width:
            left, row = x, row + 22
        if entry.area:
            canvas.area(left + 8, row - 6, 14, 12, fill=entry.colour, stroke="border", round_=2)
        else:
            canvas.line((left, row), (left + 28, row), stroke=entry.colour, thick=2, dashed=entry.dashed)
        if entry.mark:
            sign(canvas, left + 40, row, entry.mark)
        canvas.text(left + (50 if entry.mark else 34), row + 4, entry.text, size=12, colour="muted")
        left += entry.width
    return row - y + 22
