"""JupyterLab (or another server of Jupyter) on a copy of the notebooks, and a notebook run to its end in it."""

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
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.support.places import ARTIFACTS, ROOT
from tests.support.wait import eventually

SETTINGS = {
    # Cells outside the window stay in the page, so that all of them can be looked at.
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
}
DARK = {"@jupyterlab/apputils-extension/themes": {"theme": "JupyterLab Dark"}}
PROMPTS = ".jp-CodeCell .jp-InputPrompt:not(.jp-Placeholder-prompt)"
RUN_ALL = 600_000  # milliseconds


def copy_notebooks(folder: Path) -> Path:
    """A copy without outputs: what a page shows afterwards was made there."""
    copied = folder / "notebooks"
    shutil.copytree(ROOT / "notebooks", copied)
    for path in copied.glob("*.ipynb"):
        notebook = json.loads(path.read_text())
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"], cell["execution_count"] = [], None
        path.write_text(json.dumps(notebook))
    return copied


@contextlib.contextmanager
def jupyter(
    folder: Path, notebooks: Path, *, dark: bool = False, program: Sequence[str] = ("jupyter", "lab")
) -> Iterator[tuple[str, str]]:
    """(base URL, token) of a server on that folder, which ends with the block."""
    for name, value in {**SETTINGS, **(DARK if dark else {})}.items():
        path = folder / "settings" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    command = [sys.executable, "-m", *program, "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1",
               f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}",
               f"--ServerApp.root_dir={notebooks}"]  # fmt: skip
    env = {
        **os.environ,
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "XDG_STATE_HOME": str(folder / "state"),
    }
    with (
        (folder / "jupyter.log").open("wb") as log,
        subprocess.Popen(command, env=env, stdout=log, stderr=log) as process,
    ):
        try:
            base = f"http://127.0.0.1:{port}"
            wait_for(f"{base}/api?token={token}", folder / "jupyter.log")
            yield base, token
        finally:
            process.terminate()
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:  # a page that is still open keeps it asking
                process.kill()


def wait_for(url: str, log: Path) -> None:
    """Return when something answers at `url`; fail with the end of the program's log when nothing does."""

    def answers() -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return True
        return False

    try:
        eventually(answers)
    except AssertionError:
        pytest.fail(f"the program did not start: {log.read_text()[-2000:]}")


@contextlib.contextmanager
def run_to_its_end(
    chromium: Browser, server: tuple[str, str], name: str, height: int = 1000, width: int = 1400, shot: str = ""
) -> Iterator[Page]:
    """The notebook in a workspace of its own, every cell run; no error may come onto the browser's console."""
    base, token = server
    opened = chromium.new_page(viewport={"width": width, "height": height})
    errors: list[str] = []
    opened.on("console", lambda message: _note(message, errors))
    opened.on("pageerror", lambda error: errors.append(str(error)))
    workspace = re.sub(r"[^a-z0-9]", "", f"{name}{width}")
    try:
        opened.goto(f"{base}/lab/workspaces/of-{workspace}/tree/{name}?token={token}")
        opened.locator(".jp-Notebook").wait_for()
        expect(opened.locator("#jp-main-statusbar")).to_contain_text("Python 3 (ipykernel) | Idle")
        opened.get_by_role("menuitem", name="Run", exact=True).click()
        opened.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        # Collapsed cells have no number, but the last cell shows a card when it has run.
        last = opened.locator(".jp-CodeCell").last.locator(".jp-OutputArea-output").first
        expect(last).to_be_visible(timeout=RUN_ALL)
        expect(opened.locator("#jp-main-statusbar")).to_contain_text("Python 3 (ipykernel) | Idle", timeout=RUN_ALL)
        yield opened
        assert not errors, errors
    finally:
        opened.screenshot(path=ARTIFACTS / f"{shot or name[:2]}-end.png")
        opened.close()


def _note(message: ConsoleMessage, errors: list[str]) -> None:
    """Only our own: JupyterLab itself tells of files that are not there (a workspace, a checkpoint, a source map)."""
    if message.type == "error" and "Failed to load resource" not in message.text:
        errors.append(message.text)


def require_no_error(page: Page) -> None:
    """Every cell ran, and nothing went to stderr or ended in a traceback."""
    prompts = page.locator(PROMPTS).all_inner_texts()
    assert all(re.fullmatch(r"\[\d+\]:", p.strip()) for p in prompts), prompts
    assert page.locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]').count() == 0
    assert page.locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.error"]').count() == 0
    assert "Traceback" not in page.locator(".jp-Notebook").inner_text()
