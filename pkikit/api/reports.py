"""Build a report from a folder or a deployment file."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from pkikit.api.inputs import path_of
from pkikit.report.content.build import build_report as build
from pkikit.report.given.given import read_given
from pkikit.report.given.house_rules_file import load_house_rules
from pkikit.report.written.finished_report import FinishedReport
from pkikit.values.instants import parse_instant


def build_report(
    path: str | os.PathLike[str],
    *,
    certs: str | os.PathLike[str] | None = None,
    at: datetime | str | None = None,
    version: str | None = None,
    house_rules: str | os.PathLike[str] | None = None,
) -> FinishedReport:
    """Report on a deployment from the files of its machines; what nobody gave is not assessed.

    Args:
        path: an imported folder, a folder as for `--certs` with a deployment file in it or next to it, or a deployment file.
        certs: the folder of the certificates, if it is another one.
        at: the time to judge for: aware datetime or ISO text; now if it is left out.
        version: product version, such as `X15.5`; it replaces the one in the file.
        house_rules: a file with rules of your own.

    Returns:
        The report: `answer`, `html`, `markdown`, `calendar`, `to_json()`, `save(html=…, md=…, ics=…)`; `report` has the values.

    Raises:
        InputError: something cannot be read, or it is not what it should be.

    Examples:
        >>> pkikit.build_report("clustered-mra.yaml", at="2026-11-24T12:00:00Z").report.light.value
        'grey'
    """
    given = read_given(path_of(path, "path"), path_of(certs, "certs") if certs is not None else None, version=version)
    rules = load_house_rules(path_of(house_rules, "house_rules")) if house_rules is not None else None
    return FinishedReport(build(given, parse_instant(at, datetime.now(UTC)), rules=rules))
