"""The notebooks as a learner meets them: opened in JupyterLab, in Debian's Chromium, every cell run, the first panel moved.

Screenshots are kept in artifacts/ for people to look at.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.jupyter import copy_notebooks, jupyter, require_no_error, run_to_its_end
from tests.support.places import ARTIFACTS, ROOT

NOTEBOOK = "00-meet-the-lab.ipynb"
pytestmark = pytest.mark.needs("chromium")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """JupyterLab on a copy of the notebooks."""
    folder = tmp_path_factory.mktemp("jupyter")
    with jupyter(folder, copy_notebooks(folder)) as started:
        yield started


@pytest.fixture(scope="module")
def page(server: tuple[str, str], chromium: Browser) -> Iterator[Page]:
    """The notebook, open and run to its end."""
    with run_to_its_end(chromium, server, NOTEBOOK) as opened:
        yield opened


@pytest.mark.parametrize(
    "name", sorted(p.name for p in (ROOT / "notebooks").glob("[0-9]*.ipynb") if p.name != NOTEBOOK)
)
def test_notebook_runs_to_its_end(server: tuple[str, str], chromium: Browser, name: str) -> None:
    """Every cell of every notebook, without an error; a picture of its tables is kept to be looked at."""
    with run_to_its_end(chromium, server, name, height=6000) as opened:
        require_no_error(opened)
        tables = opened.locator(".jp-RenderedHTMLCommon table")
        assert tables.count() + opened.locator(".workbook-panel").count() >= 2
        for number in range(tables.count()):
            assert (tables.nth(number).bounding_box() or {"width": 0})["width"] > 60
        opened.locator(".jp-Notebook").screenshot(path=ARTIFACTS / f"{name[:2]}-whole.png")


def test_first_notebook_has_no_error_output(page: Page) -> None:
    """No error output anywhere, and every code cell has been executed."""
    require_no_error(page)


def test_pictures_have_a_text_form(page: Page) -> None:
    """Every picture of the lab has a text version below it."""
    pictures = page.locator(".lab-picture")
    assert pictures.count() >= 4
    for number in range(pictures.count()):
        shown = pictures.nth(number)
        shown.scroll_into_view_if_needed()
        assert (shown.locator("svg").bounding_box() or {"width": 0})["width"] > 500
        expect(shown.get_by_text("Text version")).to_be_visible()
        shown.screenshot(path=ARTIFACTS / f"00-picture-{number}.png")


def test_san_panel_follows_mouse_and_keyboard(page: Page) -> None:
    """Another model, another name, another format: the SAN list changes with each, by mouse and by keyboard."""
    panel = page.locator(".workbook-panel").filter(has=page.get_by_role("heading", name="SAN designer"))
    panel.scroll_into_view_if_needed()
    result = panel.locator(".widget-html-content").last
    expect(result).to_contain_text("e2.example.com")

    panel.get_by_label("Deployment model").select_option("single")
    expect(result).not_to_contain_text("e2.")

    panel.get_by_label("Deployment model").select_option("clustered")
    edge = panel.get_by_label("Expressway-E FQDN")
    edge.fill("edge.example.org")
    edge.press("Enter")
    expect(result).to_contain_text("e1.example.org")
    expect(result).to_contain_text("FQDN of the cluster")

    panel.get_by_label("Domain format").select_option("collab-edge-dns")
    expect(result).to_contain_text("collab-edge.example.com")
    panel.get_by_label("Mobile and Remote Access").focus()
    page.keyboard.press("Space")
    expect(result).not_to_contain_text("collab-edge.example.com")
    page.keyboard.press("Space")

    edge.fill("not a name")
    edge.press("Enter")
    expect(result).to_contain_text("contains a space")
    edge.fill("cluster-e.exämple.com")
    edge.press("Enter")
    expect(result).to_contain_text("cluster-e.xn--exmple-cua.com")
    panel.screenshot(path=ARTIFACTS / "00-panel.png")
