"""Results as JUnit XML: what Jenkins, GitLab and others show as tests.

One test case for each file or connection. A failure is an error that was found, `skipped` is what was not assessed or what an
earlier run knew already, `error` is what could not be judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from xml.etree import ElementTree as Xml

from pkikit.ci_results.comparison import Comparison
from pkikit.ci_results.found_cases import Case, CaseState, Place, Results
from pkikit.model.findings import Finding, Severity
from pkikit.text import counted, printable

_MESSAGE, _LINE, _TEXT = 300, 2000, 20_000


def junit(results: Results, comparison: Comparison | None = None) -> bytes:
    """Return JUnit XML.

    Args:
        results: what was found.
        comparison: the same beside an earlier run; a case whose errors are all known is skipped.

    Returns:
        The document, in UTF-8.
    """
    suites = Xml.Element("testsuites", name=f"{results.program} {results.command}")
    groups: dict[str, list[Case]] = {}
    for case in results.cases:
        groups.setdefault(case.group or results.scope, []).append(case)
    total: Counter[str] = Counter()
    for group, cases in groups.items():
        name = " ".join(filter(None, (results.program, results.command, printable(group, _MESSAGE))))
        suite = Xml.SubElement(suites, "testsuite", name=name)
        counts = Counter(_add_case(suite, case, results, comparison) for case in cases)
        _count(suite, counts, len(cases))
        total += counts
    _count(suites, total, len(results.cases))
    Xml.indent(suites)
    text = Xml.tostring(suites, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()


def _count(element: Xml.Element, counts: Counter[str], tests: int) -> None:
    element.set("tests", str(tests))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        if attribute != "skipped" or element.tag == "testsuite":  # some schemas have no such attribute on testsuites
            element.set(attribute, str(counts[tag]))
    element.set("time", "0")


def _add_case(suite: Xml.Element, case: Case, results: Results, comparison: Comparison | None) -> str:
    """Add one test case; return the name of what it has, empty if it passed."""
    of = ".".join(filter(None, (results.program, results.command, case.group or results.scope)))
    attributes = {"name": printable(case.name, _LINE), "classname": printable(of, _LINE), "time": "0"}
    element = Xml.SubElement(suite, "testcase", attributes)
    errors = [f for f in case.all_findings if f.severity is Severity.ERROR]
    new = [f for f in errors if comparison is None or not comparison.is_known(case, f)]
    tag, message, text = "", "", ""
    if case.state is CaseState.BROKEN and new:
        tag, message, text = "error", case.why, case.why
    elif new:
        more = f" (and {len(new) - 1} more)" if new[1:] else ""
        tag, message, text = "failure", f"{new[0].rule}: {new[0].message}{more}", _text(new, case)
    elif errors:
        tag, message = "skipped", f"known before: {', '.join(dict.fromkeys(f.rule for f in errors))}"
    elif case.state is CaseState.OPEN:
        tag, message = "skipped", f"not assessed: {case.why or 'files are missing'}"
    elif case.open_findings:
        more = f" (and {len(case.open_findings) - 1} more)" if case.open_findings[1:] else ""
        tag, message = "skipped", f"{case.open_findings[0].message}{more}"
    if tag:
        child = Xml.SubElement(element, tag, message=printable(message, _MESSAGE))
        if tag != "skipped":
            child.set("type", errors[0].rule)
            child.text = text[:_TEXT]
    _add_output(element, case)
    return tag


def _add_output(element: Xml.Element, case: Case) -> None:
    """Add what is worth knowing and no failure: the remark, warnings and notes."""
    others = [f for f in case.findings if f.severity is not Severity.ERROR]
    said = [printable(case.remark, _LINE)] if case.remark else []
    if others:
        said += [counted(len(others), "warning or note", "warnings and notes"), _text(others, case)]
    if said:
        Xml.SubElement(element, "system-out").text = "\n".join(said)[:_TEXT]


def _text(findings: Iterable[Finding], case: Case) -> str:
    return "\n\n".join(_paragraph(found, case.place_of(found)) for found in findings)


def _paragraph(found: Finding, place: Place | None) -> str:
    """Return a finding as text. Its file is here: the schema of Jenkins has no attribute for it in a test case."""
    where = () if place is None else (f"File: {place.file}{f', line {place.line}' if place.line else ''}",)
    lines = (f"{found.severity.value}: {found.rule}  {found.subject}", *found.lines, f"Fix: {found.fix}", *where)
    return "\n".join(printable(line, _LINE) for text in lines for line in text.splitlines())
