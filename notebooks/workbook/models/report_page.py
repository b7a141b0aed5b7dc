"""The report in a notebook: the page in a frame without scripts, its files as downloads, its text."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path

from pkikit.judge.legs.known_parts import State
from pkikit.report.content.deployment_report import Light, Report
from pkikit.report.written.finished_report import FinishedReport
from pkikit.report.written.report_sentences import LIGHTS
from workbook.html import PanelOutput

_MARKS = {Light.RED: "✘", Light.YELLOW: "!", Light.GREEN: "✔", Light.GREY: "?"}
_FRAME = (
    "box-sizing:border-box;width:100%;height:70vh;min-height:24em;background:#fff;"
    "border:1px solid currentColor;border-radius:4px"
)
_LINK = "display:inline-block;text-decoration:underline;margin:4px 12px 4px 0;padding:3px 2px;min-height:24px"


class ReportPage:
    """A report that was written into a folder.

    made: the report with all of its forms. folder: where its files are.
    """

    def __init__(self, made: FinishedReport, folder: Path) -> None:
        self.made, self.folder = made, folder

    @property
    def values(self) -> Report:
        """The values of the report."""
        return self.made.report

    @property
    def down(self) -> tuple[str, ...]:
        """The ids of the connections that are down."""
        return tuple(connection.leg.id for connection in self.made.report.with_state(State.DOWN))

    @property
    def said(self) -> str:
        """The traffic light and the whole report in a sentence or two."""
        light = self.made.report.light
        return f"{_MARKS[light]} {LIGHTS[light]}. {self.made.answer}"

    @property
    def output(self) -> PanelOutput:
        """The page in a frame, its downloads, and its text."""
        return PanelOutput(html=self._downloads() + self._frame(), text=self.made.markdown)

    def _downloads(self) -> str:
        made = self.made
        files = (
            ("report.html", "text/html", "Page (HTML)", made.html),
            ("report.md", "text/markdown", "Text (Markdown)", made.markdown),
            ("dates.ics", "text/calendar", "Dates (.ics)", made.calendar),
        )
        links = "".join(
            f'<a style="{_LINK}" download="{name}" href="data:{kind};base64,{base64.b64encode(text.encode()).decode()}">'
            f"Download: {label}</a>"
            for name, kind, label, text in files
        )
        return f"<p>{links}</p><p>The same files are in <code>{escape(str(self.folder))}</code>.</p>"

    def _frame(self) -> str:
        return page_frame(self.made.html, f"Certificate report: {self.made.report.deployment}")

    def __repr__(self) -> str:
        return self.said

    def _repr_html_(self) -> str:
        return f"<p><b>{escape(self.said)}</b></p>{self.output.whole()}"


def page_frame(page: str, title: str) -> str:
    """Return a page in a frame without scripts."""
    shown, name = escape(page, quote=True), escape(title, quote=True)
    return f'<iframe title="{name}" sandbox="" style="{_FRAME}" srcdoc="{shown}"></iframe>'
