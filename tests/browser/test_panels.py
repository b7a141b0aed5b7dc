"""Every panel of the workbook, used by mouse and by keyboard, in a light and in a dark JupyterLab; checked by axe; looked at."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.jupyter import copy_notebooks, jupyter, require_no_error, run_to_its_end
from tests.browser.panels import keep, panel
from tests.support.clean_notebooks import KERNEL
from tests.support.places import ARTIFACTS

LEG = "zone:uc-traversal:c1.corp.example.com>e1.example.com"
CELLS = (
    "import workbook as w\nlab = w.open_lab('clustered-mra')\nlab.acme_sign('e1.example.com')\nNone",
    "w.start('00')",
    "w.san_designer()",
    "w.design_wizard()",
    "w.csr_form(lab, 'e2.example.com')",
    "w.trust_editor(lab)",
    "w.chain_builder(lab)",
    f"w.handshake_theatre(lab, '{LEG}')",
    "w.blast_radius(lab)",
    "w.time_slider(lab)",
    "w.revocation_table()",
    "w.acme_player(lab, 'e1.example.com')",
    "w.file_inspector(lab)",
    "w.exam_result('99', needed=15)",
    "w.clinic_console()",
    "w.bring_archives()",
    "w.order_cards(w.plan_change('single-pair', new_root='New Root CA'))",
    "w.fleet_panel(w.make_customers(2, broken=1).audit())",
)
pytestmark = pytest.mark.needs("chromium")


@pytest.fixture(scope="module", params=["light", "dark"])
def shown(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, chromium: Browser
) -> Iterator[tuple[Page, str]]:
    """(page with all panels, theme)."""
    folder = tmp_path_factory.mktemp(f"panels-{request.param}")
    notebooks = copy_notebooks(folder)
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=KERNEL)
    nbformat.write(notebook, notebooks / "panels.ipynb")
    with (
        jupyter(folder, notebooks, dark=request.param == "dark") as server,
        run_to_its_end(chromium, server, "panels.ipynb", shot=f"panels-{request.param}") as page,
    ):
        yield page, request.param


def test_panels_have_heading_and_text_form(shown: tuple[Page, str]) -> None:
    """As many panels as cells that make one, each with a heading; pictures have a text version; no error."""
    page, _ = shown
    require_no_error(page)
    panels = page.locator(".workbook-panel")
    assert panels.count() == len(CELLS) - 1
    for number in range(panels.count()):
        assert panels.nth(number).locator("h3").inner_text()
        pictures = panels.nth(number).locator("svg, .lab-drawing").count()
        assert not pictures or panels.nth(number).get_by_text("Text version").count() >= 1


def test_panels_pass_axe_in_both_themes(shown: tuple[Page, str]) -> None:
    """axe finds nothing in any panel: labels, roles, contrast, in both themes."""
    page, _ = shown
    found = Axe().run(page, context=".workbook-panel")
    told = [(v["id"], v["impact"], [n["html"][:160] for n in v["nodes"]][:4]) for v in found.response["violations"]]
    assert not told, told


def test_fleet_panel_is_searched_and_opened_with_the_keyboard(shown: tuple[Page, str]) -> None:
    """Look ahead, type, Enter, Tab to a row, Enter: its connections and its fix."""
    found, _ = panel(shown, "What breaks next?")
    found.get_by_label("Look ahead").select_option("5 years")
    found.get_by_label("Only rows with").fill("2028-")
    found.get_by_label("Only rows with").press("Enter")
    expect(found.locator("tbody td").first).to_have_text(re.compile("^2028-"))
    found.locator("tbody summary").first.press("Enter")
    expect(found.locator("tbody details[open]")).to_contain_text("Fix: ")
    keep(found, shown, "fleet")


def test_order_cards_are_moved_and_played_with_the_keyboard(shown: tuple[Page, str]) -> None:
    """Keys choose, move and play; the result says who refuses, and the points."""
    page, _ = shown
    found, result = panel(shown, "Order the cards")
    found.get_by_label("Your order").focus()
    page.keyboard.press("End")
    earlier = found.get_by_role("button", name="Earlier")
    for number in (7, 6):
        earlier.press(
            "Enter"
        )  # focuses it first: on a busy machine JupyterLab draws the cell again and takes the focus
        expect(found.get_by_role("option", selected=True)).to_contain_text(f"{number}. H")
    found.get_by_role("button", name="Play it").press("Enter")
    expect(result).to_contain_text("expe refuses expc → expe")
    expect(found.get_by_role("status")).to_contain_text("20 of 100 points")
    keep(found, shown, "order-cards")


def test_csr_panel_generates_and_discards_a_request(shown: tuple[Page, str]) -> None:
    """Names come and go with the choices; nonsense gets a sentence; the request is made on the peer and discarded again."""
    found, result = panel(shown, "Generate CSR on e2.example.com")
    expect(result).to_contain_text("cluster-e.example.com")
    found.get_by_label("Names of the cluster").select_option("none")
    expect(result).to_contain_text("names.cluster-fqdn-missing")
    found.get_by_label("Names of the cluster").select_option("FQDN of the cluster")
    more = found.get_by_label("Additional names")
    for typed, told in (
        ("bücher.example.com", "xn--bcher-kva.example.com"),
        ("😀", "is not a domain name"),
        (",".join(f"n{n}.example.com" for n in range(10_000)), "10003 names"),
        (",".join(f"n{n}.example.com" for n in range(10_001)), "at most 10,000"),
        ("", "3 names"),
    ):
        more.fill(typed)
        more.press("Enter")
        expect(result).to_contain_text(told)
    found.get_by_label("Country (two letters)").fill("GBR")
    found.get_by_label("Country (two letters)").press("Enter")
    expect(result).to_contain_text("two letters of ISO 3166")
    found.get_by_label("Country (two letters)").fill("GB")
    found.get_by_label("Country (two letters)").press("Enter")
    found.get_by_role("button", name="Generate CSR").focus()
    shown[0].keyboard.press("Enter")
    expect(found).to_contain_text("its key stays on the peer")
    found.get_by_role("button", name="Discard CSR").click()
    expect(found).to_contain_text("The request is discarded")
    keep(found, shown, "csr")


def test_trust_panel_removes_and_restores_a_ca(shown: tuple[Page, str]) -> None:
    """A CA taken out: relations fall in the picture, then in the lab; put back, all is well."""
    found, result = panel(shown, "Trusted CA list")
    found.get_by_label("List of").select_option("c1.corp.example.com")
    expect(result).to_contain_text(re.compile(r"(\d+) of \1 connections up"))
    box = found.get_by_role("checkbox", name="trusts Lab Root CA")
    box.focus()
    shown[0].keyboard.press("Space")
    expect(result).to_contain_text("trust.issuer-unknown")
    keep(found, shown, "trust")
    found.get_by_role("button", name="Do it in the lab").click()
    expect(found).to_contain_text(re.compile(r"Done in the lab, and dialled: (\d+) of (?!\1)\d+"))
    box.click()
    found.get_by_role("button", name="Do it in the lab").click()
    expect(found).to_contain_text(re.compile(r"Done in the lab, and dialled: (\d+) of \1"))


def test_chain_panel_reports_missing_and_expired_certificates(shown: tuple[Page, str]) -> None:
    """Nothing sent behind the leaf: the intermediate is missing; long past its end: expired."""
    found, result = panel(shown, "Chain builder")
    expect(result).to_contain_text("✔ accepted")
    sent = found.get_by_label("Sent with it")
    sent.select_option([])
    expect(result).to_contain_text("trust.intermediate-missing")
    sent.select_option(["Lab Issuing CA"])
    expect(result).to_contain_text("✔ accepted")
    keep(found, shown, "chain")


def test_theatre_panel_steps_by_keyboard(shown: tuple[Page, str]) -> None:
    """Step by step with the arrow keys; another version has other messages."""
    found, result = panel(shown, "Handshake theatre")
    expect(result).to_contain_text("Step 1 of")
    found.get_by_role("slider", name="Step").focus()
    for step in (2, 3, 4):  # one at a time: the kernel's answer to the last key sets the slider, too
        shown[0].keyboard.press("ArrowRight")
        expect(result).to_contain_text(f"Step {step} of")
    found.get_by_label("Version").select_option("TLS 1.2")
    expect(result).to_contain_text("ServerKeyExchange")
    expect(result).to_contain_text("bytes on the wire")
    keep(found, shown, "theatre")


def test_theatre_presenter_mode_works_by_keyboard_alone(shown: tuple[Page, str]) -> None:
    """Full width and large text; arrow keys and blank go on and back; Escape leaves. The current row is in sight."""
    found, result = panel(shown, "Handshake theatre")
    keyboard = shown[0].keyboard
    found.get_by_role("button", name="Presenter mode").focus()
    keyboard.press("Enter")
    expect(found).to_have_class(re.compile("presenting"))
    box = found.bounding_box()
    view = shown[0].viewport_size
    assert box
    assert view
    assert box["width"] == view["width"]
    assert found.locator("h4").evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= 24
    keyboard.press("Home")
    expect(result).to_contain_text("Step 1 of")
    keyboard.press("ArrowRight")
    expect(result).to_contain_text("Step 2 of")
    keyboard.press(" ")
    expect(result).to_contain_text("Step 3 of")
    keyboard.press("ArrowLeft")
    expect(result).to_contain_text("Step 2 of")
    keyboard.press("End")
    expect(result).to_contain_text("The connection is up")
    keep(found, shown, "theatre-presenting")
    keyboard.press("Escape")
    expect(found).not_to_have_class(re.compile("presenting"))
    expect(found.get_by_role("button", name="Presenter mode")).to_be_focused()


def test_loss_panel_fails_the_legs_of_its_target(shown: tuple[Page, str]) -> None:
    """What happens, and to whom: the target's choices follow, and the legs fall."""
    found, result = panel(shown, "Blast radius")
    expect(result).to_contain_text("validity.expired")
    found.get_by_label("What happens").select_option("a name is left out")
    found.get_by_label("To", exact=True).select_option("e1.example.com: example.com")
    expect(result).to_contain_text("names.registration-domain-missing")
    keep(found, shown, "blast")
    found.get_by_label("What happens").select_option("a CA is distrusted")
    expect(result).to_contain_text("trust.issuer-unknown")


def test_time_panel_at_its_end_displays_expiry(shown: tuple[Page, str]) -> None:
    """To the end by keyboard: everything has expired."""
    found, result = panel(shown, "Time slider")
    expect(result).to_contain_text(re.compile(r"(\d+) of \1 connections up"))
    found.get_by_role("slider").focus()
    shown[0].keyboard.press("End")
    expect(result).to_contain_text("validity.expired")
    keep(found, shown, "time")


def test_revocation_panel_marks_the_row_that_applies(shown: tuple[Page, str]) -> None:
    """The row that applies is marked, and moves; an expired CRL counts as revoked whatever the fallback."""
    found, result = panel(shown, "Is it revoked?")
    expect(result.locator("tr[aria-current=true]")).to_contain_text("the OCSP responder")
    found.get_by_label("The certificate names a responder").focus()
    shown[0].keyboard.press("Space")
    expect(result.locator("tr[aria-current=true]")).to_contain_text("the CRLs")
    found.get_by_label("The CRL says").select_option("expired")
    expect(result).to_contain_text("✘ refused")
    keep(found, shown, "revocation")
    found.get_by_label("Service").select_option("LDAP")
    expect(result).to_contain_text("in the trusted CA file")


def test_acme_panel_plays_an_order(shown: tuple[Page, str]) -> None:
    """The panel plays the order from its first step to its last."""
    found, result = panel(shown, "The order of e1.example.com")
    found.get_by_role("slider").focus()
    shown[0].keyboard.press("Home")
    expect(result).to_contain_text("creates its account")
    expect(result).not_to_contain_text("/.well-known/acme-challenge/")
    shown[0].keyboard.press("End")
    expect(result).to_contain_text("/.well-known/acme-challenge/")
    keep(found, shown, "acme")


def test_file_panel_reads_certificates_and_refuses_other_files(shown: tuple[Page, str], tmp_path: Path) -> None:
    """A JPEG instead of a certificate, garbage pasted: one sentence each; a certificate is read."""
    found, result = panel(shown, "What is in this file?")
    picture = tmp_path / "photo.jpg"
    picture.write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)) * 20)
    _choose(shown, found, picture)
    expect(result).to_contain_text("is an image (JPEG)")
    certificate = tmp_path / "<b>x<b>.pem"
    certificate.write_bytes(_certificate())
    _choose(shown, found, certificate)
    expect(result).to_contain_text("e1.example.com")
    assert result.locator("b", has_text="x").count() == 0
    keep(found, shown, "file")


def _choose(shown: tuple[Page, str], found: Locator, path: Path) -> None:
    with shown[0].expect_file_chooser() as chooser:
        found.get_by_role("button", name="Choose a file").click()
    chooser.value.set_files(path)


def _certificate() -> bytes:
    from workbook.models.revocation_table import make_files

    return make_files()["pem"]


def test_ticket_desk_is_played_by_keyboard(shown: tuple[Page, str]) -> None:
    """A ticket from the queue to its debrief, without a mouse; axe finds nothing in between."""
    page, _ = shown
    found, _ = panel(shown, "Ticket desk")
    found.get_by_role("searchbox", name="Search the symptoms").fill("Windows opens")
    expect(found.get_by_text("1 of ")).to_be_visible()
    found.get_by_role("button", name="Open INC-").press("Enter")
    expect(found.get_by_role("heading", name="The page refuses a certificate that Windows opens")).to_be_visible()
    found.get_by_role("button", name="File", exact=True).press("Enter")
    expect(found).to_contain_text("is DER (binary), not PEM")
    found.get_by_role("button", name="Hint").press("Enter")
    expect(found).to_contain_text("Hint 1:")
    wrong = found.get_by_role("radio", name="A certificate of the chain has expired.")
    wrong.press("Space")
    found.get_by_role("button", name="Name this cause").press("Enter")
    expect(found).to_contain_text("This is not the cause")
    keep(found, shown, "clinic")
    assert not _violations(page), _violations(page)
    found.get_by_role("searchbox", name="Search the causes").fill("der pem")
    found.get_by_role("radio", name="The file is not PEM").press("Space")
    found.get_by_role("button", name="Name this cause").press("Enter")
    expect(found).to_contain_text("Right. Now fix it.")
    found.get_by_role("radio", name="upload:").press("Space")
    found.get_by_label("Where", exact=True).select_option("e1 (e1.example.com)")
    found.get_by_label("Upload it", exact=True).select_option("as PEM")
    found.get_by_role("button", name="Do this fix").press("Enter")
    expect(found.get_by_role("heading", name="Debrief")).to_be_visible()
    expect(found).to_contain_text("75 points: 1 hint, 1 wrong cause")
    assert not _violations(page), _violations(page)
    found.get_by_role("button", name="Back to the queue").press("Enter")
    expect(found).to_contain_text("tickets")


def test_archives_are_dropped_and_lead_to_the_report(shown: tuple[Page, str], archives: Sequence[Path]) -> None:
    """Real archives, one of them dropped: what they have, a changed assumption, the report in its frame, its files; no axe."""
    page, _ = shown
    found, _ = panel(shown, "Bring what you have")
    found.locator("input[type=file]").set_input_files(archives[1:])
    expect(found).to_contain_text("6 with certificates")
    data = base64.b64encode(archives[0].read_bytes()).decode()
    found.locator(".drop-zone").evaluate(_DROP, [data, archives[0].name])
    expect(found).to_contain_text("7 with certificates")
    found.get_by_label("Assumption").select_option("im_presence/imp/tls_verify: on")
    found.get_by_label("Another value").fill("off")
    found.get_by_role("button", name="Change this assumption").press("Enter")
    expect(found).to_contain_text("im_presence/imp/tls_verify changed.")
    found.get_by_role("button", name="Make the lab").press("Enter")
    frame = found.frame_locator("iframe[title^='Certificate report']")
    expect(frame.get_by_role("heading", name="Something fails")).to_be_visible()
    with page.expect_download() as download:
        found.get_by_role("link", name="Download: Dates (.ics)").click()
    assert download.value.path().read_text().startswith("BEGIN:VCALENDAR")
    keep(found, shown, "archives")
    axe = Axe().run(page, context=".intake-panel")
    assert not axe.response["violations"], [(v["id"], v["nodes"][0]["html"][:200]) for v in axe.response["violations"]]
    found.get_by_role("button", name="Delete the folder").press("Enter")
    expect(found).to_contain_text("Deleted:")


# What a browser does when a file is dropped.
_DROP = """(zone, [data, name]) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const dropped = new DataTransfer();
  dropped.items.add(new File([bytes], name));
  zone.dispatchEvent(new DragEvent("drop", { dataTransfer: dropped, bubbles: true, cancelable: true }));
}"""


def _violations(page: Page) -> list[tuple[str, list[str]]]:
    found = Axe().run(page, context=".workbook-panel.desk")
    return [(v["id"], [n["html"][:160] for n in v["nodes"]][:4]) for v in found.response["violations"]]


def test_panels_at_tablet_width_are_not_cut_off(shown: tuple[Page, str]) -> None:
    """At tablet width nothing is cut off: what is wider than the panel can be scrolled inside it."""
    page, theme = shown
    page.set_viewport_size({"width": 820, "height": 1180})
    panels = page.locator(".workbook-panel")
    for number in range(panels.count()):
        box = panels.nth(number).bounding_box()
        assert box is not None
        assert box["width"] <= 820
    panels.nth(1).scroll_into_view_if_needed()
    page.screenshot(path=ARTIFACTS / f"panels-tablet-{theme}.png")
    page.set_viewport_size({"width": 1400, "height": 1000})


def test_panels_work_after_a_browser_reload(shown: tuple[Page, str]) -> None:
    """The browser is reloaded: the panels come back with the kernel that goes on, and do what they did."""
    page, _ = shown
    page.keyboard.press("Control+s")
    expect(page.locator(".jp-mod-dirty")).to_have_count(0)
    page.reload()
    page.locator(".jp-Notebook").wait_for()
    found, result = panel(shown, "SAN designer")
    expect(result).to_contain_text("e1.example.com")
    found.get_by_label("Domain format").select_option("collab-edge-dns")
    expect(result).to_contain_text("collab-edge.example.com")


def test_panels_after_a_kernel_restart_name_the_cell_to_run(shown: tuple[Page, str]) -> None:
    """Last: the kernel restarts, and each panel says what to run."""
    page, _ = shown
    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Restart Kernel")).first.click()
    page.locator(".jp-Dialog .jp-mod-accept").click()
    found = page.locator(".workbook-panel").nth(1)
    expect(found).to_have_class(re.compile("jupyter-widgets-disconnected"))
    content = found.evaluate("e => getComputedStyle(e, '::after').content")
    assert "run this cell" in content
    expect(page.locator("#jp-main-statusbar")).to_contain_text("Idle")  # no server stops in between
