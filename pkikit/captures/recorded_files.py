"""`pkikit diagnose FILE…`: one file of any kind, or captures with the logs of the same time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pkikit.captures.recorded_file import Answer, of_file
from pkikit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pkikit.captures.answer import CaptureAnswer
    from pkikit.model.findings import Verdict
    from pkikit.model.trace import HandshakeTrace

MAX_KEY_LOG = 64 * 1024 * 1024


def answer_about(
    files: Sequence[Path],
    keylog: Path | None,
    of_trace: Callable[[HandshakeTrace, str], tuple[Verdict, tuple[str, ...]]],
    progress: Callable[[int], None],
    *,
    whole: bool,
) -> Answer | CaptureAnswer:
    """Answer about files.

    Args:
        files: one file of any kind, or captures with their logs; `-` is standard input.
        keylog: a TLS key log.
        of_trace: judges the trace of a handshake.
        progress: gets the number of packets since its last call.
        whole: a capture has to be among the files.

    Returns:
        The answer.

    Raises:
        InputError: `-` is one of several files, or a capture is needed and there is none.
    """
    if len(files) == 1 and keylog is None and not whole:
        return of_file(None if str(files[0]) == "-" else files[0], of_trace, progress)
    if any(str(file) == "-" for file in files):
        raise InputError(
            "cannot be combined with other files or a key log; save it to a file first", where="standard input"
        )
    from pkikit.captures.answer import diagnose_captures
    from pkikit.files.regular import open_regular

    secrets = b""
    if keylog is not None:
        with open_regular(keylog) as stream:
            secrets = stream.read(MAX_KEY_LOG)
    return diagnose_captures(files, key_log=secrets, progress=progress)
