"""The page of `pkikit report` in Chromium: light and dark, wide and narrow, on paper; it asks for nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from pkikit.report.content.build import build_report
from pkikit.report.given.given import Given
from pkikit.report.written.finished_report import FinishedReport
from tests.support.places import ARTIFACTS
from tests.support.worlds import AT, E1, JABBER, WorldBuilder, stranger

pytestmark = pytest.mark.needs("chromium")
VIEWS: tuple[tuple[int, Literal["light", "dark"]], ...] = ((1440, "light"), (1024, "dark"), (390, "dark"))


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with something of everything: down, up, not assessed, a refused certificate."""
    world = WorldBuilder("clustered-full").reissue(E1, by=stranger()).world
    world = world.with_party(replace(world.parties[JABBER], trusted_ca_list=()))
    file = tmp_path_factory.mktemp("report") / "report.html"
    FinishedReport(build_report(Given(world=world, files={}, folder="certificates"), AT)).save(html=file)
    return file


def test_report_page_passes_axe_fits_every_width_and_loads_nothing(chromium: Browser, page_file: Path) -> None:
    asked: list[str] = []
    for width, scheme in VIEWS:
        page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: asked.append(message.text))
        page.goto(page_file.as_uri())
        page.screenshot(path=ARTIFACTS / f"report-{width}-{scheme}.png", full_page=True)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.close()
    assert set(asked) == {page_file.as_uri()}


def test_report_page_prints_on_a4_without_scripts(chromium: Browser, page_file: Path) -> None:
    page = chromium.new_page(java_script_enabled=False)
    page.goto(page_file.as_uri())
    listed = page.locator("table.connections")
    assert not listed.is_visible()
    page.emulate_media(media="print")
    assert listed.is_visible()  # what is folded on the screen is open on paper
    printed = page.pdf(path=ARTIFACTS / "report.pdf", prefer_css_page_size=True)
    page.close()
    assert printed.startswith(b"%PDF")
    assert b"/MediaBox [0 0 594.95996 841.91998]" in printed
