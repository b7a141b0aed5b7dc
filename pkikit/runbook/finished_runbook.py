"""A runbook with all of its forms, as Python users and commands get it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path

from cryptography import x509

from pkikit.files import write_public
from pkikit.planning.plan import Plan
from pkikit.planning.schedule.scheduled_step import ScheduledStep
from pkikit.planning.step_words.step_file import Replaced
from pkikit.planning.step_words.ways_back import Refused
from pkikit.report.written.output_files import output_files
from pkikit.runbook.gantt import gantt
from pkikit.runbook.runbook_calendar import to_runbook_calendar
from pkikit.runbook.runbook_contents import Runbook, runbook_of
from pkikit.runbook.runbook_csv import to_csv
from pkikit.runbook.runbook_markdown import to_runbook_markdown
from pkikit.runbook.runbook_page import runbook_summary_html, to_runbook_page
from pkikit.view.drawing import Picture

_ENDINGS = {"runbook": (".md", ".markdown", ".html", ".htm"), "csv": (".csv",), "ics": (".ics",)}


@dataclass(frozen=True)
class FinishedRunbook:
    """A runbook that prints itself, shows itself in a notebook, and writes its files.

    Attributes:
        contents: what it says.
    """

    contents: Runbook

    @cached_property
    def markdown(self) -> str:
        """The whole runbook as Markdown."""
        return to_runbook_markdown(self.contents)

    @cached_property
    def html(self) -> str:
        """The page: one document that needs nothing else."""
        return to_runbook_page(self.contents)

    @cached_property
    def csv(self) -> str:
        """One row for each step."""
        return to_csv(self.contents)

    @cached_property
    def calendar(self) -> str:
        """The steps that have dates, as a calendar (RFC 5545)."""
        return to_runbook_calendar(self.contents)

    @cached_property
    def gantt(self) -> Picture | None:
        """The steps over time; None if there is no step."""
        return gantt(self.contents)

    @property
    def text(self) -> str:
        """The verdict and the five lines for those who decide, for a terminal."""
        lines = [f"{self.contents.verdict}. {self.contents.answer}"]
        return "\n".join([*lines, *(f"{name}: {said}" for name, said in self.contents.summary)])

    def save(
        self,
        *,
        runbook: str | PathLike[str] | None = None,
        csv: str | PathLike[str] | None = None,
        ics: str | PathLike[str] | None = None,
    ) -> tuple[tuple[str, Path], ...]:
        """Write the runbook to files; what is there is replaced.

        Args:
            runbook: Markdown or a page: the name ends in `.md` or `.html`.
            csv: the table.
            ics: the calendar.

        Returns:
            (what it is, the file) for each file.

        Raises:
            InputError: a name does not end as such a file does, or it cannot be written.
        """
        targets = runbook_files(runbook=runbook, csv=csv, ics=ics)
        for form, path in targets.items():
            write_public(path, self._content(form, path).encode())
        return tuple(targets.items())

    def _content(self, form: str, path: Path) -> str:
        if form == "runbook":
            return self.html if path.suffix.lower() in {".html", ".htm"} else self.markdown
        return self.csv if form == "csv" else self.calendar

    def _repr_html_(self) -> str:
        return runbook_summary_html(self.contents)

    def __repr__(self) -> str:
        return f"<runbook of {len(self.contents.steps)} steps: {self.contents.verdict}>"

    def __str__(self) -> str:
        return self.markdown


def finished_runbook(
    plan: Plan,
    schedule: Sequence[ScheduledStep] = (),
    *,
    refused: Refused | None = None,
    originals: Mapping[x509.Certificate, x509.Certificate] | None = None,
    stand_ins: frozenset[x509.Certificate] = frozenset(),
    files: str = "plan.files",
    plan_file: str = "plan.json",
    lab: str = "",
) -> FinishedRunbook:
    """Return the runbook of a plan.

    Args:
        plan: the plan.
        schedule: when its steps are done; without it, the runbook has no dates.
        refused: judges states that are not in the order, for what undoing drops later; None judges them here.
        originals: of a plan on a look-alike: the certificate that the machines have, for one of the plan.
        stand_ins: certificates of the plan that another CA issues in fact.
        files: the folder with the files of the steps, as the commands name it.
        plan_file: the name of `plan.json`, as the commands name it.
        lab: the folder with the look-alike that a lab plays; empty if the plan has all private keys.

    Returns:
        The runbook.
    """
    replaced = Replaced(originals=originals or {}, stand_ins=stand_ins)
    return FinishedRunbook(
        runbook_of(plan, schedule, refused=refused, replaced=replaced, files=files, plan_file=plan_file, lab=lab)
    )


def runbook_files(**files: str | PathLike[str] | None) -> dict[str, Path]:
    """Return the files to write, asked before the work is done.

    Args:
        **files: by form: `runbook`, `csv`, `ics`.

    Returns:
        The paths by form, without those that nobody wants.

    Raises:
        InputError: a name does not end as such a file does, or it is a folder.
    """
    return output_files(_ENDINGS, files, unsaid=frozenset({".markdown", ".htm"}))
