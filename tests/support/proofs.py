"""Which tests prove which rules: the markers `fires` and `near_miss`, checked while a test runs and counted at collection.

    @pytest.mark.fires("rule.id")       the rule finds something in this test
    @pytest.mark.near_miss("rule.id")   the rule is asked in this test about something that only looks alike, and finds nothing

A marker is a claim, so the test run checks it: a test with `fires` fails unless a finding (or an EncodingError) of that
rule was made while it ran, one with `near_miss` fails unless a verdict checked the rule without finding it. Where the judge
runs in another process, or answers without a verdict, the marker says `watched=False`; the test's own assertions prove it then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import pytest

from pkikit.errors import EncodingError
from pkikit.model.findings import Finding, Verdict
from tests.support.collected import marked

KINDS = ("fires", "near_miss")

_fired: set[str] = set()
_missed: set[str] = set()


def _watch(kind: type[Any], note: Callable[[Any], None]) -> None:
    original = kind.__init__

    @wraps(original)
    def init(self: Any, *arguments: Any, **named: Any) -> None:
        original(self, *arguments, **named)
        note(self)

    kind.__init__ = init


def _note_verdict(verdict: Verdict) -> None:
    _missed.update(set(verdict.checked) - {f.rule for f in verdict.findings})


_watch(Finding, lambda made: _fired.add(made.rule))
_watch(EncodingError, lambda made: _fired.add(made.rule))
_watch(Verdict, _note_verdict)


def claims(item: pytest.Item, kind: str) -> Iterator[tuple[str, bool]]:
    """(rule id, whether the run checks it) of each marker of that kind on a test."""
    for marker in item.iter_markers(kind):
        for rule in marker.args:
            yield rule, marker.kwargs.get("watched", True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    _fired.clear()
    _missed.clear()
    result = yield
    for kind, observed in (("fires", _fired), ("near_miss", _missed)):
        absent = [rule for rule, watched in claims(item, kind) if watched and rule not in observed]
        if absent:
            pytest.fail(f"the test is marked {kind}({', '.join(absent)}), and it did not happen", pytrace=False)
    return result


def proofs() -> dict[str, dict[str, list[str]]]:
    """{"fires" | "near_miss": {rule id: ids of the tests that prove it}}."""
    found = marked("tests/unit", "tests/protocol", "tests/interop")
    return {kind: found[kind] for kind in KINDS}
