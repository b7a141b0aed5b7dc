"""What the notebooks import: sessions, pictures, tables, panels, exercise checks. Everything they show is decided below."""

from workbook.check import check_sans
from workbook.panels import san_designer
from workbook.render import (
    acme_answers,
    certificate_facts,
    diagnosis,
    legs,
    picture,
    request_facts,
    san_table,
    trace,
)
from workbook.session import LabSession, open_lab

__all__ = [
    "LabSession",
    "acme_answers",
    "certificate_facts",
    "check_sans",
    "diagnosis",
    "legs",
    "open_lab",
    "picture",
    "request_facts",
    "san_designer",
    "san_table",
    "trace",
]
