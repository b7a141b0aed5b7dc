"""Findings read back from a document that a command has printed with `--json`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any

import pydantic

from pkikit.model.codec.leaves import LEAVES
from pkikit.model.codec.schema import document_type
from pkikit.model.findings import Finding
from pkikit.text import printable

MAX_FINDINGS, MAX_TEXT = 5_000, 2_000


@cache
def finding_adapter() -> pydantic.TypeAdapter[Finding]:
    """Reads what `Finding.to_json` writes. Its texts may come from anywhere: they are made safe to print."""
    safe = Annotated[str, pydantic.AfterValidator(lambda text: printable(text, MAX_TEXT))]
    return pydantic.TypeAdapter(document_type(Finding, {**LEAVES, str: safe}, ignore_unknown=True))


def read_findings(text: str) -> tuple[Finding, ...] | None:
    """Return the findings of a report, without duplicates; None for another document, such as a trace.

    This skips a member of a list of findings that does not have the shape of a finding.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    legs = document.get("legs")
    parts = legs if isinstance(legs, list) else [document]
    lists = [part["findings"] for part in parts if isinstance(part, dict) and isinstance(part.get("findings"), list)]
    if not lists:
        return None
    found: dict[Finding, None] = {}
    for finding in _findings(lists):
        if len(found) < MAX_FINDINGS:
            found[finding] = None
    return tuple(found)


def _findings(lists: list[list[Any]]) -> Iterator[Finding]:
    for listed in lists:
        for value in listed:
            try:
                yield finding_adapter().validate_python(value)
            except pydantic.ValidationError:
                continue
