"""The class server's folder of signed records: one file for each learner, lines are only ever added."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from pkikit.errors import InputError
from workbook.handin.record import Chain, Signed, chain_of
from workbook.handin.signing_keys import KeyRing

MAX_RECORDS = 200
_MAX_FILE = 64 * 1024 * 1024


class LedgerDamaged(InputError):
    """The stored records of a learner are not what the server wrote."""


@dataclass
class Ledger:
    """The records below a folder. The name of a file is a hash of the learner's name, which may hold any character."""

    folder: Path

    def claim(self) -> FileLock:
        """Keep the folder for this process; the lock ends with the process.

        Raises:
            InputError: another process has it, or it cannot be written.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = FileLock(self.folder / ".lock", timeout=0, mode=0o600)
            lock.acquire()
        except Timeout:
            raise InputError("another progress service uses this folder", where=str(self.folder)) from None
        except OSError as error:
            raise InputError(f"the folder cannot be used: {error.strerror or error}", where=str(self.folder)) from None
        return lock

    def file_of(self, learner: str) -> Path:
        """Return the file of a learner."""
        return self.folder / f"{hashlib.sha256(learner.encode('utf-8', 'surrogatepass')).hexdigest()}.jsonl"

    def last(self, learner: str, ring: KeyRing) -> Signed | None:
        """Return the learner's newest record; None if there is none.

        Raises:
            LedgerDamaged: a stored record is not genuine.
        """
        path = self.file_of(learner)
        chain = chain_of(_lines(path), ring.keys, learner=learner)
        if chain.problems:
            raise LedgerDamaged(f"the stored records of {learner!r} were changed ({chain.problems[0]})")
        return chain.records[-1] if chain.records else None

    def add(self, signed: Signed) -> None:
        """Add a record and wait until it is on the disk.

        Raises:
            InputError: it cannot be written.
        """
        path = self.file_of(signed.record.learner)
        try:
            if path.exists() and path.stat().st_size + len(signed.line) > _MAX_FILE:  # no more than that is read
                raise InputError("the records of this learner are full", where=str(self.folder))
            number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            with os.fdopen(number, "r+b", buffering=0) as stream:
                before = stream.read(_MAX_FILE).rfind(b"\n") + 1  # half a record of a power failure is overwritten
                stream.seek(before)
                stream.truncate()
                try:
                    stream.write(signed.line.encode("ascii"))
                    os.fsync(number)
                except OSError:
                    stream.truncate(before)  # the disk is full
                    raise
        except OSError as error:
            raise InputError(
                f"the record cannot be stored: {error.strerror or error}", where=str(self.folder)
            ) from None

    def chains(self, ring: KeyRing) -> Iterator[Chain]:
        """Yield the checked records of all learners.

        Raises:
            InputError: the folder cannot be read.
        """
        if not self.folder.is_dir():
            raise InputError("there is no such folder of records", where=str(self.folder))
        for path in sorted(self.folder.glob("*.jsonl")):
            chain = chain_of(_lines(path), ring.keys, ring.distrusted)
            if chain.learner and self.file_of(chain.learner) != path:
                problem = f"the file {path.name} belongs to another learner"
                chain = Chain(learner=chain.learner, records=(), problems=(*chain.problems, problem))
            yield chain if chain.learner else Chain(learner=path.stem[:12], records=(), problems=chain.problems)


def _lines(path: Path) -> list[bytes]:
    """Return the lines of a file. A last line without an end is one that a power failure cut: it was never confirmed."""
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_FILE)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InputError(f"the records cannot be read: {error.strerror or error}", where=str(path)) from None
    lines = data.split(b"\n")
    return lines[:-1]
