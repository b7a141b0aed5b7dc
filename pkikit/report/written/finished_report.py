"""A report with all of its forms, as Python users get it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

from pkikit.files import write_public
from pkikit.report.content.deployment_report import Report
from pkikit.report.written.date_calendar import to_calendar
from pkikit.report.written.json_document import to_document
from pkikit.report.written.markdown import to_markdown
from pkikit.report.written.output_files import output_files
from pkikit.report.written.page import summary_html, to_page
from pkikit.report.written.report_sentences import answer

_ENDINGS = {"html": (".html", ".htm"), "md": (".md", ".markdown"), "ics": (".ics",)}
_NAMES = {"html": "page", "md": "text", "ics": "calendar"}


@dataclass(frozen=True)
class FinishedReport:
    """A report that prints itself, shows itself in a notebook, and writes its files.

    Attributes:
        report: the values.
    """

    report: Report

    @property
    def answer(self) -> str:
        """The whole report in a sentence or two."""
        return answer(self.report)

    @cached_property
    def html(self) -> str:
        """The page: one document that needs nothing else."""
        return to_page(self.report)

    @cached_property
    def markdown(self) -> str:
        """The same as Markdown."""
        return to_markdown(self.report)

    @cached_property
    def calendar(self) -> str:
        """The dates as a calendar (RFC 5545)."""
        return to_calendar(self.report)

    def to_json(self) -> dict[str, Any]:
        """Return the document of `pkikit report --json`.

        Returns:
            Values that JSON has.
        """
        return to_document(self.report)

    def save(
        self,
        *,
        html: str | PathLike[str] | None = None,
        md: str | PathLike[str] | None = None,
        ics: str | PathLike[str] | None = None,
    ) -> tuple[tuple[str, Path], ...]:
        """Write the report to files; what is there is replaced.

        Args:
            html: the page.
            md: the Markdown.
            ics: the calendar.

        Returns:
            (what it is, the file) for each file.

        Raises:
            InputError: a name does not end as such a file does, or it cannot be written.
        """
        targets = target_files(html=html, md=md, ics=ics)
        made = {"html": lambda: self.html, "md": lambda: self.markdown, "ics": lambda: self.calendar}
        contents = {form: made[form]().encode() for form in targets}
        for form, path in targets.items():
            write_public(path, contents[form])
        return tuple((_NAMES[form], path) for form, path in targets.items())

    def _repr_html_(self) -> str:
        return summary_html(self.report)

    def __repr__(self) -> str:
        return f"<report on {self.report.deployment}: {self.report.light.value}>"

    def __str__(self) -> str:
        return self.markdown


def target_files(**files: str | PathLike[str] | None) -> dict[str, Path]:
    """Return the files to write, asked before the work is done.

    Args:
        **files: by form: `html`, `md`, `ics`.

    Returns:
        The paths by form, without those that nobody wants.

    Raises:
        InputError: a name does not end as such a file does, or it is a folder.
    """
    return output_files(_ENDINGS, files)
