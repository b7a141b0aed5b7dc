"""Notebook 00 as a learner meets it: opened in JupyterLab, in Debian's Chromium, every cell run, the panel moved.

Screenshots are kept in artifacts/ for people to look at.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import ARTIFACTS, ROOT

NOTEBOOK = "00-meet-the-lab.ipynb"
SETTINGS = {
    # Cells outside the window stay in the page, so that all of them can be looked at.
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
}
RUN_ALL = 120_000  # milliseconds
pytestmark = pytest.mark.needs("chromium")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """JupyterLab on a copy of the notebooks; yields a URL with a place for the notebook's name."""
    folder = tmp_path_factory.mktemp("jupyter")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    for path in (folder / "notebooks").glob("*.ipynb"):
        _without_outputs(path)
    for name, value in SETTINGS.items():
        path = folder / "settings" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1",
               f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}",
               f"--ServerApp.root_dir={folder / 'notebooks'}"]  # fmt: skip
    env = {
        **os.environ,
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
    }
    with (
        (folder / "jupyter.log").open("wb") as log,
        subprocess.Popen(command, env=env, stdout=log, stderr=log) as process,
    ):
        try:
            base = f"http://127.0.0.1:{port}"
            _wait_for(f"{base}/api?token={token}", folder / "jupyter.log")
            yield f"{base}/lab/workspaces/of-{{number}}/tree/{{name}}?token={token}"
        finally:
            process.terminate()


def _without_outputs(path: Path) -> None:
    """Take the committed outputs away: what the page shows afterwards was made here."""
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    path.write_text(json.dumps(notebook))


def _wait_for(url: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start: {log.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def page(server: str, chromium: Browser) -> Iterator[Page]:
    """The notebook, open and run to its end."""
    with _run_to_its_end(chromium, server, NOTEBOOK) as opened:
        yield opened


@contextlib.contextmanager
def _run_to_its_end(chromium: Browser, server: str, name: str, height: int = 1000) -> Iterator[Page]:
    opened = chromium.new_page(viewport={"width": 1400, "height": height})
    try:
        opened.goto(server.format(number=name[:2], name=name))  # a workspace of its own: no other tabs come back
        opened.locator(".jp-Notebook").wait_for(timeout=60_000)
        expect(opened.locator("#jp-main-statusbar")).to_contain_text("Python 3 (ipykernel) | Idle", timeout=60_000)
        opened.get_by_role("menuitem", name="Run", exact=True).click()
        opened.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        last = opened.locator(".jp-CodeCell .jp-InputPrompt").last
        expect(last).to_have_text(re.compile(r"\[\d+\]:"), timeout=RUN_ALL)
        yield opened
    finally:
        opened.screenshot(path=ARTIFACTS / f"{name[:2]}-end.png")
        opened.close()


@pytest.mark.parametrize("name", sorted(p.name for p in (ROOT / "notebooks").glob("*.ipynb") if p.name != NOTEBOOK))
def test_the_other_notebooks_run_to_their_end(server: str, chromium: Browser, name: str) -> None:
    """Every cell of every notebook, without an error; a picture of its tables is kept to be looked at."""
    with _run_to_its_end(chromium, server, name, height=6000) as opened:
        _require_no_error(opened)
        tables = opened.locator(".jp-RenderedHTMLCommon table")
        assert tables.count() >= 3
        for number in range(tables.count()):
            assert (tables.nth(number).bounding_box() or {"width": 0})["width"] > 100
        opened.locator(".jp-Notebook").screenshot(path=ARTIFACTS / f"{name[:2]}-whole.png")


def test_every_cell_ran_without_error(page: Page) -> None:
    """No error output anywhere, and every code cell has been executed."""
    _require_no_error(page)


def _require_no_error(page: Page) -> None:
    prompts = page.locator(".jp-CodeCell .jp-InputPrompt").all_inner_texts()
    assert prompts
    assert all(re.fullmatch(r"\[\d+\]:", p.strip()) for p in prompts), prompts
    assert page.locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]').count() == 0
    assert page.locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.error"]').count() == 0
    assert "Traceback" not in page.locator(".jp-Notebook").inner_text()


def test_pictures_are_drawn(page: Page) -> None:
    """Four pictures of the world, each with a text form for a screen reader."""
    pictures = page.locator(".jp-RenderedSVG img, .jp-RenderedSVG svg")
    assert pictures.count() == 4
    for number, name in enumerate(("world", "up", "broken", "acme")):
        shown = pictures.nth(number)
        shown.scroll_into_view_if_needed()
        assert (shown.bounding_box() or {"width": 0})["width"] > 500
        shown.screenshot(path=ARTIFACTS / f"00-picture-{name}.png")


def test_panel_follows_its_inputs(page: Page) -> None:
    """Another model, another name, another format: the SAN list changes with each, by mouse and by keyboard."""
    panel = page.locator(".jp-OutputArea-output .widget-vbox").first
    panel.scroll_into_view_if_needed()
    result = panel.locator(".widget-html-content")
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
    expect(result).to_contain_text("is not a domain name")
    edge.fill("cluster-e.exämple.com")
    edge.press("Enter")
    expect(result).to_contain_text("cluster-e.xn--exmple-cua.com")
    panel.screenshot(path=ARTIFACTS / "00-panel.png")
