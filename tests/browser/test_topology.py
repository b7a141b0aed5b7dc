"""The live topology in Chromium: it follows the lab in place; machines and lines lead to certificates and handshakes."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from pkikit.design.legs import legs_of
from simulator.face.topology_page import Management
from simulator.threaded import ThreadedLab
from tests.support.labs import lab_fixture
from tests.support.places import ARTIFACTS
from tests.support.worlds import C1

pytestmark = pytest.mark.needs("chromium")

# Text of the picture that is wider, as Chromium draws it, than the card that holds it.
_LEAVING = """() => [...document.querySelectorAll(".lab-card")].flatMap((card) => {
  const box = card.querySelector("rect").getBoundingClientRect();
  return [...card.querySelectorAll("text")].filter((text) => {
    const drawn = text.getBoundingClientRect();
    return drawn.left < box.left - 1 || drawn.right > box.right + 1 || drawn.top < box.top - 1 || drawn.bottom > box.bottom + 1;
  }).map((text) => text.textContent);
})"""


def hold_and_check(lab: ThreadedLab) -> None:
    lab.hold()
    lab.check()


lab = lab_fixture("clustered-full", scope="function", prepare=hold_and_check, pages=False, keepalive=0.5)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page whose every error fails the test."""
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda m: troubles.append(m.text) if m.type == "error" else None)
    yield page
    page.close()
    assert not troubles


def shoot(page: Page, name: str) -> None:
    page.screenshot(path=ARTIFACTS / f"topology-{name}.png", full_page=True)


def test_topology_page_follows_the_lab_in_place(lab: ThreadedLab, page: Page) -> None:
    """All up; a trusted CA list is emptied: the page says so where it is, without taking focus, scrolling or what is open."""
    inside = lab.lab
    face = Management(inside)
    lab.run(face.start)
    try:
        page.goto(face.url)
        every = len(legs_of(inside.deployment))
        expect(page.get_by_text(f"✔ {every} of {every} connections up")).to_be_visible()
        assert page.evaluate(_LEAVING) == []
        assert Axe().run(page).response["violations"] == []
        shoot(page, "up")
        page.emulate_media(color_scheme="dark")
        assert Axe().run(page).response["violations"] == []
        shoot(page, "dark")
        page.emulate_media(color_scheme="light")

        page.locator(f'a[data-name="{C1}"]').focus()
        expect(page.get_by_role("tooltip")).to_contain_text(f"{C1}\ncertificate from Lab Issuing CA")
        page.get_by_text("Text version").click()
        page.locator(f'a[data-name="{C1}"]').focus()
        page.evaluate("scrollTo(0, 120)")
        lab.do(inside.change, inside.world.with_party(replace(inside.world.parties[C1], trusted_ca_list=())))
        lab.check()
        expect(page.get_by_role("cell", name="the verifier does not trust the root CA").first).to_be_visible(
            timeout=10_000
        )
        expect(page.get_by_role("tooltip")).to_contain_text("trusted CA list: nobody")
        assert page.evaluate("document.activeElement.dataset.name") == C1
        assert page.evaluate("scrollY") == 120
        expect(page.locator("pre")).to_be_visible()
        assert page.evaluate(_LEAVING) == []
        page.keyboard.press("Escape")
        expect(page.get_by_role("tooltip")).to_be_hidden()
        shoot(page, "down")
        for width in (1024, 390):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            shoot(page, str(width))
        handshakes_by_keyboard(page)
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(face.url.rsplit("/", 2)[0] + "/guess/")
    finally:
        lab.run(face.stop)


def handshakes_by_keyboard(page: Page) -> None:
    """Enter on a line or a machine leads to its last handshakes, those that are down first and open."""
    page.locator("a.lab-count", has_text="UC traversal").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Expressway-C – Expressway-E, UC traversal")).to_be_visible()
    expect(page.get_by_role("heading", name=f"client: {C1}").first).to_be_visible()
    expect(page.get_by_text("alert sent: unknown_ca").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    shoot(page, "connections")
    page.get_by_role("link", name="Back to the topology").click()
    page.locator(f'a[data-name="{C1}"]').focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=C1, exact=True)).to_be_visible()
    expect(page.get_by_text("valid: 20")).to_be_visible()
    assert Axe().run(page).response["violations"] == []
