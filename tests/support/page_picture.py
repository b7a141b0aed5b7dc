"""A screenshot of one of our pages, for the documents."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.support.places import ROOT

WIDTH, _COLOURS = 1060, 64


def picture_of(page_file: Path, last: str) -> Image.Image:
    """Return a picture of a page, from its top to the end of the element that the selector `last` finds."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": 900}, color_scheme="light")
        page.goto(page_file.as_uri())
        end = page.locator(last).bounding_box()
        assert end is not None
        taken = page.screenshot(
            full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": end["y"] + end["height"] + 24}
        )
        browser.close()
    return Image.open(io.BytesIO(taken)).convert("RGB").quantize(colors=_COLOURS, dither=Image.Dither.NONE)


def save(picture: Image.Image, target: Path) -> None:
    """Write a picture, and say how large it is."""
    picture.save(target, optimize=True)
    print(f"{target.relative_to(ROOT)}: {target.stat().st_size // 1024} KB")
