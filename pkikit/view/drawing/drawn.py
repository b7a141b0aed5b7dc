"""A finished picture: Jupyter shows it with its text version, files and slides take it as SVG or PNG."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any

from pkikit.errors import InputError
from pkikit.extras import optional_packages
from pkikit.view.drawing.theme import FONT, ThemeName, resolved

TEXT_VERSION = "Text version"
_PROBE = f'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20" font-family="{FONT}"><text y="15">{{}}</text></svg>'
_BOX = "max-width:100%;overflow-x:auto"


@dataclass(frozen=True)
class Picture:
    """An SVG, and a text that says everything that it shows.

    Attributes:
        svg: the picture; its colours follow the page that shows it.
        text: the same in words.
    """

    svg: str
    text: str

    def html(self) -> str:
        """Return the picture with its text version below, which opens on a click.

        Returns:
            HTML with everything escaped.
        """
        words = f"<details><summary>{TEXT_VERSION}</summary><pre>{escape(self.text)}</pre></details>"
        return f'<div class="lab-picture"><div style="{_BOX}">{self.svg}</div>{words}</div>'

    def export(self, path: str | PathLike[str], *, theme: ThemeName = "light", scale: float = 2) -> Path:
        """Write the picture to a file.

        Args:
            path: ends in `.svg`, `.png` or `.html`; the page has the text version too, and follows the reader's light or dark.
            theme: `light`, `dark` or `print`.
            scale: pixels of a PNG per pixel of the picture; 2 is sharp on a projector.

        Returns:
            The file.
        """
        target = picture_file(path)
        if target.suffix.lower() == ".html":
            return _written(target, self.page().encode())
        return export(self.svg, target, theme=theme, scale=scale)

    def page(self) -> str:
        """Return the picture and its text version as a page that needs nothing else.

        Returns:
            An HTML document.
        """
        return (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Picture</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1"><style>:root{color-scheme:light dark}'
            "body{font-family:system-ui,sans-serif;margin:1rem}pre{white-space:pre-wrap}</style></head>"
            f"<body><main>{self.html()}</main></body></html>\n"
        )

    def _repr_svg_(self) -> str:
        return resolved(self.svg)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return {"text/html": self.html(), "text/plain": self.text}

    def __repr__(self) -> str:
        return self.text


def export(svg: str, path: str | PathLike[str], *, theme: ThemeName = "light", scale: float = 2) -> Path:
    """Write a picture to a file, as its name says: `.svg` or `.png`.

    Args:
        svg: the picture.
        path: where to; a file that is there is replaced.
        theme: `light`, `dark` or `print`.
        scale: pixels of a PNG per pixel of the picture, up to 8.

    Returns:
        The file.

    Raises:
        InputError: the name ends in something else, or the scale is not allowed.
    """
    target = picture_file(path)
    if target.suffix.lower() == ".html":
        raise InputError(f"{target}: a page needs the text version too: use Picture.export")
    if not 0 < scale <= 8:
        raise InputError(f"scale {scale}: allowed are numbers above 0, up to 8")
    drawn = resolved(svg, theme)
    return _written(target, drawn.encode() if target.suffix.lower() == ".svg" else png(drawn, scale))


def _written(target: Path, content: bytes) -> Path:
    from pkikit.files import write_public

    write_public(target, content)
    return target


def picture_file(path: str | PathLike[str]) -> Path:
    """Return the file that a picture can be written to, asked before the work is done that leads to the picture.

    Args:
        path: ends in `.svg`, `.png` or `.html`.

    Returns:
        The same.

    Raises:
        InputError: the name ends in something else.
        MissingExtra: a PNG needs a package that is not installed.
    """
    target = Path(path)
    kind = target.suffix.lower()
    if kind not in {".svg", ".png", ".html"}:
        raise InputError(f"{target}: a picture is written as .svg, .png or .html")
    if kind == ".png":
        with optional_packages():
            import resvg_py  # noqa: F401 - only whether it is there
    return target


def png(svg: str, scale: float = 2) -> bytes:
    """Return a picture as PNG.

    Args:
        svg: the picture, with the colours of one palette.
        scale: pixels per pixel of the picture.

    Returns:
        The content of the file.

    Raises:
        InputError: this machine has no font to write with.
        MissingExtra: the package that paints is not installed.
    """
    with optional_packages():
        from resvg_py import svg_to_bytes
    if svg_to_bytes(svg_string=_PROBE.format("x")) == svg_to_bytes(svg_string=_PROBE.format(" ")):
        raise InputError("this machine has no font; install one, such as fonts-dejavu, or export the picture as .svg")
    return svg_to_bytes(svg_string=svg, zoom=scale)
