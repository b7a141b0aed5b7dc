"""Open a file for reading only if it is a regular one."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from pkikit.errors import InputError
from pkikit.text import printable

_NOT_REGULAR = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def open_regular(path: Path, *, likely: tuple[str, ...] = (".pem",)) -> BinaryIO:
    """Open a regular file for reading.

    Args:
        path: the file.
        likely: how the names of files end that are probably meant if it is a folder, the most probable first.

    Returns:
        The open file.

    Raises:
        InputError: the file is missing or unreadable, or it is a folder, a pipe, a device or a socket.
    """
    where = str(path)
    try:
        # O_NONBLOCK: opening a named pipe returns at once instead of waiting for somebody who writes into it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except FileNotFoundError:
        raise InputError("there is no such file", where=where) from None
    except PermissionError:
        raise InputError("cannot be read: permission denied", where=where) from None
    except (OSError, ValueError) as error:
        if getattr(error, "errno", None) == errno.ENXIO:  # what open() says of a socket
            raise InputError("is a socket or device, but a regular file is needed here", where=where) from None
        raise InputError(f"cannot be read: {getattr(error, 'strerror', None) or error}", where=where) from None
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        if stat.S_ISDIR(mode):
            raise InputError(f"is a folder, but a file is needed here{_file_in(path, likely)}", where=where)
        kind = next((kind for test, kind in _NOT_REGULAR if test(mode)), "something else")
        raise InputError(f"is {kind}, but a regular file is needed here", where=where)
    return os.fdopen(descriptor, "rb")


def _file_in(folder: Path, likely: tuple[str, ...]) -> str:
    """Return a clause that names a file of a folder; empty if it has none that is likely."""
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.is_file() and not entry.name.startswith("."))
    except OSError:
        return ""
    found = next((name for ending in likely for name in names if name.lower().endswith(ending)), "")
    return f"; give one of its files, such as {printable(str(folder / found))}" if found else ""
