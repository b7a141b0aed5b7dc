"""The diagnostic archive of a peer: its files, its log, and what `pkikit diagnose` finds; without times and addresses."""

from __future__ import annotations

import io
import re
import tarfile
import tempfile
from pathlib import Path

import pandas as pd

from pkikit.files.logs import read_logs
from pkikit.judge.logs.log_text import LogReader
from workbook.tables.sentences import Lines

# Dates, times, addresses, ports of clients and identifiers of alarms.
_CHANGING = re.compile(
    r"\d{4}-\d\d-\d\d[T_ ][\d:.,+]+|(?<=\")127(?:\.\d+){3}(?=\")|(?<=Src-port=\")\d+|(?<=UUID=\")[0-9a-f-]+"
)


def archive_files(archive: bytes) -> Lines:
    """Return the names of the files in a diagnostic archive, without times."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        return Lines(_CHANGING.sub("…", name) for name in files.getnames())


def archive_log(archive: bytes) -> Lines:
    """Return the lines of the log in a diagnostic archive, each once, without times and addresses."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        name = next(name for name in files.getnames() if name.startswith("loggingsnapshot"))
        log = files.extractfile(name)
        assert log is not None
        lines = log.read().decode().splitlines()
    return Lines(dict.fromkeys(_CHANGING.sub("…", line) for line in lines))


def diagnose_archive(archive: bytes) -> pd.DataFrame:
    """Return the failures in a diagnostic archive as `pkikit diagnose` ranks them: cause, direction and port."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "archive.tar.gz"
        path.write_bytes(archive)
        reader = LogReader("the archive")
        for text in read_logs(path):
            reader.read(text.lines, text.member)
    groups = reader.diagnosis().groups
    causes = list(dict.fromkeys(group["cause"] for group in groups))
    rows = {(group["cause"], group["direction"], group["port"] or "") for group in groups}
    ranked = sorted(rows, key=lambda row: (causes.index(row[0]), str(row)))
    return pd.DataFrame(ranked, columns=["cause", "direction", "port"]).set_index("cause")
