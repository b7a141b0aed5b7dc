"""The picture of a runbook in the documents: another root for clustered-full.

`python -m tests.support.runbook_picture` writes `docs/runbook.png`.
"""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import sync_playwright

from pkikit.commands.terminal.arguments import now
from pkikit.planning.given_change import read_change
from pkikit.runbook.finished_plan import finish
from tests.support.cli import run
from tests.support.places import ROOT
from tests.support.worlds import DEPLOYMENTS

PICTURE = ROOT / "docs" / "runbook.png"
WIDTH, _COLOURS = 1060, 64


def take() -> Image.Image:
    """Return a screenshot of the page: its head, who does what when, and the first restart."""
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        run("pkikit", "ca", "init", f"{folder}/ca", "--name", "New Root CA")
        goals = (f"new-root:{folder}/ca/ca.pem",)
        file = Path(folder) / "runbook.html"
        finish(read_change(DEPLOYMENTS / "clustered-full.yaml", goals=goals, at=now().replace(microsecond=0))).save(
            runbook=file
        )
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        view = browser.new_context(viewport={"width": WIDTH, "height": 900}, color_scheme="light", bypass_csp=True)
        page = view.new_page()
        page.goto(file.as_uri())
        others = "#begin, #time table, #time details, article:not(#step-13), #mails, #notes, nav, footer"
        page.add_style_tag(content=f"{others} {{ display: none !important }}")
        taken = page.screenshot(full_page=True)
        browser.close()
    return Image.open(io.BytesIO(taken)).convert("RGB").quantize(colors=_COLOURS, dither=Image.Dither.NONE)


if __name__ == "__main__":
    take().save(PICTURE, optimize=True)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size // 1024} KB")
