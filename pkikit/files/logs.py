"""Logs from disk or standard input as lines: any encoding, plain or compressed, within limits, never loaded whole.

Every error that this module raises is an InputError or an EncodingError.
"""

from __future__ import annotations

import codecs
import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pkikit.errors import InputError
from pkikit.files.recognition.kinds import binary_kind, looks_binary
from pkikit.files.recognition.magic import is_capture, unicode_form
from pkikit.files.regular import open_regular
from pkikit.files.streams.members import Limits, Member, members_of
from pkikit.files.streams.peeked import CHUNK, DAMAGED, Peeked, Readable, refuse_damaged
from pkikit.text import printable

MAX_TEXT = 512 * 1024 * 1024  # of text, all members together
MAX_MEMBERS, MAX_LINE = 5_000, 65_536
MAX_SMALL, MAX_RATIO = (
    768 * 1024 * 1024,
    400,
)  # unpacked bytes of any compressed file, and of a large one for each of its own
# Members of a diagnostic archive and the like that are no logs.
_CAPTURES = (".pcap", ".pcapng")
_NO_LOGS = ("xconf_dump", "xstat_dump", ".pem", ".cer", ".crt", ".der", *_CAPTURES, ".xml", ".html", ".png", ".jpg",
            ".enc", ".yaml", ".yml")  # fmt: skip


# How files end that are probably meant where somebody names a folder.
_LOG_ENDINGS = (".log", ".txt", ".tar.gz", ".gz", ".zip", ".json")


@dataclass(frozen=True, kw_only=True)
class LogText:
    """One text: its name inside the file ("" if the file is the text), its first characters, and its lines."""

    member: str
    head: str
    lines: Iterator[str]


TakeCapture = Callable[[Readable, str], None]


class _Budget:
    """How much may still be read, and who takes packet captures."""

    def __init__(self, where: str, take_capture: TakeCapture | None) -> None:
        self.where, self.left = where, MAX_TEXT
        self.skipped: list[str] = []
        self.captures, self.take_capture = 0, take_capture

    def wants(self, name: str) -> bool:
        """False for a member of an archive that needn't be unpacked."""
        capture = self.take_capture is not None and name.lower().endswith(_CAPTURES)
        return capture or not _is_no_log(name)

    def take(self, amount: int) -> None:
        self.left -= amount
        if self.left < 0:
            raise InputError(f"contains more than {MAX_TEXT >> 20} MB of text, the most that is read", where=self.where)


def read_logs(path: Path | None, take_capture: TakeCapture | None = None) -> Iterator[LogText]:
    """Yield every text in a log file or an archive of logs. Read the lines of one before you ask for the next.

    Args:
        path: the file; None is standard input.
        take_capture: reads a packet capture, from its stream and its name in the archive, before the next text comes.
            Without it, captures are skipped or refused.

    Yields:
        One text after the other.

    Raises:
        InputError: the path is not a regular file, or the file is empty, damaged, too large or of another kind.
    """
    where = str(path) if path is not None else "standard input"
    budget = _Budget(where, take_capture)
    with contextlib.ExitStack() as stack:
        stream = stack.enter_context(open_regular(path, likely=_LOG_ENDINGS)) if path is not None else sys.stdin.buffer
        found = False
        try:
            first = Peeked(stream)
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror or error}", where=where) from None
        limits = Limits(
            where=where,
            unpacked=_most_unpacked(path),
            members=MAX_MEMBERS,
            wanted=budget.wants,
            passed=lambda name, _: budget.skipped.append(name),
        )
        for member in members_of(first, limits):
            for text in _text(member, budget):
                found = True
                yield text
        if not found and not budget.captures:
            skipped = (
                f" (only {', '.join(printable(name, 60) for name in budget.skipped[:5])})" if budget.skipped else ""
            )
            raise InputError(f"is an archive without a log in it{skipped}; give the log itself", where=where)


def _most_unpacked(path: Path | None) -> int | None:
    """Return how many bytes may come out of a compressed file. What packs much better than any log or capture is no log."""
    return max(MAX_SMALL, MAX_RATIO * path.stat().st_size) if path is not None else None


def _is_no_log(name: str) -> bool:
    lowered = name.lower()
    return any(part in lowered for part in _NO_LOGS[:2]) or lowered.endswith(_NO_LOGS[2:])


def _text(member: Member, budget: _Budget) -> Iterator[LogText]:
    """Yield the text of a file, if it is one.

    Args:
        member: the file, or the member of an archive.
        budget: how much may still be read.

    Yields:
        The text.

    Raises:
        InputError: the file was given by itself, and is empty or no text.
    """
    head, name = member.stream.head, member.name
    where = f"{budget.where}{f': {printable(name, 100)}' if name else ''}"
    if not head.strip():
        if name:
            return
        raise InputError("is empty; give the log", where=where)
    if budget.take_capture is not None and is_capture(head):
        budget.captures += 1
        try:
            budget.take_capture(member.stream, name)
        except InputError:
            raise
        except DAMAGED as error:
            refuse_damaged(error, where)
        return
    if member.name and (binary_kind(head) or (looks_binary(head) and not unicode_form(head))):
        budget.skipped.append(name)
        return
    yield _of_text(member.stream, name, budget, where)


def _of_text(stream: Peeked, member: str, budget: _Budget, where: str) -> LogText:
    encoding = unicode_form(stream.head)
    kind = None if encoding else binary_kind(stream.head)
    if kind is not None:
        raise InputError(f"is {kind[0]}, not a log; {kind[1]}", where=where)
    if not encoding and looks_binary(stream.head):
        raise InputError("is binary data, not a log; give the log as text", where=where)
    encoding = encoding or "utf-8-sig"
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    head = codecs.getincrementaldecoder(encoding)("replace").decode(stream.head)
    return LogText(
        member=member,
        head=head,
        lines=_lines(stream, decoder, budget, where, cr_only="\r" in head and "\n" not in head),
    )


def _lines(
    stream: Peeked, decoder: codecs.IncrementalDecoder, budget: _Budget, where: str, *, cr_only: bool
) -> Iterator[str]:
    """Yield lines without their ends; a line longer than MAX_LINE in pieces."""
    rest = ""
    while data := _read(stream, where):
        budget.take(len(data))
        text = rest + decoder.decode(data).replace("\0", "")
        lines = (text.replace("\r", "\n") if cr_only else text).split("\n")
        rest = lines.pop()
        for line in lines:
            yield from _pieces(line.rstrip("\r"))
        if len(rest) > MAX_LINE:
            *pieces, rest = _pieces(rest)
            yield from pieces
    rest += decoder.decode(b"", final=True)
    if rest:
        yield from _pieces(rest.rstrip("\r"))


def _read(stream: Peeked, where: str) -> bytes:
    try:
        return stream.read(CHUNK)
    except DAMAGED as error:
        refuse_damaged(error, where)


def _pieces(line: str) -> Iterator[str]:
    if len(line) <= MAX_LINE:
        yield line
        return
    start = 0
    while start < len(line):
        end = start + MAX_LINE
        if end < len(line):
            blank = line.rfind(" ", start + MAX_LINE // 2, end)
            end = blank + 1 if blank > 0 else end
        yield line[start:end]
        start = end
