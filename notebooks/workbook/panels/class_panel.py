"""The class at a glance, from the reports in a folder."""

from __future__ import annotations

import ipywidgets as widgets

from workbook.course.class_report import class_report
from workbook.html import PanelOutput
from workbook.panels.base import Panel, with_label


def class_panel(folder: str = "reports") -> Panel:
    """Show how far the class is.

    Args:
        folder: where the reports are that learners saved with `save_report`; it can be changed in the panel.
    """
    where = with_label(widgets.Text, "Folder with the reports", value=folder, continuous_update=False)

    def show(folder: str) -> PanelOutput:
        report = class_report(folder)
        return PanelOutput(html=report._repr_html_(), text=str(report))

    return Panel("Class at a glance", {"folder": where}, show, buttons={"Read the reports again": lambda folder: None})
