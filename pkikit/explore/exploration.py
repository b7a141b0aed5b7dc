"""Judge all candidates: cut into chunks, spread by an Executor, written in pieces, resumable after a kill.

With a file, the run writes each finished chunk whole into FILE.parts/ before it counts the next. A run that finds parts
of the same space there resumes with the rest. At the end the parts become FILE, and the run deletes the folder.

Without a file, chunks need no rows, so only kinds of option count, and a chunk is larger. A folder can keep a note of each.
"""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from pkikit.design.search_space import Front, Space, front_of, merge_fronts
from pkikit.errors import InputError
from pkikit.explore.executors import Executor
from pkikit.explore.legend import design_name
from pkikit.extras import optional_packages
from pkikit.files.disk import free_path, read_bytes, write_public
from pkikit.model.codec.document import Codec
from pkikit.model.deployment import deployment_from
from pkikit.values.names import printable
from pkikit.view.chart import scatter

CHUNK = 50_000
CHUNK_WITHOUT_ROWS = 1_000_000
FORMATS = (".csv", ".parquet")
# A space travels to workers as plain data; each worker computes it once.
Plain = tuple[str, tuple[tuple[str, str, tuple[str, ...]], ...]]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a run found; `front` maps the objectives of each point to the candidate that reaches them."""

    total: int
    working: int
    front: Front


def explore(
    space: Space,
    executor: Executor,
    *,
    out: Path | None = None,
    notes: Path | None = None,
    chunk: int | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Outcome:
    """Judge every candidate. A run that was stopped continues with the rest; the executor may be another one.

    Args:
        space: the candidates.
        executor: runs the chunks.
        out: a file for every candidate; a folder next to it keeps what is finished.
        notes: without `out`, a folder that keeps what is finished; it is removed at the end.
        chunk: candidates in a chunk.
        progress: is called with the number of candidates that were just judged.

    Returns:
        What was found; the order in which chunks finish changes nothing.

    Raises:
        InputError: `out` or `notes` cannot be used, or a worker is gone.
    """
    chunk = chunk or (CHUNK if out is not None else CHUNK_WITHOUT_ROWS)
    store = _Parts(out, space, chunk) if out is not None else _Notes(notes, space, chunk) if notes is not None else None
    plain, form, starts = _plain(space), out.suffix if out is not None else "", range(0, space.size, chunk)
    fronts: Front = {}
    working = 0

    def add(start: int, front: Front, works: int) -> None:
        nonlocal fronts, working
        fronts, working = merge_fronts((fronts, front)), working + works
        progress(min(chunk, space.size - start))

    def to_do() -> Iterator[tuple[Plain, int, int, str]]:
        for start in starts:
            known = store.known(start) if store is not None else None
            if known is None:
                yield plain, start, min(start + chunk, space.size), form
            else:
                add(start, *known)

    for start, data, front, works in executor.run(judge_chunk, to_do()):
        if store is not None:
            store.keep(start, data, front, works)
        add(start, front, works)
    if store is not None:
        store.finish(starts)
    return Outcome(total=space.size, working=working, front=fronts)


def _plain(space: Space) -> Plain:
    return space.deployment.model_dump_json(), tuple((c, k, v) for (c, k), v in sorted(space.allowed.items()))


@lru_cache(maxsize=2)
def _space_of(plain: Plain) -> Space:
    deployment, allowed = plain
    return Space(deployment_from(json.loads(deployment)), {(c, k): v for c, k, v in allowed})


def front_rows(space: Space, outcome: Outcome) -> list[dict[str, Any]]:
    """Return the rows of the front as dicts: those that work first, then by restarts, as the picture numbers them."""
    rows = [
        dict(zip(space.columns, space.evaluate(number), strict=True)) for _, number in sorted(outcome.front.items())
    ]
    return sorted(rows, key=lambda row: (row["down"] > 0, row["restarts"], row["exposure_days"]))


def front_picture(space: Space, outcome: Outcome) -> str:
    """Draw the designs that work and that nothing beats: restarts a year against the days a leaked key stays usable.

    Designs with equal figures share a point, whose label names them all. A design that does not work is not drawn.
    """
    rows = [row for row in front_rows(space, outcome) if row["works"]]
    points = []
    for row in rows:
        x, y = float(row["restarts"]), float(row["exposure_days"])
        label = f"{design_name(space.deployment, row)}: {x:g} restarts a year, a leaked key stays usable for {y:g} days"
        points.append((x, y, int(row["roots_to_hand_out"] > 0), label))
    title = "designs that work and that nothing beats" if rows else "no design works"
    return scatter(
        points, x="restarts a year, all peers", y="days a leaked key stays usable",
        title=f"{space.deployment.name}: {title}",
        series=("nobody outside installs anything", "your root CA must be installed outside"),
    )  # fmt: skip


def judge_chunk(argument: tuple[Plain, int, int, str]) -> tuple[int, bytes, Front, int]:
    """Judge one range of candidates. It runs in a worker and does not touch the disk.

    Returns (start, encoded rows, front, how many candidates work).
    """
    plain, first, end, form = argument
    space = _space_of(plain)
    if not form:
        front, working = space.front_between(first, end)
        return first, b"", front, working
    encoder = _Encoder(space, form)
    # One candidate after the other: fifty thousand rows at once do not fit into a core's cache, and then two processes
    # wait for memory instead of doing twice as much.
    front, working = front_of(space, map(encoder.take, space.rows(first, end)))
    return first, encoder.encode(), front, working


class _Encoder:
    """Encodes rows one after the other; without a file it keeps none of them."""

    def __init__(self, space: Space, form: str) -> None:
        self._columns, self._form = space.columns, form
        self._lines: list[str] = []
        self._rows: list[tuple[Any, ...]] = []
        self.take = {".csv": self._take_line, ".parquet": self._take_row}.get(form, _pass)

    def _take_line(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        self._lines.append(",".join(map(str, row)))
        return row

    def _take_row(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        self._rows.append(row)
        return row

    def encode(self) -> bytes:
        """Return all rows in the format of the file."""
        if self._form == ".parquet":
            import pyarrow
            import pyarrow.parquet

            columns = [pyarrow.array(values) for values in zip(*self._rows, strict=True)]
            stream = io.BytesIO()
            pyarrow.parquet.write_table(pyarrow.table(columns, names=list(self._columns)), stream)
            return stream.getvalue()
        return "".join(f"{line}\n" for line in self._lines).encode("ascii")


def _pass(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return row


@dataclass(frozen=True, kw_only=True)
class _Finished:
    """The note beside a finished chunk."""

    front: tuple[tuple[tuple[float, ...], int], ...]
    working: int


@cache
def _finished_codec() -> Codec[_Finished]:
    """Return the codec of the notes. Notes without a format number have the same content."""
    return Codec(_Finished, "the note of a finished chunk", upgrades={0: lambda note: note})


class _Notes:
    """A folder with one note per finished chunk, and the space that they belong to."""

    form = ""

    def __init__(self, folder: Path, space: Space, chunk: int) -> None:
        self.folder = folder
        about = {"space": space.digest, "chunk": chunk, "size": space.size}
        note = self.folder / "space.json"
        if note.exists():
            if self._read(note) != about:
                raise InputError(
                    f"contains parts of another exploration; delete the folder to start again (now {space.size} candidates)",
                    where=str(self.folder),
                )
        elif self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
            raise InputError("exists, and is not of an exploration; choose another folder", where=str(self.folder))
        else:
            write_public(note, json.dumps(about).encode())

    @staticmethod
    def _read(path: Path) -> Any:
        try:
            return json.loads(read_bytes(path))
        except ValueError:
            return None

    def known(self, start: int) -> tuple[Front, int] | None:
        """Return front and count of a chunk that an earlier run finished; None without one."""
        note = self.folder / f"{start}.json"
        if not note.exists() or (self.form and not (self.folder / f"{start}{self.form}").exists()):
            return None
        try:
            read = _finished_codec().from_bytes(read_bytes(note), where=str(note))
        except InputError:
            return None  # a damaged note: judge the chunk again
        return dict(read.front), read.working

    def keep(self, start: int, data: bytes, front: Front, working: int) -> None:
        """Write a chunk: the data first, so that a chunk with a note is whole."""
        if self.form:
            write_public(self.folder / f"{start}{self.form}", data)
        done = _Finished(front=tuple(front.items()), working=working)
        write_public(self.folder / f"{start}.json", _finished_codec().to_bytes(done))

    def finish(self, starts: range) -> None:
        """Remove the notes, and nothing else.

        Args:
            starts: the first candidate of each chunk.
        """
        for start in starts:
            (self.folder / f"{start}.json").unlink(missing_ok=True)
        (self.folder / "space.json").unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # something else is in it
            self.folder.rmdir()


class _Parts(_Notes):
    """FILE.parts/: one file and one note per finished chunk."""

    def __init__(self, out: Path, space: Space, chunk: int) -> None:
        if out.suffix not in FORMATS:
            raise InputError(f"the file name must end in {' or '.join(FORMATS)}", where=printable(str(out)))
        if out.suffix == ".parquet":
            with optional_packages():  # before any work, and here rather than in a worker
                import pyarrow.parquet  # noqa: F401
        self.out, self.form, self.columns = free_path(out), out.suffix, space.columns
        super().__init__(out.with_name(out.name + ".parts"), space, chunk)

    def finish(self, starts: range) -> None:
        """Join all parts into FILE, which appears whole.

        Args:
            starts: the first candidate of each part, in order.

        Raises:
            InputError: the file cannot be written.
        """
        half = self.out.with_name(f".{self.out.name}.half")
        parts = (self.folder / f"{start}{self.form}" for start in starts)
        try:
            if self.form == ".csv":
                self._join_csv(half, parts)
            else:
                self._join_parquet(half, parts)
            half.replace(self.out)
        except OSError as error:
            raise InputError(f"cannot be written: {error.strerror}", where=str(self.out)) from None
        shutil.rmtree(self.folder)

    def _join_csv(self, target: Path, parts: Iterator[Path]) -> None:
        with target.open("wb") as whole:
            whole.write((",".join(self.columns) + "\n").encode("ascii"))
            for part in parts:
                with part.open("rb") as stream:
                    shutil.copyfileobj(stream, whole)

    @staticmethod
    def _join_parquet(target: Path, parts: Iterator[Path]) -> None:
        import pyarrow.parquet

        writer = None
        try:
            for part in parts:
                table = pyarrow.parquet.read_table(part)
                writer = writer or pyarrow.parquet.ParquetWriter(target, table.schema)
                writer.write_table(table)
        finally:
            if writer is not None:
                writer.close()
