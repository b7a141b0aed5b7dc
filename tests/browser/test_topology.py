"""The live topology in Chromium: it follows the lab, a line leads to the last handshake of both sides."""

from __future__ import annotations

import urllib.error
import urllib.request
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, expect

from pkikit.design.legs import legs_of
from simulator.face.topology_page import Management
from simulator.threaded import ThreadedLab
from tests.support.labs import lab_fixture
from tests.support.places import ARTIFACTS
from tests.support.worlds import C1, E1

pytestmark = pytest.mark.needs("chromium")


def hold_and_check(lab: ThreadedLab) -> None:
    lab.hold()
    lab.check()


lab = lab_fixture("clustered-full", scope="function", prepare=hold_and_check, pages=False, keepalive=0.5)


def test_topology_page_follows_the_lab(lab: ThreadedLab, chromium: Browser) -> None:
    """All up; a trusted CA list is emptied: the page shows it by itself, in colour and in words; and why, on both sides."""
    inside = lab.lab
    face = Management(inside)
    lab.run(face.start)
    page = chromium.new_page(viewport={"width": 1300, "height": 1000})
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda m: troubles.append(m.text) if m.type == "error" else None)
    try:
        page.goto(face.url)
        every = len(legs_of(inside.deployment))
        expect(page.get_by_text(f"{every} of {every} legs up")).to_be_visible()
        page.screenshot(path=ARTIFACTS / "topology.png", full_page=True)
        party = inside.world.parties[C1]
        lab.do(inside.change, inside.world.with_party(replace(party, trusted_ca_list=())))
        lab.check()
        expect(page.get_by_role("cell", name="trust.issuer-unknown").first).to_be_visible(timeout=10_000)
        page.screenshot(path=ARTIFACTS / "topology-down.png", full_page=True)
        page.get_by_role("cell", name=f"{C1} – {E1}").get_by_role("link").click()
        expect(page.get_by_role("heading", name=f"client: {C1}").first).to_be_visible()
        expect(page.get_by_text("alert sent: unknown_ca").first).to_be_visible()
        page.set_viewport_size({"width": 390, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.screenshot(path=ARTIFACTS / "topology-pair.png", full_page=True)
        assert not troubles
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(face.url.rsplit("/", 2)[0] + "/guess/")
    finally:
        page.close()
        lab.run(face.stop)
