"""Debian's Chromium, as every browser test starts it; screenshots go to artifacts/ for people to look at."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
ARTIFACTS = ROOT / "artifacts"
# Milliseconds after which something that a page should show counts as never shown; no machine is too slow for it.
LONG = 180_000
expect.set_options(timeout=LONG)
_CHROMIUM = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]  # fmt: skip


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for the whole run."""
    ARTIFACTS.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_CHROMIUM)
        new_page = browser.new_page

        def patient_page(**options: Any) -> Page:
            page = new_page(**options)
            page.set_default_timeout(LONG)
            return page

        browser.new_page = patient_page  # type: ignore[method-assign]
        yield browser
        browser.close()
