"""Captures and logs in, one answer out: each connection with the evidence of both, and the causes of those that failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography import x509

from pkikit.captures.capture_contents import CaptureContents
from pkikit.captures.joining import LogJoin
from pkikit.errors import EncodingError, InputError
from pkikit.extras import MissingExtra
from pkikit.files.logs import LogText, read_logs
from pkikit.files.recognition.kinds import is_document
from pkikit.files.streams.peeked import Readable
from pkikit.handshake.decoding.key_log import KeyLog
from pkikit.judge.capture_causes import Assessment, Assessor, Became, LoggedLine
from pkikit.judge.capture_findings import Group, finding_of, group_failures, group_json
from pkikit.judge.diagnose import CHECKED
from pkikit.judge.logs.failures import LogOutcome
from pkikit.judge.logs.log_text import CHECKED as LOG_CHECKED
from pkikit.judge.logs.log_text import LogDiagnosis, LogReader
from pkikit.judge.logs.records import Record
from pkikit.model.captured_tls import CapturedConnection
from pkikit.model.certificates.bundle import is_ca
from pkikit.model.findings import Verdict
from pkikit.rules.catalogue import CATALOGUE
from pkikit.text import counted

if TYPE_CHECKING:
    from pkikit.captures.analysis import CaptureAnalyzer

MAX_FINDINGS, MAX_AUTHORITIES = 40, 2_000


@dataclass(frozen=True, kw_only=True)
class CaptureAnswer:
    """The answer about captures, and the logs that came with them.

    Attributes:
        verdict: accepted only if a handshake is known to be complete and none failed.
        causes: rule ids, the one to fix first in front.
        assessments: every connection.
        failures: failed connections, the same failure once.
        notes: sentences about what was not read or not assessed.
        names: host names of addresses, as the logs give them.
        packets: how many packets were read.
        log: the answer about failures that only logs report; None without logs.
    """

    verdict: Verdict
    causes: tuple[str, ...]
    assessments: tuple[Assessment, ...]
    failures: tuple[Group, ...]
    notes: tuple[str, ...]
    names: dict[str, str]
    packets: int
    log: LogDiagnosis | None = None

    @property
    def groups(self) -> tuple[dict[str, Any], ...]:
        """The failures as rows, as for a log; those that only logs report come last."""
        return (*(group_json(group, self.names) for group in self.failures), *(self.log.groups if self.log else ()))

    def in_state(self, state: Became) -> int:
        """Return how many connections are in a state."""
        return sum(1 for a in self.assessments if a.state is state)


class CaptureReading:
    """Reads files: captures go to the analyzers, logs are kept until every connection is known."""

    def __init__(
        self, where: str, key_log: bytes = b"", progress: Callable[[int], None] | None = None, *, several: bool = False
    ) -> None:
        """`progress` gets the number of packets since its last call. several: there is more than one file."""
        self._log, self._progress = KeyLog(), progress
        self._log.add(key_log)
        self._where = where
        self._join = LogJoin()
        self._several, self._in_archive = several, False
        self._analyzer: CaptureAnalyzer | None = None
        self.reader = LogReader(where, self._keep)
        self._found: list[CaptureContents] = []
        self._damage: list[str] = []
        self.captures = self.texts = 0

    def texts_of(self, path: Path | None) -> Iterator[LogText]:
        """Yield the texts of a file, and read the captures in it on the way.

        Args:
            path: the file; None is standard input.

        Yields:
            One text after the other, for `reader`.

        Raises:
            EncodingError: the file is damaged before the first capture in it.
        """
        before = self.captures
        self._begin()
        try:
            for text in read_logs(path, partial(self._take, path)):
                self._in_archive = bool(text.member)
                self.texts += 1
                yield text
        except EncodingError as error:
            if self.captures == before:
                raise
            self._damage.append(str(error))
        finally:
            if self._analyzer is not None:
                self._found.append(self._analyzer.finish())

    def _begin(self) -> None:
        """A file begins: the captures in it are of one machine."""
        self._analyzer = None

    def _keep(self, outcome: LogOutcome, record: Record, place: str) -> bool:
        return (self._several or self._in_archive) and self._join.keep(outcome, record, place)

    def _take(self, path: Path | None, stream: Readable, member: str) -> None:
        try:
            from pkikit.captures.analysis import CaptureAnalyzer  # dpkt is in an extra, and logs need none
        except MissingExtra as error:
            if not member:
                raise
            self._damage.append(f"{member} was not read: {error.message}")
            return
        self.captures += 1
        self._analyzer = analyzer = self._analyzer or CaptureAnalyzer(self._log, self._progress)
        name = path.name if path is not None else "standard input"
        analyzer.read(stream, member or name, Path(member).name if member else "")

    @property
    def notes(self) -> tuple[str, ...]:
        """What was not read of the files, in sentences."""
        return tuple(self._damage)

    @property
    def has_connections(self) -> bool:
        """A capture has TLS in it."""
        return any(captured.connections for captured in self._found)

    def read(self, path: Path | None) -> None:
        """Read a file: captures, logs, or an archive of both."""
        for text in self.texts_of(path):
            self.reader.read(text.lines, text.member, only_known=is_document(text.head))

    def give_back(self, connections: Sequence[CapturedConnection] = ()) -> dict[int, tuple[LoggedLine, ...]]:
        """Let the reader count the kept lines that belong to none of these connections, and return the others."""
        joined, unmatched = self._join.match(connections)
        for line in unmatched:
            self.reader.count(*line)
        return joined

    def answer(self) -> CaptureAnswer:
        """Return the answer about everything that was read.

        Returns:
            The answer.

        Raises:
            InputError: nothing in it is TLS, or no handshake in it is complete or failed.
        """
        captured = _merged(self._found)
        joined = self.give_back(captured.connections)
        assessor = Assessor(_authorities(captured))
        assessments = tuple(assessor.assess(c, joined.get(n, ())) for n, c in enumerate(captured.connections))
        diagnosis = self.reader.diagnosis() if self.texts else None
        log = diagnosis if diagnosis is not None and diagnosis.verdict.errors else None
        notes = (*captured.notes, *self._damage)
        self._refuse_nothing(assessments, log, captured, notes)
        groups = group_failures(assessments)
        names = self.reader.names
        findings = [finding_of(group, names) for group in groups[:MAX_FINDINGS]]
        rest = log.verdict.findings if log else ()
        told = (
            *CATALOGUE.causes(findings),
            *(cause for g in groups for cause in g.causes),
            *(log.causes if log else ()),
        )
        verdict = Verdict(
            question=f"why did the connections of {self._where} fail?",
            findings=(*findings, *rest),
            checked=tuple(sorted({*CHECKED, *LOG_CHECKED})),
        )
        return CaptureAnswer(
            verdict=verdict, causes=tuple(dict.fromkeys(told)), assessments=assessments, failures=groups, notes=notes,
            names=names, packets=captured.packets, log=log,
        )  # fmt: skip

    def _refuse_nothing(
        self,
        assessments: Sequence[Assessment],
        log: LogDiagnosis | None,
        captured: CaptureContents,
        notes: Sequence[str],
    ) -> None:
        if log is not None or any(a.is_down or a.state is Became.UP for a in assessments):
            return
        more = f" ({'; '.join(notes)})" if notes else ""
        if assessments:
            what = f"has {counted(len(assessments), 'TLS connection')}, and the end of no handshake is in it; capture for longer"
        elif captured.packets:
            what = (
                f"has {counted(captured.packets, 'packet')} and no TLS handshake; start the capture before the connection"
                " is opened"
            )
        else:
            what = "has no packet in it; capture on the interface that carries the connection"
        raise InputError(f"is a packet capture that {what}{more}", where=self._where)


def _merged(found: Sequence[CaptureContents]) -> CaptureContents:
    """Put the captures of several machines together; the same handshake in two of them counts once."""
    merged = CaptureContents()
    seen: set[tuple[object, ...]] = set()
    for captured in found:
        for connection in captured.connections:
            key = (connection.client, connection.server, connection.client_random)
            if connection.client_random and key in seen:
                continue
            seen.add(key)
            merged.connections.append(connection)
        merged.packets += captured.packets
        merged.others += captured.others
        merged.middle += captured.middle
        merged.left_out += captured.left_out
        merged.notes += [note for note in captured.notes if note not in merged.notes]
    merged.connections.sort(key=lambda c: c.began)
    return merged


def _authorities(captured: CaptureContents) -> list[x509.Certificate]:
    """Return every CA certificate that somebody sent."""
    found: dict[x509.Certificate, None] = {}
    for connection in captured.connections:
        for chain in (connection.server_chain, connection.client_chain):
            for certificate in chain.certificates if chain else ():
                if certificate not in found and len(found) < MAX_AUTHORITIES and is_ca(certificate):
                    found[certificate] = None
    return list(found)


def diagnose_captures(
    paths: Sequence[Path], *, key_log: bytes = b"", progress: Callable[[int], None] | None = None
) -> CaptureAnswer:
    """Diagnose captures, with the logs that come with them.

    Args:
        paths: captures, logs, and archives of them.
        key_log: lines of a TLS key log.
        progress: gets the number of packets since its last call.

    Returns:
        The answer.

    Raises:
        InputError: a file cannot be read, has no capture in it, or has no TLS in it.
    """
    where = ", ".join(map(str, paths[:3])) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
    reading = CaptureReading(where, key_log, progress, several=len(paths) > 1)
    for path in paths:
        reading.read(path)
    if not reading.captures:
        raise InputError("has no packet capture in it", where=where)
    return reading.answer()
