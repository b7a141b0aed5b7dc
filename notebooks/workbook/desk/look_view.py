"""The tools of a ticket: choose one, choose where, see what it shows. Looking is free."""

from __future__ import annotations

from functools import lru_cache
from html import escape

import ipywidgets as widgets

from pkikit.errors import PkikitError
from simulator.clinic.looks import TOOLS
from simulator.wire.theatre import Play
from workbook.course.clinic_session import ClinicSession
from workbook.desk.controls import Tools
from workbook.desk.replay import play
from workbook.intake.intake_panel import bring_archives
from workbook.learning.cards import button
from workbook.panels.slider import Slider
from workbook.panels.stage import render_theatre, titles_of
from workbook.tables.clinic_tables import seen_html

_LABELS = {
    "zones": "Zones",
    "log": "Log",
    "certificate": "Certificate",
    "trust": "Trusted CAs",
    "trace": "Trace",
    "dns": "DNS",
    "file": "File",
    "preflight": "ACME preflight",
    "pages": "Pages",
    "openssl": "openssl",
    "capture": "Capture",
    "archives": "Archives",
}
_PLACES = {"log": "Machine", "certificate": "Machine", "trust": "Machine", "openssl": "Machine", "dns": "Name"}


class LookView(widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """The tools as buttons, a list of places where the tool needs one, and what is seen."""

    def __init__(self, session: ClinicSession) -> None:
        super().__init__()
        self._session = session
        desk = session.desk
        self.tools = Tools(description="What to look at", options=[[t, _LABELS[t]] for t in desk.tools])
        self.place = widgets.Dropdown(style={"description_width": "auto"})
        self.every = widgets.Checkbox(value=False, description="All lines", indent=False)
        self.step = Slider(description="Handshake, step", value=1, min=1, max=1)
        self.shown, self.theatre = widgets.HTML(), widgets.HTML()
        self.brings = button("Bring these archives: read, judge, report", self._bring)
        self.brought = widgets.VBox()
        self.children = [
            self.tools,
            self.place,
            self.every,
            self.shown,
            self.step,
            self.theatre,
            self.brings,
            self.brought,
        ]
        self._play = lru_cache(maxsize=16)(self._played)
        self._at: dict[str, str] = {}
        self.tools.value = desk.tools[0]
        self.tools.observe(self._choose, names=["value", "pressed"])
        self.place.observe(self._look, names="value")
        self.every.observe(self._look, names="value")
        self.step.observe(self._draw_step, names="value")
        self._offer()
        self.refresh()

    def _choose(self, change: dict[str, str]) -> None:
        if change["name"] == "value":
            self._offer()
            self._look()

    def _offer(self) -> None:
        """Offer the places of the chosen tool; the place chosen last time stays."""
        tool = self.tools.value
        options = [(label, value) for value, label in self._session.desk.places(tool)]
        self.place.unobserve(self._look, names="value")
        self.place.options = options
        self.place.description = _PLACES.get(tool, "Connection")
        values = [value for _, value in options]
        first = next((leg.leg.id for leg in self._session.report.down), None) if tool == "trace" else None
        wanted = self._at.get(tool, first)
        self.place.value = wanted if wanted in values else values[0] if values else None
        self.place.observe(self._look, names="value")
        _show(self.place, bool(options))
        _show(self.every, tool == "log")

    def _look(self, _: object = None) -> None:
        """Look, for the debrief to count."""
        tool, place = self.tools.value, self.place.value or ""
        self._at[tool] = place
        words = f"{place} everything" if tool == "log" and self.every.value else place
        try:
            self.shown.value = seen_html(self._session.seen(tool, words, dials=False))
        except PkikitError as error:
            self.shown.value = f'<p role="alert"><b>✘</b> {escape(str(error))}</p>'
        _show(self.step, tool == "trace")
        _show(self.theatre, tool == "trace")
        _show(self.brings, tool == "archives" and "✘" not in self.shown.value)
        _show(self.brought, tool == "archives")
        if tool == "trace":
            self._play.cache_clear()
            self._offer_steps()

    def _bring(self) -> None:
        """Open the panel of notebook 19 with the archives of this ticket."""
        folder = self._session.archives_folder
        self.brought.children = [bring_archives(folder, place=folder.parent / f"{folder.name}-import")]

    def refresh(self) -> None:
        """Show the same again after a change; this does not count as a look."""
        looked = self._session.desk.looked
        before = len(looked)
        self._look()
        del looked[before:]

    def _played(self, leg: str) -> Play:
        return play(self._session, leg)

    def _offer_steps(self) -> None:
        titles = titles_of(self._play(self.place.value))
        self.step.titles, self.step.value, self.step.max = titles, min(self.step.value, len(titles)), len(titles)
        self._draw_step()

    def _draw_step(self, _: object = None) -> None:
        self.theatre.value = render_theatre(self._play(self.place.value), self.step.value - 1).whole()


def tool_names(tools: tuple[str, ...]) -> str:
    """Return the tools in words, for the text form."""
    return "; ".join(f"{_LABELS[tool]}: {TOOLS[tool]}" for tool in tools)


def _show(widget: widgets.Widget, visible: bool) -> None:
    widget.layout.display = "" if visible else "none"
