"""The answer about a deployment with the files of its machines: the report, condensed to one screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pkikit.judge.legs.known_parts import State as Connected
from pkikit.model.findings import Evidence, Finding
from pkikit.report.content.deployment_report import Light, Problem, Report
from pkikit.report.doctor.diagnosis import Diagnosis, Row, State
from pkikit.report.written.report_sentences import MARKS, WORDS, answer, by_service
from pkikit.rules.catalogue import rule_of
from pkikit.text import counted, listed, printable

_SHOWN = 4


def of_report(where: str, what: str, report: Report, *, kind: str, steps: Sequence[str]) -> Diagnosis:
    """Answer about a whole deployment.

    Args:
        where: the folder.
        what: what the folder is, for people.
        report: what `pkikit report` says about it.
        kind: the same in a word for programs.
        steps: what to do now; the first one leads to the whole report.

    Returns:
        The answer: wrong if a connection is down or a promise is broken; not assessed if one could not be judged, or if the files
        contradict each other.
    """
    known = report.complete and report.promises.kept and not report.notes.contradictions
    return Diagnosis(
        thing=where,
        kind=kind,
        what=what,
        state=State.WRONG if report.light is Light.RED else State.FINE if known else State.NOT_ASSESSED,
        says=answer(report).rstrip("."),
        facts=tuple(_rows(report)),
        findings=(*(_finding(problem) for problem in report.problems), *report.promises.findings),
        checked=tuple(
            dict.fromkeys((*(problem.rule for problem in report.problems), *report.promises.verdict.checked))
        ),
        not_assessed=tuple(_not_assessed(report)),
        next_steps=tuple(steps),
        deeper=steps[0].partition("\n")[2],
    )


def _finding(problem: Problem) -> Finding:
    """Return the cause of connections that are down, with how many they are."""
    says = (
        f"{problem.says[0] if problem.says else problem.rule} Down: {counted(len(problem.connections), 'connection')}."
    )
    evidence = Evidence(label="connections", expected="up", seen=", ".join(problem.connections), says=says)
    finding = rule_of(problem.rule).finding(listed(problem.refused_by, at_most=2), [evidence])
    return replace(finding, fix=problem.fix or finding.fix)


def _rows(report: Report) -> Iterator[Row]:
    counts = report.counts
    yield "Deployment", f"{printable(report.deployment)}, {report.version}"
    yield "Connections", ", ".join(f"{counts[s]} {WORDS[s]}" for s in Connected if counts[s])
    lines = []
    for name, peers in by_service(report.services):
        for state in dict.fromkeys(line.state for line in peers):
            machines = listed([report.short.get(p.peer, p.peer) for p in peers if p.state is state])
            lines.append(f"{MARKS[state]} {name.label} on {machines}")
    yield "Services", lines[:_SHOWN] + ([f"and {counted(len(lines) - _SHOWN, 'more line')}"] if lines[_SHOWN:] else [])
    if report.soon:
        yield "Ends soon", f"{counted(len(report.soon), 'date')}, the first on {report.soon[0].at:%Y-%m-%d}"
    if report.notes.contradictions:
        yield "Contradictions", f"{len(report.notes.contradictions)} in the files"


def _not_assessed(report: Report) -> Iterator[str]:
    for gap in report.gaps[:_SHOWN]:
        yield f"The {gap.what} of {gap.machine}."
    if len(report.gaps) > _SHOWN:
        yield f"{counted(len(report.gaps) - _SHOWN, 'more file')} that nobody gave: the report lists them."
    yield "What the machines really do: no connection was made."
