"""Debian's Chromium, as every browser test starts it; screenshots go to artifacts/ for people to look at."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from workbook.tables.company import make_company

from tests.support.places import ARTIFACTS
from tests.support.wait import PAGE_LONG

expect.set_options(timeout=PAGE_LONG)
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
            page.set_default_timeout(PAGE_LONG)
            return page

        browser.new_page = patient_page  # type: ignore[method-assign]
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def archives() -> Sequence[Path]:
    """The archives and snapshots of a company, from its own machines."""
    return make_company("clustered-mra").archives()
