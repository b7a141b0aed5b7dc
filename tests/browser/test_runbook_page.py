"""The page of a runbook in Chromium: narrow and dark, wide and light; it asks for nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from pkikit.runbook.finished_runbook import finished_runbook
from tests.support.hand_plan import hand_plan
from tests.support.places import ARTIFACTS

pytestmark = pytest.mark.needs("chromium")
VIEWS: tuple[tuple[int, Literal["light", "dark"]], ...] = ((1440, "light"), (390, "dark"))


def test_runbook_page_passes_axe_fits_every_width_and_loads_nothing(chromium: Browser, tmp_path: Path) -> None:
    file = tmp_path / "runbook.html"
    finished_runbook(hand_plan()).save(runbook=file)
    asked: list[str] = []
    for width, scheme in VIEWS:
        page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: asked.append(message.text))
        page.goto(file.as_uri())
        page.screenshot(path=ARTIFACTS / f"runbook-{width}-{scheme}.png", full_page=True)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.close()
    assert set(asked) == {file.as_uri()}
