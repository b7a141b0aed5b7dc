"""The picture of a report in README and documents: the Monday of the recording, from the files of all machines.

`python -m tests.support.report_picture` writes `docs/report.png`.
"""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import sync_playwright

from pkikit.report.content.build import build_report
from pkikit.report.given.given import Given
from pkikit.report.written.finished_report import FinishedReport
from tests.support.places import ROOT
from tests.support.worlds import AT, E1, WorldBuilder

PICTURE = ROOT / "docs" / "report.png"
WIDTH, _COLOURS = 1060, 64


def take() -> Image.Image:
    """Return a screenshot of the page, down to what fails."""
    world = WorldBuilder("clustered-mra").reissue(E1, without=("example.com",)).world
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "report.html"
        FinishedReport(build_report(Given(world=world, files={}, folder="certificates"), AT)).save(html=file)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": 900}, color_scheme="light")
        page.goto(file.as_uri())
        last = page.locator("#causes").bounding_box()
        assert last is not None
        taken = page.screenshot(
            full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": last["y"] + last["height"] + 24}
        )
        browser.close()
    return Image.open(io.BytesIO(taken)).convert("RGB").quantize(colors=_COLOURS, dither=Image.Dither.NONE)


if __name__ == "__main__":
    take().save(PICTURE, optimize=True)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size // 1024} KB")
