"""What the notebooks import: sessions, pictures, tables, panels, exercise checks. Everything they show is decided below."""

from workbook.acme import (
    acme_story,
    attempts,
    audit_table,
    objections,
    outcome,
    renewal_years,
    sunset_picture,
    ways_out,
    years_picture,
)
from workbook.check import check_choice, check_names, check_sans
from workbook.exercises import check_asked_hosts, check_exercise, check_ways_out
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
    "acme_story",
    "attempts",
    "audit_table",
    "certificate_facts",
    "check_asked_hosts",
    "check_choice",
    "check_exercise",
    "check_names",
    "check_sans",
    "check_ways_out",
    "diagnosis",
    "legs",
    "objections",
    "open_lab",
    "outcome",
    "picture",
    "renewal_years",
    "request_facts",
    "san_designer",
    "san_table",
    "sunset_picture",
    "trace",
    "ways_out",
    "years_picture",
]
