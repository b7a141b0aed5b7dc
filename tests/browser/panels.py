"""One panel among all of a page, and its picture."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

from tests.support.places import ARTIFACTS


def panel(shown: tuple[Page, str], title: str) -> tuple[Locator, Locator]:
    """(the panel, its result)."""
    page, _ = shown
    found = page.locator(".workbook-panel").filter(has=page.get_by_role("heading", name=title))
    found.scroll_into_view_if_needed()
    return found, found.locator(".widget-html-content").last


def keep(found: Locator, shown: tuple[Page, str], name: str) -> None:
    """Keep a picture of a panel to look at."""
    found.screenshot(path=ARTIFACTS / f"panel-{name}-{shown[1]}.png")
