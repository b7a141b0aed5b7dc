"""Why did connections fail? The answer from a log, or from what a program printed: causes with the lines as evidence.

The answer is never "yes" without a line that reports a success, and a failure that no row of the phrase table explains
is a finding. The steps: `judge.logs.records` (lines), `.failures` (what one record reports), `.groups` (connections),
`.log_advice` (fixes); the wordings are in `judge.phrases`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from pkikit.errors import InputError
from pkikit.judge.logs.failures import Connection, LogOutcome, connection_of_text, read_record, relevant
from pkikit.judge.logs.groups import Collector, Entry, is_scanner, rank_entries
from pkikit.judge.logs.log_advice import Ends, fix_for, statement, times
from pkikit.judge.logs.records import Record, RecordReader
from pkikit.judge.phrases import PHRASES, Writer
from pkikit.model.findings import NO_FAILURE, Evidence, Finding, Severity, Verdict
from pkikit.rules.catalogue import RULES, rule_of
from pkikit.rules.connection_rules import UNEXPLAINED
from pkikit.rules.name_rules import IP_ADDRESS_USED
from pkikit.text import counted
from pkikit.values.names import printable

MAX_FINDINGS, MAX_GROUPS, MAX_EVIDENCE = 40, 60, 20
CHECKED = (
    {row.rule for row in PHRASES if row.rule}
    | {rule.id for rule in RULES if rule.openssl}
    | {IP_ADDRESS_USED.id, UNEXPLAINED.id}
)
# Words that show which end of the connection a tool is.
_CLIENT_TOOLS = (
    "connected(0", "server certificate", "* connected to", "curl: (", "*   trying", "urllib.error.urlerror", "urllib3.exceptions",
    "requests.exceptions", "httpx.", "aiohttp.client_exceptions", "    at tlssocket.onconnectsecure",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class LogDiagnosis:
    """The answer about a log: the verdict, the causes, the groups of failures, and how much was read."""

    verdict: Verdict
    causes: tuple[str, ...]
    groups: tuple[dict[str, Any], ...]
    left_out: int  # failures beyond what is kept apart
    lines: int
    records: int  # of the product's own form
    successes: int

    @property
    def recognised(self) -> bool:
        """False when the text allows no conclusion: it has no failure, and no success that a tool printed.

        One handshake that succeeded in a log of the product says nothing about the others.
        """
        return bool(self.verdict.errors) or (self.successes > 0 and not self.records)

    @property
    def nothing(self) -> str:
        """The sentence for a text in which nothing was recognised."""
        if self.records:
            return (
                f"is a log of {counted(self.records, 'record')}, and none of them reports a connection"
                " that failed; give the log that covers the time of the failure, or that of the machine on the other side"
            )
        return _NOTHING


def diagnose_text(text: str, *, where: str) -> tuple[Verdict, tuple[str, ...]]:
    """Diagnose a log or a tool's output.

    Args:
        text: the whole text.
        where: what the text is, for messages.

    Returns:
        (verdict, rule ids of the causes); the most probable cause comes first.

    Raises:
        InputError: nothing in the text reports a failure or a success.
    """
    diagnosis = diagnose_lines(text.splitlines(), where=where)
    if not diagnosis.recognised:
        raise InputError(diagnosis.nothing, where=where)
    return diagnosis.verdict, diagnosis.causes


_NOTHING = (
    "nothing in it reports a connection that failed or succeeded; give the log that covers the failure (Event Log,"
    " diagnostic log), or what openssl s_client, openssl verify or curl -v printed"
)


Keep = Callable[[LogOutcome, Record, str], bool]


class LogReader:
    """Reads the lines of one or several texts, in order; `diagnosis` answers. Memory does not grow with the text."""

    def __init__(self, where: str, keep: Keep | None = None) -> None:
        """`keep` gets each outcome with its record and its place; where it returns True, the outcome does not count yet."""
        self._where, self._only_known, self._keep = where, False, keep
        self._dialled = Connection()  # where curl connected to; its later lines do not repeat it
        self._collector = Collector()
        self._lines = self._records = 0

    def read(self, lines: Iterable[str], member: str = "", *, only_known: bool = False) -> None:
        """Read a text to its end.

        member: its name, when it is one of several. only_known: ignore lines that only look like a failure; for documents
        that are not logs.
        """
        self._only_known, self._dialled = only_known, Connection()
        reader, prefix = RecordReader(), f"{member} " if member else ""
        number = 0
        for number, line in enumerate(lines, start=1):
            lowered = line.lower()
            if reader.quotes(line, lowered):
                continue
            if lowered.startswith(_CLIENT_TOOLS):
                self._collector.tool(Writer.CLIENT)
                self._dialled = connection_of_text(line) if lowered.startswith("* connected") else self._dialled
            wanted = relevant(lowered)
            if not wanted and "=" not in line and reader.skips(line):
                continue
            for record in reader.feed(number, line, lowered, relevant=wanted):
                self._take(record, prefix)
        for record in reader.flush():
            self._take(record, prefix)
        self._lines += number
        self._records += reader.structured

    def _take(self, record: Record, prefix: str) -> None:
        outcome = read_record(record)
        if outcome is None or (self._only_known and outcome.rule == UNEXPLAINED.id and not outcome.structured):
            return
        if self._dialled.known and not outcome.connection.known and record.text.startswith(("* ", "curl: (")):
            outcome = replace(outcome, connection=self._dialled)
        place = f"{prefix}line {record.number}"
        if self._keep is not None and self._keep(outcome, record, place):
            self._collector.learn(outcome, record)
        else:
            self.count(outcome, record, place)

    def count(self, outcome: LogOutcome, record: Record, place: str) -> None:
        """Count what a record reports."""
        self._collector.add(outcome, record, place)

    @property
    def names(self) -> dict[str, str]:
        """Addresses with the host names that the lines give them."""
        return self._collector.names

    def diagnosis(self) -> LogDiagnosis:
        """Return the answer about everything that was read."""
        collected = self._collector.result()
        entries = rank_entries(collected.entries)
        known = [e for e in entries if e.rule != UNEXPLAINED.id]
        unexplained = [e for e in entries if e.rule == UNEXPLAINED.id]
        findings = [self._finding(several, collected.names) for several in _by_finding(known)]
        weighty = [e for e in unexplained if not known or (e.outcome.structured and e.key.connection.known)]
        if unexplained:
            findings.append(self._report_unexplained(weighty or unexplained, collected.names, error=bool(weighty)))
        causes = tuple(dict.fromkeys(e.rule for e in entries if e.rule != UNEXPLAINED.id or e in weighty))
        verdict = Verdict(
            question=f"why did the connections of {self._where} fail?",
            findings=tuple(findings),
            checked=tuple(sorted(CHECKED)),
        )
        return LogDiagnosis(
            verdict=verdict, causes=causes, left_out=collected.overflow, lines=self._lines, records=self._records,
            successes=collected.successes, groups=tuple(_group(e, collected.names) for e in entries[:MAX_GROUPS]),
        )  # fmt: skip

    def _finding(self, entries: list[Entry], names: dict[str, str]) -> Finding:
        first = entries[0]
        ends = Ends.of(first, names)
        more = f"; {len(entries) - 1} more like it" if len(entries) > 1 else ""
        evidence = [self._evidence(e, names) for e in entries[:MAX_EVIDENCE]]
        message = statement(first, ends) + more
        # Also a rule that only warns when it lints a certificate: here a connection has failed because of it.
        made = rule_of(first.rule).finding(str(ends) or self._where, evidence, message=message, severity=Severity.ERROR)
        return replace(made, fix=fix_for(first, ends))

    def _report_unexplained(self, entries: list[Entry], names: dict[str, str], *, error: bool) -> Finding:
        count = sum(e.count for e in entries)
        return UNEXPLAINED.finding(
            self._where,
            [self._evidence(e, names) for e in sorted(entries, key=lambda e: -e.count)[:MAX_EVIDENCE]],
            message=f"{counted(count, 'failure')} that pkikit cannot explain;"
            f" the first: {printable(entries[0].outcome.seen.strip(), 160)}",
            severity=Severity.ERROR if error else Severity.INFO,
        )

    def _evidence(self, entry: Entry, names: dict[str, str]) -> Evidence:
        ends = str(Ends.of(entry, names))
        label = f"{entry.line}{f', {ends}' if ends else ''}{times(entry)}"
        return Evidence(
            label=label, expected=NO_FAILURE, seen=printable(entry.outcome.seen.strip(), 160), where=self._where
        )


def diagnose_lines(lines: Iterable[str], *, where: str, only_known: bool = False) -> LogDiagnosis:
    """Return the answer about the lines of one text; `only_known` as for `LogReader.read`."""
    reader = LogReader(where)
    reader.read(lines, only_known=only_known)
    return reader.diagnosis()


def _by_finding(entries: list[Entry]) -> list[list[Entry]]:
    """Group entries into findings: one per connection; scanners, and lines without a connection, one per rule."""
    found: dict[tuple[object, ...], list[Entry]] = {}
    for entry in entries:
        alone = entry.key.connection.known and not is_scanner(entry) and len(found) < MAX_FINDINGS
        place = (entry.rule, entry.key.connection, entry.owner) if alone else (entry.rule, is_scanner(entry))
        found.setdefault(place, []).append(entry)
    return list(found.values())


def _group(entry: Entry, names: dict[str, str]) -> dict[str, Any]:
    """Return one row of the table of groups, for people and for JSON."""
    ends = Ends.of(entry, names)
    direction = {Writer.SERVER: "inbound", Writer.CLIENT: "outbound", Writer.UNKNOWN: ""}[entry.key.writer]
    return {
        "client": ends.client, "server": ends.server, "port": ends.port or None, "direction": direction,
        "cause": entry.rule, "count": entry.count, "first": printable(entry.first, 40), "last": printable(entry.last, 40),
        "seen": printable(entry.outcome.seen.strip(), 160), "hosts": sorted(printable(h, 80) for h in entry.hosts),
        "scanner": is_scanner(entry),
    }  # fmt: skip
