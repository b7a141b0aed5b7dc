"""Results as SARIF 2.1.0 (OASIS, with errata 01), within what GitHub code scanning takes.

What GitHub asks for beyond the standard: a location and a message for each result, `primaryLocationLineHash` among the
fingerprints, at most 25,000 results and rules, texts of rules up to 1024 characters.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pkikit.ci_results.comparison import Comparison
from pkikit.ci_results.found_cases import Case, Place, Results, is_open
from pkikit.ci_results.identity import fingerprint
from pkikit.ci_results.rule_texts import LEVELS, RuleText, text_of
from pkikit.model.findings import Finding, Severity
from pkikit.text import counted, printable

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
BASE = "SRCROOT"
MAX_RESULTS = 25_000
_LINE, _MESSAGE, _PIECES = 1000, 4000, 6
_WEIGHTS = (Severity.ERROR, Severity.WARNING, Severity.INFO)


def sarif(results: Results, root: Path, *, version: str, exit_code: int, comparison: Comparison | None = None) -> bytes:
    """Return a SARIF log with one run.

    Args:
        results: what was found.
        root: an absolute folder, to which the paths of files are relative; the top of the repository.
        version: the version of the program.
        exit_code: the exit code of the command.
        comparison: the same beside an earlier run; says of each result whether it is new.

    Returns:
        The document, in UTF-8.
    """
    found = sorted(
        ((case, finding) for case in results.cases for finding in case.all_findings),
        key=lambda pair: _WEIGHTS.index(pair[1].severity),  # stable: the errors are the last to be cut off
    )
    shown = found[:MAX_RESULTS]
    ids = list(dict.fromkeys((*results.checked, *(finding.rule for _, finding in found))))
    index = {rule: number for number, rule in enumerate(ids)}
    fixes = {finding.rule: finding for _, finding in reversed(found)}
    texts = [text_of(rule, fixes.get(rule)) for rule in ids]
    run: dict[str, Any] = {
        "tool": {"driver": _driver(results, version, texts)},
        "automationDetails": {"id": _category(results)},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {BASE: _base(root)},
        "invocations": [_invocation(exit_code, len(found) - len(shown))],
        "results": [
            _result(case, finding, index[finding.rule], root, comparison) for case, finding in shown
        ],
        "properties": {"accepted": results.accepted, **({"at": results.at} if results.at else {})},
    }  # fmt: skip
    if comparison is not None:
        # As results with the state "absent", GitHub would show them as open.
        run["properties"]["fixed"] = [entry.to_json() for entry in comparison.fixed[:MAX_RESULTS]]
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return (json.dumps(log, indent=1, ensure_ascii=False) + "\n").encode()


def _driver(results: Results, version: str, texts: Sequence[RuleText]) -> dict[str, Any]:
    return {
        "name": results.program,
        "fullName": f"{results.program} {version} (Expressway Certificate Lab)",
        "version": version,
        "semanticVersion": version,
        "rules": [text.to_sarif() for text in texts],
    }


def _category(results: Results) -> str:
    """Return what tells the uploads of one pipeline apart: what is before the last slash."""
    scope = quote(printable(results.scope, _LINE), safe=" ").replace("/", "-")
    return "/".join(filter(None, (results.program, results.command, scope))) + "/"


def _base(root: Path) -> dict[str, Any]:
    return {
        "uri": f"file://{_quoted(root.as_posix().rstrip('/'))}/",
        "description": {"text": "The folder to which the paths of files are relative."},
    }


def _invocation(exit_code: int, left_out: int) -> dict[str, Any]:
    """Return how the run ended. An answer of no is a successful execution."""
    meanings = {0: "accepted", 1: "the answer is no"}
    invocation: dict[str, Any] = {
        "executionSuccessful": True,
        "exitCode": exit_code,
        "exitCodeDescription": meanings.get(exit_code, "bad input"),
    }
    if left_out:
        text = f"{counted(left_out, 'result')} left out: the limit is {MAX_RESULTS:,}"
        invocation["toolExecutionNotifications"] = [{"level": "warning", "message": {"text": text}}]
    return invocation


def _result(case: Case, finding: Finding, index: int, root: Path, comparison: Comparison | None) -> dict[str, Any]:
    known_by = fingerprint(finding, case)
    unknown = is_open(finding)
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        # Insufficient information to decide is neither a pass nor a fail; its level has to be none.
        "kind": "open" if unknown else "fail",
        "level": "none" if unknown else LEVELS[finding.severity],
        "message": {"text": _message(case, finding)},
        "locations": [_location(case, finding, root)],
        "partialFingerprints": {"pkikitFinding/v1": known_by, "primaryLocationLineHash": f"{known_by[:16]}:1"},
        "properties": {"subject": printable(finding.subject, _LINE), "case": printable(case.id, _LINE)},
    }
    if comparison is not None:
        result["baselineState"] = "unchanged" if comparison.is_known(case, finding) else "new"
    return result


def _message(case: Case, finding: Finding) -> str:
    """Return what is wrong and what to do. Texts come from certificates: escaped, bounded, and no link of SARIF."""
    where = "" if finding.subject in {case.id, case.name} else f"{case.name}: "
    first, *more = finding.lines[:_PIECES] or (finding.message,)
    lines = (f"{where}{finding.subject}: {first}", *more, f"Fix: {finding.fix}")
    said = dict.fromkeys(printable(line, _LINE) for text in lines for line in text.splitlines())
    return printable_links("\n".join(said))[:_MESSAGE]


def printable_links(text: str) -> str:
    """Return a message in which nothing is an embedded link (SARIF 2.1.0, 3.11.6) or a placeholder (3.11.5)."""
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace("{", "{{").replace("}", "}}")


def _location(case: Case, finding: Finding, root: Path) -> dict[str, Any]:
    place = case.place_of(finding) or Place(file=".")
    physical: dict[str, Any] = {
        "artifactLocation": artifact(place.file, root),
        "region": {"startLine": place.line or 1},
    }
    logical = {"name": printable(case.name, _LINE), "fullyQualifiedName": printable(case.id, _LINE), "kind": "resource"}
    return {"physicalLocation": physical, "logicalLocations": [logical]}


def artifact(file: str, root: Path) -> dict[str, str]:
    """Return where a file is: relative to the root if it is below it."""
    path = Path(os.path.abspath(file))  # noqa: PTH100 - a link keeps its name
    if path.is_relative_to(root):
        return {"uri": _quoted(path.relative_to(root).as_posix()), "uriBaseId": BASE}
    return {"uri": f"file://{_quoted(path.as_posix())}"}


def _quoted(path: str) -> str:
    return quote(os.fsencode(path), safe="/-._~")
