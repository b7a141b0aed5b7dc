"""The results of an earlier run, read from a file."""

from __future__ import annotations

import json
from pathlib import Path

from pkikit.ci_results.cases import results_of
from pkikit.ci_results.document_parts import NotResults
from pkikit.ci_results.found_cases import Results
from pkikit.errors import InputError
from pkikit.files import read_bytes

MAX_BASELINE = 256 * 1024 * 1024  # a fleet of 10,000 deployments


def read_baseline(path: Path, program: str, command: str) -> Results:
    """Read the results of an earlier run.

    Args:
        path: what the command printed with `--json`.
        program: the program, such as `pkikit`.
        command: the command, such as `lint`.

    Returns:
        The results.

    Raises:
        InputError: the file cannot be read, is cut off, or another command printed it.
    """
    made = f"make it with {program} {command} … --json > FILE"
    data = read_bytes(path, MAX_BASELINE, likely=(".json",))
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise InputError(f"is not a whole JSON document; {made}", where=str(path)) from None
    try:
        return results_of(program, command, document)
    except NotResults as error:
        raise InputError(f"is not the JSON output of {program} {command}: {error}; {made}", where=str(path)) from None
