"""The panel: drop archives, see what they have, answer what they do not, make the lab, read the report."""

from __future__ import annotations

from html import escape
from pathlib import Path

import ipywidgets as widgets

from pkikit.errors import InputError
from pkikit.text import counted, listed
from workbook.html import PanelOutput
from workbook.intake.drop_zone import DropZone
from workbook.intake.intake_style import STYLE
from workbook.intake.intake_view import assumed_html, found_html
from workbook.intake.open_questions import Assumptions, OpenQuestions
from workbook.learning.cards import Card, button, heading, row
from workbook.models.brought_files import Brought
from workbook.models.dropped_files import Uploads
from workbook.models.report_page import ReportPage
from workbook.session import LabSession
from workbook.tables.company import make_company
from workbook.tables.sentences import summary

TITLE = "Bring what you have"
_LEAD = (
    (
        "Drop the diagnostic archives of all Expressway peers, and what Unified CM gives you: certificate snapshots, or the "
        "output of `show cert`. Single dumps and certificate files work, too."
    ),
    (
        "Your files stay on the machine where this notebook runs. They are copied into a temporary folder that only "
        "you can read; it is deleted when you press *Start again* or the kernel stops. Passwords are dropped while reading."
    ),
)
_HINT = "Any number of files: .tar.gz, .zip, .txt, .xml, .pem, .p7b, .json. Large archives are faster from a folder, see below."
_KEYED = "With keys of the lab: every connection is dialled with real TLS, and you can change things in cells"


class IntakePanel(Card):
    """`brought`: what was read; None before. `report` and `lab`: what was made of it."""

    def __init__(self, folder: str = "", place: Path | None = None) -> None:
        super().__init__()
        self.brought: Brought | None = None
        self.report: ReportPage | None = None
        self.lab: LabSession | None = None
        self._place = place
        self._uploads = Uploads()
        self.zone = DropZone(
            self._uploads, self.safely(self.read), lambda said: self.say(f"✘ {said}"),
            description="Drop your archives here, or choose them", hint=_HINT,
        )  # fmt: skip
        self.path = widgets.Text(description="Or the name of a folder or file on this machine", value=folder,
                                 placeholder="archives", layout={"width": "100%"})  # fmt: skip
        self.reads = button("Read this folder", self.safely(self.read))
        self.samples = button("I have no files: use samples", self.safely(self.read_samples))
        self.again = button("Start again", self.safely(self.start_again))
        self.found, self.assumed, self.result = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.asked, self.changing, self.making = widgets.VBox(), widgets.VBox(), widgets.VBox()
        self.keyed = widgets.Checkbox(description=_KEYED, value=False, indent=False, layout={"width": "100%"})
        self.makes = button("Make the lab", self.safely(self.make), main=True)
        self.deletes = button("Delete the folder", self.safely(self.delete))
        self.children = [
            widgets.HTML(STYLE), heading(TITLE, *_LEAD), self.zone, self.path, row(self.reads, self.samples, self.again),
            self.found, self.asked, self.assumed, self.changing, self.making, self.said, self.result,
        ]  # fmt: skip
        self.add_class("intake-panel")
        if folder:
            self.safely(self.read)()

    @property
    def plain(self) -> str:
        """The text form; the same in every run."""
        return f'{TITLE}\n▶ Run this cell to drop your archives. In code: bring("FOLDER").report()'

    # Reading.

    def read(self) -> None:
        """Read what was dropped, and the folder, together."""
        others = [Path(self.path.value.strip()).expanduser()] if self.path.value.strip() else []
        if not others and not self._uploads.paths:
            raise InputError("there is no file yet: drop your archives, or write the name of a folder")
        self.say("Reading …")
        self._take(Brought(self._uploads.read(*others), self._answers, self._place))

    def read_samples(self) -> None:
        """Read the archives of a sample company, collected by its own machines."""
        self.say("The machines of a sample company start, and their archives are collected …")
        archives = make_company("clustered-mra").archives()
        self._uploads.clear()
        self._uploads.copy(archives)
        self.path.value = ""
        self.say("Reading …")
        self._take(Brought(self._uploads.read(), {}, self._place))

    @property
    def _answers(self) -> dict[str, str]:
        return self.brought.answers if self.brought is not None else {}

    def _take(self, brought: Brought) -> None:
        self.brought, self.report = brought, None
        self.say()
        self._draw()

    def start_again(self) -> None:
        """Forget what was read, and delete the copies. The folder of an import stays until it is deleted."""
        self._uploads.clear()
        self.brought, self.report = None, None
        self.path.value = ""
        self._draw()
        self.say("The copies are deleted.")

    # Questions and assumptions.

    def _draw(self) -> None:
        brought = self.brought
        self.result.value = ""
        self.found.value = found_html(brought) if brought is not None else ""
        self.assumed.value = assumed_html(brought) if brought is not None else ""
        self.asked.children = self.changing.children = self.making.children = []
        if brought is None:
            return
        if brought.open_questions:
            self.questions = OpenQuestions(brought.open_questions)
            head = widgets.HTML("<h4>What no file has</h4>")
            self.asked.children = [
                head,
                self.questions,
                button("Use these answers", self.safely(self.answer), main=True),
            ]
            return
        if brought.assumptions:
            self.assumptions = Assumptions(brought.assumptions)
            self.changing.children = [self.assumptions, button("Change this assumption", self.safely(self.change))]
        self.making.children = [self.keyed, row(self.makes, self.deletes)]
        self.deletes.disabled = not brought.folders

    def answer(self) -> None:
        """Take the answers to the open questions."""
        assert self.brought is not None  # the button is there only then
        before = {question.key for question in self.brought.open_questions}
        written = self.questions.answers
        brought = self.brought.with_answers(written)
        self._take(brought)
        left = [question for question in brought.open_questions if question.key in before - set(written)]
        if left:
            self.say(f"{counted(len(left), 'question')} {'is' if len(left) == 1 else 'are'} still open.")

    def change(self) -> None:
        """Take another value in place of an assumption."""
        assert self.brought is not None  # the button is there only then
        change = self.assumptions.change
        self._take(self.brought.with_answers(change))
        self.say(f"{listed(list(change))} changed." if any(change.values()) else "As before.")

    # The lab and the report.

    def make(self) -> None:
        """Write the folder, judge every connection, show the report; with keys of the lab, start the lab and dial."""
        assert self.brought is not None  # the button is there only then
        self.say("Judging every connection …")
        self.report = page = self.brought.report()
        told = [page.said, f"The folder is {page.folder}. Only you can read it."]
        if self.keyed.value:
            self.say("Issuing the certificates again with keys of the lab, and starting the lab …")
            self.lab = self.brought.open_lab(rekey=True)
            self.say("Dialling every connection …")
            checked = self.lab.check()
            dialled = sum(leg.trace is not None for leg in checked.legs)
            told.append(f"In the lab, {dialled} connections are dialled. {str(summary(checked)).splitlines()[0]}")
            told.append("Go on in a cell: from workbook import current_lab, then lab = current_lab()")
        self.say(*told)
        self.deletes.disabled = False
        self.result.value = _report_html(page.output)

    def delete(self) -> None:
        """Delete the folders of the import."""
        assert self.brought is not None  # the button is there only then
        gone = self.brought.delete()
        self.result.value = ""
        self.say(f"Deleted: {listed([str(path) for path in gone])}" if gone else "There is no folder to delete.")
        self.deletes.disabled = True


def _report_html(output: PanelOutput) -> str:
    return f'<h4 tabindex="-1">{escape("The report")}</h4>{output.whole()}'


def bring_archives(folder: str | Path = "", *, place: str | Path | None = None) -> IntakePanel:
    """Drop the archives of a deployment, and get it judged, with a report and a lab that behaves like it.

    Args:
        folder: a folder or file that is read at once.
        place: the folder for the folders that are made; by default `imports` in the folder of the notebook.

    Returns:
        The panel. `panel.brought` is what it read, for cells.
    """
    return IntakePanel(str(folder), Path(place) if place is not None else None)
