"""A temporary folder for keys. Its process removes it at the end; after a kill, the next start removes it.

A process holds a lock on its folder, and the kernel releases the lock when the process dies. So the next process knows
which folders have no owner any more.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

_LOCK = "in-use"


class Workspace:
    """A folder of mode 0700 below the system's temporary folder. Removes what our killed processes left there."""

    def __init__(self, prefix: str) -> None:
        remove_leftovers(prefix)
        self.folder = Path(tempfile.mkdtemp(prefix=prefix))
        # Locked before it has the name that a cleaner looks for.
        fresh = self.folder / f".{_LOCK}"
        self._lock = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        fresh.rename(self.folder / _LOCK)

    def remove(self) -> None:
        """Remove the folder and its content; harmless if called twice."""
        shutil.rmtree(self.folder, ignore_errors=True)
        lock, self._lock = self._lock, -1
        if lock >= 0:
            os.close(lock)


def remove_leftovers(prefix: str) -> None:
    """Remove the folders of this user whose process is dead."""
    for folder in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        with contextlib.suppress(OSError):  # of another user, or being removed right now
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)
