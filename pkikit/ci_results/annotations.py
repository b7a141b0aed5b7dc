"""Errors of a SARIF file as lines that a GitHub workflow shows next to the files."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

# GitHub shows ten errors of a step.
_MOST = 10


def error_lines(log: dict[str, Any]) -> Iterator[str]:
    """Yield one line for each error that is not known from an earlier run, ten at most.

    Args:
        log: a SARIF log of ours.

    Yields:
        `::error file=…,line=…,title=…::message`.
    """
    errors = [
        result
        for result in log["runs"][0]["results"]
        if result["level"] == "error" and result.get("baselineState") != "unchanged"
    ]
    for result in errors[:_MOST]:
        place = result["locations"][0]["physicalLocation"]
        file, line = unquote(place["artifactLocation"]["uri"]), place["region"]["startLine"]
        message = _escaped(result["message"]["text"])
        yield f"::error file={_property(file)},line={line},title={_property(result['ruleId'])}::{message}"
    if len(errors) > _MOST:
        yield f"and {len(errors) - _MOST} more errors in the reports"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


if __name__ == "__main__":
    for found in error_lines(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))):
        sys.stdout.write(f"{found}\n")
