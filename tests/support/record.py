"""The recording at the top of the README: one name forgotten, half of the phones down, found, fixed.

`python -m tests.support.record` runs a real lab, shows its pages in Chromium, and writes `docs/recording.gif` and two screenshots.
Every picture in it is a screenshot of the running lab; only the captions are written here.
"""

from __future__ import annotations

import base64
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Browser, sync_playwright
from workbook import open_lab
from workbook.session import LabSession

from simulator.commands.up import write_state
from simulator.face.topology_page import Management
from simulator.threaded import ThreadedLab
from tests.support.labs import QUICK
from tests.support.places import ROOT
from tests.support.worlds import E1

DEPLOYMENT = ROOT / "notebooks" / "deployments" / "clustered-mra.yaml"
DOCS = ROOT / "docs"
RECORDING = DOCS / "recording.gif"
WIDTH, HEIGHT = 920, 500
_FORGOTTEN = "example.com"
_COLOURS = 96
_FRAME = """<!doctype html><html lang="en"><meta charset="utf-8"><style>
* { box-sizing: border-box } body { margin: 0; width: %(width)dpx; height: %(height)dpx; background: #fff; overflow: hidden;
font-family: system-ui, "DejaVu Sans", sans-serif; color: #1b1f24; border: 1px solid #b6bdc6 }
header { background: #10344f; color: #fff; height: 92px; padding: 12px 20px; display: flex; gap: 18px; align-items: center }
header b { font-size: 17px; white-space: nowrap; color: #9fd3ff } header p { margin: 0; font-size: 20px; line-height: 1.3 }
main { height: 408px; overflow: hidden; display: flex; align-items: center; justify-content: center; padding: 8px }
main img { max-width: 100%%; max-height: 100%%; display: block }
main.top { align-items: flex-start } pre { margin: 0; width: 100%%; height: 100%%; padding: 10px 16px; font-size: 15px; line-height: 1.45;
background: #f4f6f8; font-family: "DejaVu Sans Mono", monospace; white-space: pre-wrap } pre b { color: #b3261e }
</style><header><b>%(when)s</b><p>%(caption)s</p></header><main class="%(place)s">%(content)s</main></html>"""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One picture of the recording. seconds: how long it is shown."""

    when: str
    caption: str
    seconds: float = 4.5


ALL_UP = Scene(
    when="Friday", caption="Two Expressway clusters, a partner, remote phones. All 54 connections are up.", seconds=4
)
NEW_CERTIFICATE = Scene(
    when="Friday, 18:00",
    caption="e1 gets a new certificate. It is trusted and in date. One name was forgotten: example.com.",
)
HALF_DOWN = Scene(
    when="Monday, 9:10",
    caption="Half of the remote phones cannot register: those that reach e1. Every zone is up.",
)
BOTH_SIDES = Scene(
    when="Why?",
    caption="Both sides of one handshake: TLS succeeds. Then the phone looks for a name that is not there.",
    seconds=6,
)
FOUND = Scene(when="Found", caption="The lab says who refuses whom, why, and what to do.", seconds=6.5)
FIXED = Scene(
    when="Fixed", caption="A new request with every name, signed, uploaded, restarted: all 54 are up.", seconds=5
)
SCENES = (ALL_UP, NEW_CERTIFICATE, HALF_DOWN, BOTH_SIDES, FOUND, FIXED)


@contextmanager
def _pages() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


def _image(shot: bytes) -> str:
    return f'<img alt="" src="data:image/png;base64,{base64.b64encode(shot).decode()}">'


class _Recorder:
    """Takes the pictures of one lab."""

    def __init__(self, lab: ThreadedLab, browser: Browser, url: str) -> None:
        self.lab, self.url = lab, url
        # Twice as sharp as shown; the frame shrinks it.
        self.page = browser.new_page(
            viewport={"width": 900, "height": 400}, device_scale_factor=2, ignore_https_errors=True
        )
        self.frame = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        self.taken: list[tuple[Scene, Image.Image]] = []

    def take(self, scene: Scene, content: str, place: str = "") -> None:
        """Add a frame with a caption."""
        values = {"width": WIDTH, "height": HEIGHT, "when": escape(scene.when), "caption": escape(scene.caption)}
        self.frame.set_content(_FRAME % {**values, "content": content, "place": place})
        self.taken.append((scene, Image.open(io.BytesIO(self.frame.screenshot())).convert("RGB")))

    def still(self, name: str) -> None:
        """A picture for the documents, without caption."""
        with Image.open(io.BytesIO(self.page.screenshot())) as shot:
            shot.convert("RGB").resize((shot.width * 3 // 4, shot.height * 3 // 4)).quantize(colors=_COLOURS).save(
                DOCS / f"{name}.png", optimize=True
            )

    def topology(self, scene: Scene) -> None:
        """The live topology as it is now."""
        self.page.set_viewport_size({"width": 1100, "height": 700})
        self.page.goto(self.url)
        self.take(scene, _image(self.page.locator("svg").first.screenshot()))
        if scene is HALF_DOWN:
            self.still("topology")

    def certificate(self, scene: Scene) -> None:
        """The page of e1 that shows the names of its certificate."""
        self.page.set_viewport_size({"width": 1000, "height": 452})
        host, port = self.lab.sites[E1].address
        site = f"https://{host}:{port}"
        self.page.goto(site)
        self.page.get_by_label("Username").fill("admin")
        self.page.get_by_label("Password").fill(self.lab.passwords["admin"])
        self.page.get_by_role("button", name="Login").click()
        self.page.goto(f"{site}/servercertificate")
        self.page.get_by_text("Subject, names and issuer").click()
        self.still("server-certificate")
        self.take(scene, _image(self.page.screenshot()), "top")

    def handshake(self, scene: Scene) -> None:
        """Both sides of the connection that is down."""
        self.page.goto(self.url)
        self.page.get_by_role("link", name="Expressway-E – Jabber").last.click()
        self.take(scene, _image(self.page.locator("details[open]").first.screenshot()))

    def finding(self, scene: Scene) -> None:
        """What `expressway-sim check` prints."""
        with TemporaryDirectory() as folder:
            write_state(self.lab.lab, Path(folder) / "monday")
            command = ["expressway-sim", "check", "clustered-mra.yaml", "--certs", "monday"]
            shutil.copy(DEPLOYMENT, folder)
            told = subprocess.run(
                [sys.executable, "-m", "simulator", *command[1:]],
                cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "92", "NO_COLOR": "1"},
            ).stdout  # fmt: skip
        found = told.partition("\nUp:")[0].splitlines()
        lines = [f"<b>{line}</b>" if line.startswith("✘") else line for line in map(escape, found)]
        self.take(scene, f"<pre>$ {' '.join(command)}\n\n{chr(10).join(lines)}</pre>", "top")


def _story(recorder: _Recorder, session: LabSession) -> None:
    lab = recorder.lab
    lab.check()
    recorder.topology(ALL_UP)
    session.replace_certificate(E1, session.layout(E1).without(_FORGOTTEN))
    recorder.certificate(NEW_CERTIFICATE)
    lab.check()
    recorder.topology(HALF_DOWN)
    recorder.handshake(BOTH_SIDES)
    recorder.finding(FOUND)
    session.replace_certificate(E1)
    lab.check()
    recorder.topology(FIXED)


def _on_the_page(lab: ThreadedLab, act: Callable[[str], None]) -> None:
    face = Management(lab.lab)
    lab.run(face.start)
    try:
        act(face.url)
    finally:
        lab.run(face.stop)


def record() -> list[tuple[Scene, Image.Image]]:
    """Run the lab and return the pictures."""
    session = open_lab("clustered-mra", QUICK)
    with closing(session), _pages() as browser:
        lab = session.threaded
        lab.hold()
        made: list[_Recorder] = []

        def act(url: str) -> None:
            made.append(_Recorder(lab, browser, url))
            _story(made[0], session)

        _on_the_page(lab, act)
        return made[0].taken


def save(taken: list[tuple[Scene, Image.Image]]) -> None:
    """Write the animation."""
    frames = [image.quantize(colors=_COLOURS, dither=Image.Dither.NONE) for _, image in taken]
    durations = [round(1000 * scene.seconds) for scene, _ in taken]
    frames[0].save(RECORDING, save_all=True, append_images=frames[1:], duration=durations, loop=0, optimize=True)


if __name__ == "__main__":
    pictures = record()
    save(pictures)
    length = sum(scene.seconds for scene, _ in pictures)
    print(
        f"{RECORDING.relative_to(ROOT)}: {len(pictures)} pictures, {length:g} s, {RECORDING.stat().st_size // 1024} KB"
    )
