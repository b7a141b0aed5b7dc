"""A peer's pages as an administrator meets them in Chromium: by mouse, by keyboard, at a desk's and a phone's width."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from playwright.sync_api import Browser, Page, expect

from simulator.peer.pages.rendering import places_for
from simulator.threaded import ThreadedLab
from simulator.world.craft import craft
from tests.support.labs import lab_fixture
from tests.support.places import ARTIFACTS
from tests.support.wait import PAGE_LONG, eventually
from tests.support.worlds import C1, E1

pytestmark = pytest.mark.needs("chromium")
# Pages below those of the menu.
BELOW = (
    "/servercertificate/generate", "/servercertificate/decoded", "/servercertificate/pem", "/servercertificate/acme",
    "/trustedcacertificate/decoded", "/zones/1", "/restartoptions?action=restart",
)  # fmt: skip


def check_and_start_acme(lab: ThreadedLab) -> None:
    lab.check()
    lab.start_acme()


lab = lab_fixture(prepare=check_and_start_acme)


@pytest.fixture
def page(lab: ThreadedLab, chromium: Browser) -> Iterator[Page]:
    """A page of E1, logged in by keyboard; any console error or script error fails the test."""
    yield from _open(lab, chromium, E1)


@pytest.fixture(params=[C1, E1])
def any_page(lab: ThreadedLab, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[tuple[str, Page]]:
    """A peer of each role, and its page."""
    for opened in _open(lab, chromium, request.param):
        yield request.param, opened


def _open(lab: ThreadedLab, chromium: Browser, peer: str) -> Iterator[Page]:
    host, port = lab.sites[peer].address
    context = chromium.new_context(ignore_https_errors=True, base_url=f"https://{host}:{port}")
    context.set_default_timeout(PAGE_LONG)
    opened = context.new_page()
    troubles: list[str] = []
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("console", lambda m: troubles.append(m.text) if m.type == "error" else None)
    _log_in(opened, lab)
    yield opened
    context.close()
    assert not [t for t in troubles if "status of 4" not in t], troubles


def _log_in(page: Page, lab: ThreadedLab) -> None:
    page.goto("/login")
    expect(page.get_by_label("Username")).to_be_focused()
    page.keyboard.type("admin")
    page.keyboard.press("Tab")
    page.keyboard.type(lab.passwords["admin"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def _menu_paths(lab: ThreadedLab, peer: str) -> tuple[str, ...]:
    return tuple(places_for(lab.peers[peer]))


@pytest.mark.product("G-01", "G-02", "G-03", "G-04", "G-05", "G-06", "G-07", "G-08", "G-09", "G-11", "G-12", "G-13")
@pytest.mark.parametrize(("device", "width"), [("desk", 1280), ("phone", 390)])
def test_menu_leads_to_pages_that_fit_the_window(
    any_page: tuple[str, Page], lab: ThreadedLab, device: str, width: int
) -> None:
    """Every entry of the menu, on both roles: a title, where it is, labels, and nothing wider than the window."""
    peer, page = any_page
    page.set_viewport_size({"width": width, "height": 900})
    below = [p for p in BELOW if peer == E1 or not p.endswith("/acme")]
    for path in (*_menu_paths(lab, peer), *below):
        page.goto(path)
        assert page.locator("h1").count() == 1, path
        expect(page.get_by_role("navigation", name="You are here")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        unlabelled = page.evaluate(
            "[...document.querySelectorAll('input:not([type=hidden]),select,textarea')].filter(f => !f.labels.length).length"
        )
        assert unlabelled == 0, path
        if page.get_by_text("This page is not simulated.").count() == 0:
            name = path.strip("/").replace("/", "-").partition("?")[0]
            page.screenshot(path=ARTIFACTS / f"peer-{device}-{peer[:2]}-{name}.png", full_page=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_pass_axe_in_both_themes(page: Page, lab: ThreadedLab, scheme: Literal["light", "dark"]) -> None:
    """axe finds nothing on any simulated page of E1: labels, roles, contrast, with a menu open."""
    page.emulate_media(color_scheme=scheme)
    simulated = [path for path, place in places_for(lab.peers[E1]).items() if not place.page.absent]
    for path in ("/ciphers", *simulated, *BELOW):
        page.goto(path)
        page.locator("summary", has_text="Maintenance").first.click()
        found = Axe().run(page)
        assert not found.response["violations"], (path, found.generate_report())


@pytest.mark.parametrize("width", [1280, 390])
def test_menu_opens_and_leads_on_by_keyboard(page: Page, width: int) -> None:
    """Tab to a menu, Enter opens it, Tab and Enter follow an entry; only one menu is open at a time."""
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/overview")
    page.locator("summary", has_text="Status").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Event Log")).to_be_visible()
    page.screenshot(path=ARTIFACTS / f"peer-menu-{width}.png")
    page.locator("summary", has_text="Maintenance").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Event Log")).to_be_hidden()
    link = page.get_by_role("link", name="CRL management")
    link.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="CRL management")).to_be_visible()
    where = page.get_by_role("navigation", name="You are here")
    expect(where).to_contain_text("Maintenance")
    expect(where.get_by_role("link", name="Security")).to_have_attribute("href", "/trustedcacertificate")


def _fill_subject(page: Page) -> None:
    """The form wants every field of the subject."""
    for label in ("Country", "State", "Locality", "Organization (", "Organizational unit"):
        page.get_by_label(label).fill("GB")


def test_certificate_is_requested_uploaded_and_used_after_restart(page: Page, lab: ThreadedLab, tmp_path: Path) -> None:
    """The guide's procedure with the mouse: generate, download, sign, upload, restart, all zones active again."""
    page.goto("/servercertificate")
    page.get_by_role("link", name="Generate CSR").click()
    page.get_by_label("Additional alternative names").fill("voice.example.com")
    _fill_subject(page)
    page.get_by_role("button", name="Generate CSR").click()
    expect(page.get_by_role("status")).to_contain_text("request was generated")
    page.get_by_role("link", name="Show (PEM file) of the request").click()
    expect(page.locator("pre")).to_contain_text("BEGIN CERTIFICATE REQUEST")
    page.goto("/servercertificate")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    csr = x509.load_pem_x509_csr(Path(download.value.path()).read_bytes())
    issued = lab.issued
    chain = (issued.authority.issue(csr, at=lab.clock.now()), *issued.authority.intermediates)
    answer = tmp_path / "answer.pem"
    answer.write_bytes(b"".join(c.public_bytes(Encoding.PEM) for c in chain))
    page.goto("/servercertificate")
    page.get_by_label("Select the server certificate file", exact=True).set_input_files(answer)
    page.get_by_role("button", name="Upload server certificate data").click()
    expect(page.get_by_role("status")).to_contain_text("was loaded")
    expect(page.get_by_role("alert")).to_contain_text("Restart the Expressway")
    page.screenshot(path=ARTIFACTS / "peer-loaded.png", full_page=True)
    page.reload()
    expect(page.get_by_role("alert")).to_have_count(0)  # a banner is there once
    page.goto("/restartoptions")
    page.get_by_role("button", name="Restart", exact=True).click()
    expect(page.get_by_text("are you sure?")).to_be_visible()
    page.get_by_role("button", name="OK").click()
    expect(page.get_by_role("status")).to_contain_text("restarts")
    page.screenshot(path=ARTIFACTS / "peer-restarting.png")
    expect(page.get_by_label("Username")).to_be_visible()  # by itself
    eventually(lambda: lab.check().accepted)
    _log_in(page, lab)
    page.goto("/servercertificate")
    page.get_by_role("link", name="Show (decoded)", exact=True).click()
    expect(page.get_by_text("voice.example.com").first).to_be_visible()
    page.goto("/zones")
    expect(page.get_by_text("✘ Failed")).to_have_count(0)


def test_refused_upload_displays_a_sentence_and_a_way_back(page: Page) -> None:
    """The page itself comes back, with one sentence at its top."""
    page.goto("/servercertificate")
    page.get_by_text("or paste it").last.click()
    page.get_by_label("Select the server certificate file, as text").fill("no certificate")
    page.get_by_role("button", name="Upload server certificate data").click()
    expect(page.get_by_role("alert")).to_contain_text("server certificate file")
    expect(page.get_by_role("heading", name="Server certificate", exact=True)).to_be_visible()
    page.screenshot(path=ARTIFACTS / "peer-refused.png")


def test_script_in_a_subject_is_displayed_not_run(page: Page, lab: ThreadedLab) -> None:
    """A CA whose name is a script and an image with a handler is displayed as text."""
    evil = "<img src=x onerror=alert(1)><script>1</script>"
    ca = craft((), None, at=lab.clock.now(), common_name=evil, ca=True)
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.goto("/trustedcacertificate")
    page.get_by_text("or paste it").click()
    page.get_by_label("as text").fill(ca.leaf.public_bytes(Encoding.PEM).decode())
    page.get_by_role("button", name="Append").click()
    expect(page.get_by_role("cell", name="<img src=x").first).to_be_visible()
    page.goto("/eventlog")
    assert not asked


def test_failed_zone_displays_its_last_error_and_handshake(page: Page, lab: ThreadedLab) -> None:
    """The root is deleted from the list: zones fail, with the last error and both sides' handshake."""
    page.goto("/trustedcacertificate")
    page.get_by_role("button", name="Delete Lab Root CA").click()
    lab.check()
    page.goto("/zones")
    expect(page.get_by_text("✘ Failed").first).to_be_visible()
    page.get_by_role("row", name="uc-traversal").get_by_role("link").first.click()
    expect(page.get_by_role("cell", name=re.compile("unable to get (local )?issuer certificate")).first).to_be_visible()
    page.get_by_text("Last handshake").first.click()
    page.screenshot(path=ARTIFACTS / "peer-zones-failed.png", full_page=True)
    page.goto("/alarms")
    expect(page.get_by_text("Zone failed").first).to_be_visible()
    lab.trust([lab.issued.root.certificate])


def test_acme_page_follows_an_order(page: Page, lab: ThreadedLab) -> None:
    """Terms, request, preflight, Sign: the page follows the order, shows its steps, and the pending certificate waits."""
    peer = lab.peers[E1]
    if peer.state.request is not None:
        lab.run(peer.discard)
    page.goto("/servercertificate/acme")
    page.get_by_role("button", name="I have read them and accept").click()
    expect(page.get_by_role("status")).to_contain_text("were accepted")
    page.get_by_role("link", name="Generate CSR").click()
    _fill_subject(page)
    page.get_by_role("button", name="Generate CSR").click()
    expect(page.get_by_role("status")).to_contain_text("request was generated")
    page.goto("/servercertificate/acme")
    page.get_by_role("button", name="Preflight").click()
    expect(page.get_by_text("No problem found.")).to_be_visible()
    page.get_by_role("button", name="Sign CSR with ACME provider").click()
    expect(page.get_by_text("Signed, not deployed yet:")).to_be_visible()
    steps = page.get_by_role("table").get_by_role("row")
    expect(steps.filter(has_text="fetched").first).to_contain_text("from e")
    page.screenshot(path=ARTIFACTS / "acme.png", full_page=True)
    page.get_by_role("button", name="Discard pending certificate").click()
    expect(page.get_by_text("was discarded")).to_be_visible()
