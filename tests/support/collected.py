"""Which tests carry a marker: from the tests that this run has collected itself, or from a collection in a process of its own.

A run of whole folders (as in `make test`) has collected what is asked for already, each of its workers for itself. Any other
run, such as that of one file, starts one process for the folders that it lacks.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.places import ROOT

MARKERS = ("fires", "near_miss", "product")
Marked = dict[str, dict[str, list[str]]]
"""Marker → its argument → the ids of the tests that carry it."""
_REPORT = "COLLECTED_REPORT"

_sessions: list[pytest.Session] = []


def pytest_collection_finish(session: pytest.Session) -> None:
    """Keep what was collected; write it where `marked` asks for it."""
    _sessions[:] = [session]
    report = os.environ.get(_REPORT)
    if report:
        Path(report).write_text(json.dumps(_marked(session.items)), encoding="utf-8")


def marked(*folders: str) -> Marked:
    """The marked tests of some folders, such as `tests/unit`."""
    whole = _whole_folders()
    mine = [f for f in folders if f in whole]
    items = (
        [item for item in _sessions[0].items if item.nodeid.startswith(tuple(f"{f}/" for f in mine))] if mine else []
    )
    found = _marked(items)
    if others := tuple(f for f in folders if f not in whole):
        for marker, rows in _collect(others).items():
            for argument, tests in rows.items():
                found[marker].setdefault(argument, []).extend(tests)
    return found


def _whole_folders() -> set[str]:
    """The folders that this run was asked for, if it left out no test of them."""
    if not _sessions:
        return set()
    config = _sessions[0].config
    if any(config.getoption(name, default=None) for name in ("keyword", "markexpr", "deselect", "lf", "ignore")):
        return set()
    return {os.path.relpath(config.invocation_params.dir / argument, ROOT) for argument in config.args}


def _marked(items: Sequence[pytest.Item]) -> Marked:
    found: Marked = {marker: {} for marker in MARKERS}
    for item in items:
        for name in MARKERS:
            for marker in item.iter_markers(name):
                for argument in marker.args:
                    found[name].setdefault(argument, []).append(item.nodeid)
    return found


@cache
def _collect(folders: tuple[str, ...]) -> Marked:
    assert _REPORT not in os.environ, "the process that collects the tests must not ask which are marked"
    with TemporaryDirectory() as scratch:
        report = Path(scratch) / "collected.json"
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--collect-only", *folders],
            cwd=ROOT,
            env={**os.environ, _REPORT: str(report)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        found: Marked = json.loads(report.read_text(encoding="utf-8"))
        return found
