"""The panels outside JupyterLab: in Notebook 7, and in Voila's dashboards where there are no cells."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Error, expect

from tests.browser.jupyter import copy_notebooks, jupyter, wait_for
from tests.support.clean_notebooks import KERNEL
from tests.support.places import ARTIFACTS
from tests.support.wait import PAGE_LONG

pytestmark = pytest.mark.needs("chromium")


def test_panels_work_in_notebook_7(tmp_path: Path, chromium: Browser) -> None:
    """A panel with our own slider and one with ipywidgets' inputs, each used."""
    notebooks = copy_notebooks(tmp_path)
    source = "import workbook as w\nlab = w.open_lab('clustered-mra')\nw.time_slider(lab)"
    cells = [nbformat.v4.new_code_cell(source), nbformat.v4.new_code_cell("w.san_designer()")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=KERNEL), notebooks / "panels.ipynb")
    with jupyter(tmp_path, notebooks, program=("notebook",)) as (base, token):
        page = chromium.new_page(viewport={"width": 1400, "height": 1000})
        page.goto(f"{base}/notebooks/panels.ipynb?token={token}")
        page.locator(".jp-Notebook").wait_for()
        page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first.wait_for()
        slider = page.get_by_role("slider", name="Days from now").first
        asked = page.locator(".jp-Dialog .jp-mod-accept")
        model = page.get_by_label("Deployment model")
        # Before the kernel is there, nothing is run, or a dialog asks for one. Notebook 7 sometimes starts two kernels and ends
        # one of them, and a cell that waited for that one is never run: only both panels show that all cells ran.
        for _ in range(30):
            with contextlib.suppress(Error):
                if asked.count():
                    asked.first.click(timeout=3_000)
                page.get_by_role("menuitem", name="Run", exact=True).click(timeout=3_000)
                page.get_by_role("menuitem", name="Run All Cells", exact=True).click(timeout=3_000)
                slider.wait_for(timeout=15_000)
                model.wait_for(timeout=15_000)
                break
        waiting = page.locator(".jp-InputArea-prompt", has_text="*")
        expect(waiting).to_have_count(0)  # a second run replaces the panels of the first
        slider.focus()
        page.keyboard.press("End")
        expect(page.locator(".workbook-panel").first).to_contain_text("validity.expired")
        model.select_option("single")
        expect(page.locator(".workbook-panel").last).not_to_contain_text("e2.")
        page.screenshot(path=ARTIFACTS / "notebook-7.png")
        page.close()


@pytest.fixture(scope="module")
def voila(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The dashboards' address."""
    folder = tmp_path_factory.mktemp("voila")
    notebooks = copy_notebooks(folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "voila", str(notebooks / "dashboards"), "--no-browser", f"--port={port}",
               "--Voila.ip=127.0.0.1", "--show_tracebacks=False"]  # fmt: skip
    env = {**os.environ, "XDG_STATE_HOME": str(folder / "state"), "JUPYTER_RUNTIME_DIR": str(folder / "runtime")}
    with (
        (folder / "voila.log").open("wb") as log,
        subprocess.Popen(command, env=env, stdout=log, stderr=log) as process,
    ):
        try:
            wait_for(f"http://127.0.0.1:{port}/", folder / "voila.log")
            yield f"http://127.0.0.1:{port}/voila/render"
        finally:
            process.terminate()
            process.wait(timeout=PAGE_LONG / 1000)


def test_voila_design_dashboard_follows_its_choices(voila: str, chromium: Browser) -> None:
    """Names follow the choices, without a cell in sight."""
    page = chromium.new_page(viewport={"width": 1200, "height": 1000})
    page.goto(f"{voila}/design.ipynb")
    designer = page.locator(".workbook-panel").filter(has=page.get_by_role("heading", name="SAN designer"))
    designer.wait_for()
    designer.get_by_label("Domain format").select_option("collab-edge-dns")
    expect(designer).to_contain_text("collab-edge.example.com")
    assert page.locator(".jp-CodeMirrorEditor, .cm-editor").count() == 0
    page.screenshot(path=ARTIFACTS / "voila-design.png")
    page.close()


def test_voila_clinic_dashboard_plays_a_case(voila: str, chromium: Browser) -> None:
    """A case is opened, answered and fixed in the dashboard."""
    page = chromium.new_page(viewport={"width": 1200, "height": 1400})
    page.goto(f"{voila}/clinic.ipynb")
    desk = page.locator(".workbook-panel.desk")
    desk.get_by_role("searchbox", name="Search the symptoms").fill("e1 was fine until noon")
    desk.get_by_role("button", name="Open INC-").click()
    expect(desk.get_by_role("heading", name="e1 was fine until noon")).to_be_visible()
    desk.get_by_role("radio", name="renew:").check()
    desk.get_by_label("Where", exact=True).select_option("e1 (e1.example.com)")
    expect(desk).to_contain_text("e1 restarts: about")
    desk.get_by_role("button", name="Do this fix").click()
    expect(desk).to_contain_text(re.compile(r"(\d+) of \1 connections are up"))
    desk.get_by_role("searchbox", name="Search the causes").fill("revoked")
    desk.get_by_role("radio", name="The certificate is revoked.").check()
    desk.get_by_role("button", name="Name this cause").click()
    expect(desk.get_by_role("heading", name="Debrief")).to_be_visible()
    page.screenshot(path=ARTIFACTS / "voila-clinic.png")
    page.close()
