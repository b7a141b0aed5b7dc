"""Labs as tests start them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Literal

import pytest

from simulator.settings import LabSettings
from simulator.threaded import ThreadedLab
from tests.support.worlds import deployment

# Elliptic keys, which are made at once. With pages.
QUICK = LabSettings(rsa=False)
# Moreover, a TLS 1.3 client waits only briefly for a refusal that does not come.
IMPATIENT = replace(QUICK, unanswered=0.2)
# The same without web pages: what most tests of protocols need.
FAST = replace(IMPATIENT, pages=False)


def lab_of(name: str = "clustered-mra", settings: LabSettings = QUICK, **changes: Any) -> ThreadedLab:
    """A lab of a shipped deployment, not yet started; `changes` replace some of `settings`."""
    return ThreadedLab(deployment(name), settings=replace(settings, **changes))


def lab_fixture(
    name: str = "clustered-mra",
    settings: LabSettings = QUICK,
    *,
    scope: Literal["function", "module"] = "module",
    prepare: Callable[[ThreadedLab], object] = lambda lab: None,
    **changes: Any,
) -> Any:
    """A fixture that starts such a lab, prepares it and stops it: `lab = lab_fixture(…)` in a test module."""

    @pytest.fixture(scope=scope)
    def lab() -> Iterator[ThreadedLab]:
        with lab_of(name, settings, **changes) as running:
            prepare(running)
            yield running

    return lab
