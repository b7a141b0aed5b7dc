"""The picture of a fleet's page in the documents: twelve deployments, two of them broken.

`python -m tests.support.fleet_picture` writes `docs/fleet.png`.
"""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import sync_playwright

from pkikit.fleet.finished_audit import FinishedAudit
from pkikit.fleet.made.made_fleet import make_fleet
from tests.support.fleets import audited
from tests.support.places import ROOT
from tests.support.worlds import AT

PICTURE = ROOT / "docs" / "fleet.png"
WIDTH, _COLOURS = 1060, 64


def take() -> Image.Image:
    """Return a screenshot of the page, down to what breaks first and what cannot be judged."""
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        root, file = Path(folder) / "customers", Path(folder) / "fleet.html"
        make_fleet(root, count=12, broken=2, damaged=1, seed="7", at=AT)
        html = FinishedAudit(audited(root)).html.replace(str(root), "customers")
        file.write_text(html, encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": 900}, color_scheme="light")
        page.goto(file.as_uri())
        last = page.locator("#errors").bounding_box()
        assert last is not None
        taken = page.screenshot(
            full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": last["y"] + last["height"] + 24}
        )
        browser.close()
    return Image.open(io.BytesIO(taken)).convert("RGB").quantize(colors=_COLOURS, dither=Image.Dither.NONE)


if __name__ == "__main__":
    take().save(PICTURE, optimize=True)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size // 1024} KB")
