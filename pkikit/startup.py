"""The first and the last moments of a command line. Imports almost nothing, so that it is at work before everything else.

Ctrl-C means one line and exit code 130, during the imports as well. A closed standard stream is replaced by /dev/null,
before a file or a socket gets its number. An answer that nobody can read any more does not change the exit code.
"""

from __future__ import annotations

import atexit
import codecs
import contextlib
import errno
import io
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import TextIO

EXIT_INTERRUPTED = 130
_PLAIN = "pkikit-plain"
# What we print for people, where the terminal cannot show it. One character each, so that tables stay straight.
_ASCII = str.maketrans(
    {
        "✔": "+",
        "✘": "x",
        "…": ".",
        "–": "-",
        "—": "-",
        "→": ">",
        "·": "-",
        "’": "'",
        "“": '"',
        "”": '"',
        "×": "x",
        "◐": "~",
    }
)


def begin(name: str) -> None:
    """Put streams and Ctrl-C in order; call it before any slow import. `name` is the program's, for its messages."""
    _fill_streams()
    # Registered first and so called last: Python then takes its handlers away, and Ctrl-C would kill a finished program.
    atexit.unregister(_deaf)
    atexit.register(_deaf)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        _on_ctrl_c(_Leaver(name))


def interruptible() -> None:
    """Ctrl-C raises KeyboardInterrupt from now on: there is work to clean up after. Not where the caller ignores it."""
    if callable(signal.getsignal(signal.SIGINT)):
        _on_ctrl_c(signal.default_int_handler)


def uninterruptible(name: str) -> None:
    """The work is done or given up: Ctrl-C ends the process with its line."""
    # Python remembers a KeyboardInterrupt that left an `exec` (dataclasses use it while a module loads), and then dies by
    # SIGINT whatever the exit code is; the next `exec` makes it forget.
    exec("")  # noqa: S102
    if callable(signal.getsignal(signal.SIGINT)):
        _on_ctrl_c(_Leaver(name))


def _on_ctrl_c(handler: Callable[[int, FrameType | None], object]) -> None:
    with contextlib.suppress(ValueError):  # in a thread of somebody's program, whose business Ctrl-C is
        signal.signal(signal.SIGINT, handler)


def _deaf() -> None:
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def was_interrupted(error: BaseException) -> bool:
    """True when Ctrl-C is behind an exception that a library made of it."""
    seen: set[int] = set()
    while id(error) not in seen:
        if isinstance(error, KeyboardInterrupt):
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__ or error
    return False


class _Leaver:
    """Ends the process at once: there is nothing to clean up."""

    def __init__(self, name: str) -> None:
        self._line = f"{name}: interrupted\n".encode()

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        try:
            os.write(2, self._line)
        finally:
            os._exit(EXIT_INTERRUPTED)


def _fill_streams() -> None:
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is the one that is missing, as the ones below it are there.
            os.open(os.devnull, os.O_RDONLY if number == 0 else os.O_WRONLY)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  (stays open to the end)
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


class Output:
    """Both output streams for the length of a command; gives what is printed on as far as it can."""

    def __init__(self) -> None:
        codecs.register_error(_PLAIN, _plainly)
        self._before = sys.stdout, sys.stderr
        self._sink: _Sink | None = None
        # A caller that collects the output has its own streams.
        if sys.__stdout__ is None or sys.stdout is sys.__stdout__:
            sys.stdout, self._sink = _guard(sys.stdout, 1)
        if sys.__stderr__ is None or sys.stderr is sys.__stderr__:
            sys.stderr, _ = _guard(sys.stderr, 2)

    def finish(self) -> str:
        """Write what is left. The reason why not everything was written; empty when nobody waits for it."""
        sys.stdout.flush()
        sys.stdout = self._before[0]
        failed = self._sink.failed if self._sink is not None else None
        return "" if failed is None or failed.errno == errno.EPIPE else failed.strerror or str(failed)


def _guard(stream: TextIO, number: int) -> tuple[TextIO, _Sink]:
    stream.flush()
    sink = _Sink(number, "wb", closefd=False)
    raw: io.RawIOBase = sink
    lines = number == 2 or sink.isatty()
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding=stream.encoding, errors=_PLAIN, line_buffering=lines), sink


class _Sink(io.FileIO):
    """Remembers the first failure instead of raising it: libraries would turn it into an exit code that is an answer."""

    failed: OSError | None = None

    def write(self, data: bytes | bytearray | memoryview, /) -> int:  # type: ignore[override]
        """Write, or drop what nobody can have."""
        if self.failed is None:
            try:
                return super().write(data) or 0
            except OSError as error:
                self.failed = error
        return len(data)


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """For an encoding that cannot show it: our marks in ASCII, everything else escaped."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(_ASCII)
    return text.encode("ascii", "backslashreplace").decode("ascii"), error.end
