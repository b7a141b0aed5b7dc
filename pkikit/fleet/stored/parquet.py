"""Write and read the Parquet file of an audit."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pkikit.errors import InputError
from pkikit.extras import optional_packages
from pkikit.files.disk import read_bytes
from pkikit.fleet.audit_records import FleetAudit, FolderRecord
from pkikit.fleet.plain_values import plain
from pkikit.fleet.stored.columns import COLUMNS, OF_CONNECTION, OF_FIRST_ROW, OF_FOLDER, Column, Kind
from pkikit.model.codec.document import JsonLines
from pkikit.model.codec.leaves import write_instant
from pkikit.text import printable

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT, _KEY = "1", b"pkikit.fleet"
MOST_UNPACKED = 256 * 1024 * 1024
MOST_ROWS, MOST_BYTES = 5_000_000, 2 * 1024 * 1024 * 1024
_REFUSED = "is not a Parquet file of pkikit fleet audit"
_Row = dict[str, Any]


def to_parquet(audit: FleetAudit) -> bytes:
    """Return the answer as a Parquet file.

    Args:
        audit: the answer.

    Returns:
        The file: one row for each connection, by folder.
    """
    with optional_packages():
        import pyarrow as pa
        import pyarrow.parquet as pq

    schema = _schema().with_metadata({_KEY: FORMAT.encode(), b"pkikit.root": audit.root.encode(errors="replace")})
    made = io.BytesIO()
    with pq.ParquetWriter(made, schema, compression="zstd") as writer:
        for some in _batches(row for record in audit.records for row in _rows(record, audit)):
            writer.write_table(pa.Table.from_pylist(some, schema=schema))
    return made.getvalue()


def read_parquet(path: Path) -> dict[str, FolderRecord]:
    """Read the records of an earlier audit.

    Args:
        path: the file.

    Returns:
        The records by folder.

    Raises:
        InputError: it is not such a file.
    """
    with optional_packages():
        import pyarrow as pa
        import pyarrow.parquet as pq

    data = read_bytes(path, MOST_BYTES, likely=(".parquet",))
    try:
        file = pq.ParquetFile(io.BytesIO(data))
        metadata, rows = file.schema_arrow.metadata or {}, file.metadata.num_rows
        _refuse_other(path, metadata.get(_KEY, b"").decode(errors="replace"), rows)
        _refuse_columns(file.schema_arrow)
        return dict(_records(row for batch in file.iter_batches(256) for row in _unpacked(batch)))
    except (pa.ArrowException, OSError, LookupError, TypeError, ValueError, ArithmeticError) as error:
        reason = printable(str(error), 100)
    except (RecursionError, MemoryError) as error:
        reason = type(error).__name__
    raise InputError(f"{_REFUSED} ({reason})", where=str(path))


def _refuse_columns(schema: pa.Schema) -> None:
    """Take the columns as they are written.

    Args:
        schema: of the file.

    Raises:
        ValueError: there are others, or others are missing.
    """
    if not schema.equals(_schema()):
        raise ValueError("it has other columns")


def _unpacked(batch: pa.RecordBatch) -> list[_Row]:
    """Return rows.

    Args:
        batch: some of them, as the file has them.

    Returns:
        The rows.

    Raises:
        ValueError: it has more text than anybody has memory for, as a small file may have.
    """
    if batch.nbytes > MOST_UNPACKED:
        raise ValueError("its texts are too long")
    rows: list[_Row] = batch.to_pylist()
    return rows


def _refuse_other(path: Path, written: str, rows: int) -> None:
    if written != FORMAT:
        other = f"; its format is {printable(written, 20)}, and this version reads {FORMAT}" if written else ""
        raise InputError(f"{_REFUSED}{other}", where=str(path))
    if rows > MOST_ROWS:
        raise InputError(f"has more than {MOST_ROWS:,} rows, the most that are read", where=str(path))


def _rows(record: FolderRecord, audit: FleetAudit) -> Iterator[_Row]:
    whole = {column.name: _plain(getattr(record, column.of)) for column in OF_FOLDER if column.of}
    whole["accepted"] = record.accepted(audit.at, audit.within)
    first = {column.name: _cell(record, column) for column in OF_FIRST_ROW if column.of}
    later = dict.fromkeys(first)
    rows = [
        {
            **whole,
            "row": number,
            **{c.name: _cell(connection, c) for c in OF_CONNECTION},
            **(later if number else first),
        }
        for number, connection in enumerate(record.connections)
    ] or [{**whole, "row": 0, **{column.name: None for column in OF_CONNECTION}, **first}]
    rows[0]["seal"] = _seal(_document(rows))
    yield from rows


def _cell(holder: object, column: Column) -> Any:
    value = getattr(holder, column.of)
    return json.dumps([f.to_json() for f in value], ensure_ascii=False) if column.kind is Kind.JSON else _plain(value)


def _plain(value: Any) -> Any:
    return plain(value, lambda at: at)  # Arrow has instants


def _batches(rows: Iterator[_Row], size: int = 2048) -> Iterator[list[_Row]]:
    some: list[_Row] = []
    for row in rows:
        some.append(row)
        if len(some) == size:
            yield some
            some = []
    if some:
        yield some


def _records(rows: Iterable[_Row]) -> Iterator[tuple[str, FolderRecord]]:
    """Put the rows of each folder together. A folder whose rows are not as they were written is left out: it is judged again."""
    lines, together = JsonLines(FolderRecord), list[_Row]()
    for row in (*rows, {}):
        if together and row.get("row", 0) == 0:
            document = _document(together)
            if together[0].get("seal") == _seal(document):
                for record in lines.values([document]):
                    yield record.folder, record
            together = []
        together.append(row)


def _seal(document: str) -> str:
    """Return a digest by which rows that somebody edited, sorted or took out are noticed."""
    return hashlib.sha256(document.encode()).hexdigest()


def _document(rows: list[_Row]) -> str:
    first = rows[0]
    document = {column.of: _read(first[column.name], column) for column in (*OF_FOLDER, *OF_FIRST_ROW) if column.of}
    document["connections"] = [
        {column.of: _read(row[column.name], column) for column in OF_CONNECTION}
        for row in rows
        if row["connection"] is not None
    ]
    return json.dumps(document, sort_keys=True)


def _read(value: Any, column: Column) -> Any:
    if column.kind is Kind.JSON:
        return json.loads(value or "[]")
    return _undated(value)


def _undated(value: Any) -> Any:
    if isinstance(value, datetime):
        return write_instant(value)
    if isinstance(value, list):
        return [_undated(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _undated(item) for name, item in value.items()}
    return value


@cache
def _schema() -> pa.Schema:
    import pyarrow as pa

    time, texts = pa.timestamp("us", tz="UTC"), pa.list_(pa.string())
    expiry = {"kind": pa.string(), "title": pa.string(), "begins": time, "ends": time, "issuer": pa.string(),
              "serial": pa.string(), "sha256": pa.string(), "machines": texts, "file": pa.string()}  # fmt: skip
    purposes = {"title": pa.string(), "machines": texts, "issuer": pa.string(), "sha256": pa.string(),
                "server_auth": pa.bool_(), "client_auth": pa.bool_(), "public": pa.bool_(), "client_auth_ends": time,
                "outlook": pa.string(), "connections": pa.int32()}  # fmt: skip
    types = {
        Kind.TEXT: pa.string(),
        Kind.JSON: pa.string(),
        Kind.NUMBER: pa.int32(),
        Kind.TRUTH: pa.bool_(),
        Kind.TIME: time,
        Kind.TEXTS: texts,
        Kind.EXPIRIES: pa.list_(pa.struct(list(expiry.items()))),
        Kind.PURPOSES: pa.list_(pa.struct(list(purposes.items()))),
        Kind.PROBLEMS: pa.list_(pa.struct([("kind", pa.string()), ("says", pa.string())])),
    }
    made = [pa.field(c.name, types[c.kind], metadata={"description": c.meaning}) for c in COLUMNS]
    return pa.schema(made)
