"""Keep each record as soon as it is there, so that an audit that was interrupted goes on where it was.

The records lie in the user's cache folder, in a file for each audited folder: one on a line. A line that was cut off is left out.
A finished audit removes the file.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

from filelock import FileLock

from pkikit.fleet.audit_records import FolderRecord
from pkikit.model.codec.document import JsonLines

MOST = 512 * 1024 * 1024


class KeptRecords:
    """The records of an audit that is not finished. Nothing is kept if there is no place for it, or if another audit has it."""

    def __init__(self, stream: FileIO | None) -> None:
        """Take the open file; None for nothing."""
        self._stream = stream
        self._lines = JsonLines(FolderRecord)

    def read(self) -> dict[str, FolderRecord]:
        """Return what an interrupted audit left, by folder; the newest record of each."""
        if self._stream is None or os.fstat(self._stream.fileno()).st_size > MOST:
            return {}
        with Path(self._stream.name).open("rb") as lines:
            return {record.folder: record for record in self._lines.values(lines)}

    def keep(self, record: FolderRecord) -> None:
        """Write a record. An audit does not fail because of what is only kept for the next one."""
        if self._stream is not None:
            with contextlib.suppress(OSError):
                self._stream.write(self._lines.line(record).encode())

    def forget(self) -> None:
        """Remove everything: the audit is finished."""
        if self._stream is not None:
            with contextlib.suppress(OSError):
                self._stream.truncate(0)
                Path(self._stream.name).unlink()


@contextlib.contextmanager
def kept_records(root: Path) -> Iterator[KeptRecords]:
    """Open what an interrupted audit of a folder left.

    Args:
        root: the audited folder.

    Yields:
        The records; they stay on the disk until `forget` is called. There are none if another audit of the folder is running.
    """
    with contextlib.ExitStack() as open_files:
        stream: FileIO | None = None
        with contextlib.suppress(OSError):  # also filelock's Timeout
            path = _place(root)
            open_files.enter_context(FileLock(f"{path}.lock", timeout=0))
            # Without a buffer: on a full disk, a rest in it would fail once more when the file is closed.
            stream = open_files.enter_context(path.open("ab", buffering=0))
        yield KeptRecords(stream)


def cache_folder() -> Path:
    """Return the folder of what may be lost, and make it.

    Returns:
        The folder.

    Raises:
        OSError: it cannot be made.
    """
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pkikit" / "fleet"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _place(root: Path) -> Path:
    return cache_folder() / f"{hashlib.sha256(os.fsencode(os.path.realpath(root))).hexdigest()[:32]}.jsonl"
