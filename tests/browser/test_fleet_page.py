"""The page of `pkikit fleet audit` in Chromium: light and dark, wide and narrow, on paper; it asks for nothing else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from pkikit.fleet.finished_audit import FinishedAudit
from tests.support.fleets import audited, expiring, write_customer, write_small
from tests.support.places import ARTIFACTS

pytestmark = pytest.mark.needs("chromium")


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Something of everything: down, soon, fine, a folder that cannot be judged."""
    root = tmp_path_factory.mktemp("fleet-page") / "customers"
    write_customer(root / "north" / "berlin", "soon", expiring(timedelta(days=10)))
    write_customer(root / "down", "down", expiring(timedelta(days=-3)))
    write_small(root / "fine", "fine")
    (root / "garbage").mkdir()
    (root / "garbage" / "x.bin").write_bytes(bytes(range(256)))
    file = root.parent / "fleet.html"
    file.write_text(FinishedAudit(audited(root)).html, encoding="utf-8")
    return file


def test_fleet_page_passes_axe_fits_every_width_and_loads_nothing(chromium: Browser, page_file: Path) -> None:
    asked: list[str] = []
    for width, scheme in ((1440, "light"), (390, "dark")):
        page = chromium.new_page(viewport={"width": width, "height": 900})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: asked.append(message.text))
        page.goto(page_file.as_uri())
        page.screenshot(path=ARTIFACTS / f"fleet-{width}-{scheme}.png", full_page=True)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        states = page.locator("#breaks .state").all_inner_texts()
        assert {"✘ down", "! soon"} <= set(states)
        page.close()
    assert set(asked) == {page_file.as_uri()}


def test_fleet_page_prints_every_folder(chromium: Browser, page_file: Path) -> None:
    page = chromium.new_page(java_script_enabled=False)
    page.goto(page_file.as_uri())
    page.emulate_media(media="print")
    rows = page.locator("table.folders tbody th, table.folders tbody td:first-child").all_inner_texts()
    assert {"down", "fine", "garbage"} <= {row.strip().splitlines()[0] for row in rows}
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    page.close()
