"""One way to draw: colours by name in three palettes, text that is measured before it is drawn, and the shapes of our pictures.

canvas = Canvas(320, 120, label="Two machines")
lines = [CardLine(text="e1.example.com", bold=True)]
width, height = card_size(lines)
card(canvas, 20, 20, width, lines)
Picture(svg=canvas.svg, text="e1.example.com").export("machines.png")
"""

from pkikit.view.drawing.canvas import Canvas, number, safe
from pkikit.view.drawing.dates import DateAxis, DateMark, date_ticks, day_text
from pkikit.view.drawing.drawn import TEXT_VERSION, Picture, export, picture_file, png
from pkikit.view.drawing.measure import SMALLEST, fit, text_width, wrap
from pkikit.view.drawing.primitives import (
    BADGE_HEIGHT,
    LINE,
    PAD,
    CardLine,
    LegendEntry,
    Mark,
    arrow,
    badge,
    badge_width,
    bundle,
    card,
    card_size,
    cloud,
    legend,
    rounded,
    sign,
    wall,
)
from pkikit.view.drawing.theme import (
    AREAS,
    FONT,
    PALETTES,
    SERIES,
    STROKES,
    TEXT_COLOURS,
    THEME_CSS,
    contrast,
    paint,
    resolved,
    unstyled,
)

__all__ = [
    "AREAS",
    "BADGE_HEIGHT",
    "FONT",
    "LINE",
    "PAD",
    "PALETTES",
    "SERIES",
    "SMALLEST",
    "STROKES",
    "TEXT_COLOURS",
    "TEXT_VERSION",
    "THEME_CSS",
    "Canvas",
    "CardLine",
    "DateAxis",
    "DateMark",
    "LegendEntry",
    "Mark",
    "Picture",
    "arrow",
    "badge",
    "badge_width",
    "bundle",
    "card",
    "card_size",
    "cloud",
    "contrast",
    "date_ticks",
    "day_text",
    "export",
    "fit",
    "legend",
    "number",
    "paint",
    "picture_file",
    "png",
    "resolved",
    "rounded",
    "safe",
    "sign",
    "text_width",
    "unstyled",
    "wall",
    "wrap",
]
