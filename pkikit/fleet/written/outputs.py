"""The files of an audit: claimed before the work, and written whole after it."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path

from filelock import FileLock, Timeout

from pkikit.errors import InputError
from pkikit.files.disk import write_together
from pkikit.fleet.audit_records import FleetAudit
from pkikit.fleet.stored.kept_records import cache_folder
from pkikit.report.written.output_files import output_files

_ENDINGS = {"parquet": (".parquet",), "html": (".html", ".htm"), "metrics": (".prom",)}
_NAMES = {"parquet": "Parquet file", "html": "Page", "metrics": "Metrics file"}


def target_files(**files: str | PathLike[str] | None) -> dict[str, Path]:
    """Return the files to write, asked before the work is done.

    Args:
        **files: by form: `parquet`, `html`, `metrics`.

    Returns:
        The paths by form, without those that nobody wants.

    Raises:
        InputError: a name does not end as such a file does, or it is a folder.
    """
    return output_files(_ENDINGS, files)


@contextlib.contextmanager
def claimed(files: Mapping[str, Path]) -> Iterator[None]:
    """Keep other audits on this machine from writing the same files.

    Args:
        files: the paths by form.

    Yields:
        None; meanwhile the files are ours.

    Raises:
        InputError: another audit writes one of them.
    """
    with contextlib.ExitStack() as locks:
        for path in sorted(files.values()):
            real = os.fsencode(os.path.realpath(path))
            try:
                lock = cache_folder() / f"writes-{hashlib.sha256(real).hexdigest()[:32]}.lock"
                locks.enter_context(FileLock(lock, timeout=0))
            except Timeout:
                raise InputError("another audit is writing this file; wait for it, or name another file",
                                 where=str(path)) from None  # fmt: skip
            except OSError:
                continue  # no place for a lock: the file is written whole anyway, and the last one counts
        yield


def save(audit: FleetAudit, files: Mapping[str, Path]) -> tuple[tuple[str, Path], ...]:
    """Write the answer: all files or none.

    Args:
        audit: the answer.
        files: the paths by form, as `target_files` returns them.

    Returns:
        (what it is, the file) for each file.

    Raises:
        InputError: a file cannot be written; then none is.
    """
    write_together({path: _made(form, audit) for form, path in files.items()})
    return tuple((_NAMES[form], path) for form, path in files.items())


def _made(form: str, audit: FleetAudit) -> bytes:
    if form == "parquet":
        from pkikit.fleet.stored.parquet import to_parquet

        return to_parquet(audit)
    if form == "html":
        from pkikit.fleet.written.fleet_page import to_page

        return to_page(audit).encode()
    from pkikit.fleet.written.metrics import to_metrics

    return to_metrics(audit).encode()
