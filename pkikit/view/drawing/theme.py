"""Colours of all pictures: named, in three palettes (light, dark, print), each readable on its background.

A picture names a colour as a CSS variable, so that it follows the page that shows it: JupyterLab, Voila and nbconvert say
which theme they have in `data-jp-theme-light`, everything else follows the system's preference. A file on disk has no page, so
`resolved` puts the colours of one palette into it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

from pkikit.errors import InputError

ThemeName = Literal["light", "dark", "print"]

# Text: ink, muted, up, down, warn, core, edge, inside, outside. Areas: paper, zone, card, up-soft, down-soft, note.
# Strokes: rule (decoration only), border, wall. Series of charts: one to four.
_LIGHT = {
    "paper": "#ffffff", "zone": "#f2f5f8", "card": "#ffffff", "ink": "#1b1f24", "muted": "#505a65",
    "rule": "#d0d7de", "border": "#76828e", "wall": "#a4480a", "up": "#0b6e3b", "down": "#b3261e", "warn": "#855000",
    "core": "#0a58a5", "edge": "#7a3b9c", "inside": "#3d5a40", "outside": "#5c4a1e",
    "up-soft": "#e7f5ec", "down-soft": "#fdecea", "note": "#fff7e0",
    "one": "#0a58a5", "two": "#a4480a", "three": "#0b6e3b", "four": "#7a3b9c",
}  # fmt: skip
_DARK = {
    "paper": "#111418", "zone": "#1a2027", "card": "#232b34", "ink": "#eef1f5", "muted": "#b4bfca",
    "rule": "#38434f", "border": "#8592a0", "wall": "#f0a26b", "up": "#74d69f", "down": "#ffa29a", "warn": "#f2c063",
    "core": "#8dbbff", "edge": "#d8adf5", "inside": "#a9d3ad", "outside": "#e2cb92",
    "up-soft": "#15311f", "down-soft": "#3d1c1a", "note": "#352c12",
    "one": "#8dbbff", "two": "#f0a26b", "three": "#74d69f", "four": "#d8adf5",
}  # fmt: skip
_PRINT = {
    **dict.fromkeys(_LIGHT, "#000000"),
    "paper": "#ffffff", "zone": "#f2f2f2", "card": "#ffffff", "muted": "#333333", "rule": "#999999", "border": "#444444",
    "up-soft": "#ffffff", "down-soft": "#eeeeee", "note": "#ffffff",
    "one": "#000000", "two": "#555555", "three": "#333333", "four": "#666666",
}  # fmt: skip

PALETTES: Mapping[str, Mapping[str, str]] = MappingProxyType({"light": _LIGHT, "dark": _DARK, "print": _PRINT})
TEXT_COLOURS = (
    "ink",
    "muted",
    "up",
    "down",
    "warn",
    "core",
    "edge",
    "inside",
    "outside",
    "one",
    "two",
    "three",
    "four",
)
STROKES = ("border", "wall")
AREAS = ("paper", "zone", "card", "up-soft", "down-soft", "note")
SERIES = ("one", "two", "three", "four")
# Widths are measured with DejaVu Sans, which is at least as wide as every other font of this list.
FONT = "system-ui,'Segoe UI',Roboto,'Helvetica Neue',Arial,'Liberation Sans','Noto Sans','DejaVu Sans',sans-serif"
MONOSPACE = "ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace"

_VARIABLE = re.compile(r"var\(--lab-([a-z-]+),[^)]*\)")
_INLINE = re.compile(r'(<svg [^>]*?) style="[^"]*"')
_STYLE = re.compile(r'<style class="lab-theme">.*?</style>', re.DOTALL)


def paint(name: str) -> str:
    """Return a named colour for `fill` and `stroke`: a CSS variable, with the light colour for viewers that know none.

    Args:
        name: a name of the palettes, as `up`; or `none`.

    Returns:
        The value of the attribute.
    """
    return name if name == "none" else f"var(--lab-{name},{_LIGHT[name]})"


def _variables(theme: str) -> str:
    return ";".join(f"--lab-{name}:{colour}" for name, colour in PALETTES[theme].items())


THEME_CSS = (
    f".lab-drawing{{{_variables('light')}}}"
    f"@media (prefers-color-scheme:dark){{.lab-drawing{{{_variables('dark')}}}}}"
    f"[data-jp-theme-light=true] .lab-drawing,[data-md-color-scheme=default] .lab-drawing{{{_variables('light')}}}"
    f"[data-jp-theme-light=false] .lab-drawing,[data-md-color-scheme=slate] .lab-drawing{{{_variables('dark')}}}"
    ".lab-drawing a{cursor:pointer}.lab-drawing a:focus-visible{outline:3px solid var(--lab-core);outline-offset:2px}"
    ".lab-drawing .lab-count:hover rect,.lab-drawing a:hover rect{stroke-width:2.6}"
    "@media (max-width:700px){.lab-picture{display:flex;flex-direction:column}.lab-picture>details{order:-1}}"
    f"@media print{{.lab-drawing.lab-drawing.lab-drawing{{{_variables('print')}}}}}"
)
"""What makes `paint` follow the page. The class `lab-drawing` is on every picture, and may be on any HTML element around it."""


def resolved(svg: str, theme: ThemeName = "light") -> str:
    """Return a picture with the colours of one palette in it, for files and for viewers without CSS variables.

    Args:
        svg: a picture that `Canvas` made; any other stays as it is.
        theme: whose colours.

    Returns:
        The picture.

    Raises:
        InputError: there is no such theme.
    """
    if theme not in PALETTES:
        raise InputError(f"there is no theme {theme!r}; there are {', '.join(get_args(ThemeName))}")
    palette = PALETTES[theme]
    return _VARIABLE.sub(lambda found: palette[found[1]], _STYLE.sub("", svg))


def unstyled(svg: str) -> str:
    """Return a picture without styles of its own, for a page whose style sheet has `THEME_CSS` and allows no others.

    Args:
        svg: a picture that `Canvas` made.

    Returns:
        The picture.
    """
    return _INLINE.sub(r"\1", _STYLE.sub("", svg), count=1)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2 defines it, from 1 to 21.

    Args:
        one: a colour as `#rrggbb`.
        other: the other.

    Returns:
        The ratio; text needs 4.5, a graphic 3.
    """
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
