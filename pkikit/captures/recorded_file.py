"""`pkikit diagnose FILE`: find out what the file is, and answer; documents of pkikit, logs, and what tools print."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pkikit.errors import EncodingError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pkikit.captures.answer import CaptureAnswer
    from pkikit.judge.logs.log_text import LogDiagnosis
    from pkikit.model.findings import Finding, Verdict
    from pkikit.model.trace import HandshakeTrace

MAX_DOCUMENT = 32 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The answer about a file; groups: failures by connection, for logs. notes: what was not read."""

    verdict: Verdict
    causes: tuple[str, ...]
    groups: tuple[dict[str, Any], ...] = ()
    notes: tuple[str, ...] = ()


def of_file(
    path: Path | None,
    of_trace: Callable[[HandshakeTrace, str], tuple[Verdict, tuple[str, ...]]],
    progress: Callable[[int], None] | None = None,
) -> Answer | CaptureAnswer:
    """Answer about a file: a log, a packet capture, an archive of them, printed text, or a document of pkikit.

    Args:
        path: the file; None means standard input.
        of_trace: judges the trace of a handshake.
        progress: gets the number of packets of a capture since its last call.

    Returns:
        The answer.

    Raises:
        InputError: the file is of another kind, or nothing in it reports a failure or a success.
    """
    from pkikit.captures.answer import CaptureReading
    from pkikit.files.recognition.kinds import is_document, text_kind

    where = str(path) if path is not None else "standard input"
    reading = CaptureReading(where, progress=progress)
    reader = reading.reader
    head, damage = "", None
    try:
        for text in reading.texts_of(path):
            lines: Iterator[str] = text.lines
            head = text.head
            if not text.member and head.lstrip()[:1] in {"{", "["}:
                document, lines = _document(lines, where)
                if document is not None:
                    return _of_document(document, where, of_trace)
                if path is not None and path.suffix == ".json":
                    raise InputError("is not valid JSON", where=where)
            reader.read(lines, text.member, only_known=is_document(head))
    except EncodingError as error:
        damage = error
    if reading.has_connections:
        return reading.answer()
    reading.give_back()
    diagnosis = reader.diagnosis()
    if reading.captures and not diagnosis.recognised:
        return reading.answer()
    if damage is not None and not diagnosis.verdict.errors:
        raise damage
    if diagnosis.recognised:
        about = f" (The file {damage.message}; this is about the part before.)" if damage else ""
        return _of_log(diagnosis, about, reading.notes)
    what, instead = text_kind(head)
    if what != "text" and not diagnosis.records:
        raise InputError(f"is {what}, not a log; {instead}", where=where)
    more = f" ({'; '.join(reading.notes)})" if reading.notes else ""
    raise InputError(diagnosis.nothing + more, where=where)


def _of_log(diagnosis: LogDiagnosis, note: str = "", notes: tuple[str, ...] = ()) -> Answer:
    verdict = replace(diagnosis.verdict, question=diagnosis.verdict.question + note)
    return Answer(verdict=verdict, causes=diagnosis.causes, groups=diagnosis.groups, notes=notes)


def _document(lines: Iterator[str], where: str) -> tuple[Any, Iterator[str]]:
    """Return (the JSON document, no lines), or (None, the lines) for a log, also one with one JSON object per line."""
    first = list(itertools.islice(lines, 2))
    if len(first) == 2 and _json(first[0]) is not None and _json(first[1]) is not None:
        return None, itertools.chain(first, lines)
    first_lines, size = first, sum(map(len, first))
    for line in lines:
        first_lines.append(line)
        size += len(line) + 1
        if size > MAX_DOCUMENT:
            return None, itertools.chain(first_lines, lines)
    return _json("\n".join(first_lines)), iter(first_lines)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _of_document(
    document: Any, where: str, of_trace: Callable[[HandshakeTrace, str], tuple[Verdict, tuple[str, ...]]]
) -> Answer:
    from pkikit.judge.logs.log_text import diagnose_lines
    from pkikit.model.codec.findings import read_findings
    from pkikit.model.codec.trace import trace_from_json

    text = json.dumps(document)
    findings = read_findings(text)
    if findings is not None:
        return _of_report(document, findings, where)
    if isinstance(document, dict) and "steps" in document:
        verdict, causes = of_trace(trace_from_json(text, where=where), where)
        return Answer(verdict=verdict, causes=causes)
    diagnosis = diagnose_lines(
        json.dumps(document, indent=1, ensure_ascii=False).splitlines(), where=where, only_known=True
    )
    if diagnosis.recognised:
        return _of_log(diagnosis)
    raise InputError(
        "is JSON, but not a trace or a report of pkikit, and nothing in it reports a connection that failed; give what"
        " pkikit probe --save, expressway-sim check --json or pkikit verify --json wrote, or a log",
        where=where,
    )


def _of_report(document: Any, findings: tuple[Finding, ...], where: str) -> Answer:
    """Answer about a document that `check`, `probe` or `verify` printed: its findings, ranked over all legs."""
    from pkikit.model.findings import Evidence, Severity, Verdict
    from pkikit.rules.catalogue import all_rules, rank_causes
    from pkikit.rules.connection_rules import UNEXPLAINED

    if document.get("accepted") is not True and not any(f.severity is Severity.ERROR for f in findings):
        seen = "accepted: false" if document.get("accepted") is False else "no word on whether it was accepted"
        evidence = Evidence(label="report", expected="accepted: true, or an error", seen=seen, where=where)
        findings = (*findings, UNEXPLAINED.finding(where, [evidence]))
    verdict = Verdict(
        question=f"what has to be fixed of what {where} reports?",
        findings=findings,
        checked=tuple(rule.id for rule in all_rules()),
    )
    return Answer(verdict=verdict, causes=rank_causes(findings))
