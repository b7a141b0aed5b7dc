"""What a learner has done: recorded on this machine only, without a name; a report as table, JSON or CSV."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pkikit.errors import InputError
from pkikit.model.codec.document import JsonLines
from pkikit.values.names import printable
from simulator.clinic.score import kept_scores, scores_file
from simulator.clock import Clock

_FORMS = (".json", ".csv")
MAX_READ = 16 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Try:
    """One answer to one exercise. answer: as JSON, to show it again. shown: the learner asked for the solution."""

    at: str
    exercise: str
    right: bool
    answer: str = ""
    shown: bool = False


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far a learner is with one exercise. wrong: how many wrong answers so far."""

    wrong: int = 0
    right: bool = False
    shown: bool = False
    answer: Any = None

    @property
    def words(self) -> str:
        """The state for people."""
        if self.right:
            return "✔ right (solution shown)" if self.shown else "✔ right"
        if self.shown:
            return "solution shown"
        tries = "1 try" if self.wrong == 1 else f"{self.wrong} tries"
        return f"not right yet ({tries})" if self.wrong else "not answered yet"


_LINES = JsonLines(Try)
_MAX_ANSWER = 20_000
_listeners: list[Callable[[], None]] = []


def progress_file() -> Path:
    """Return the file, beside the clinic's scores."""
    return scores_file().with_name("progress.jsonl")


def _forgotten_file() -> Path:
    return progress_file().with_name("forgotten.jsonl")


def when_answered(listener: Callable[[], None]) -> None:
    """Call a function after every change of the recorded answers."""
    _listeners.append(listener)


def _tell() -> None:
    for listener in tuple(_listeners):
        listener()


def remember(exercise: str, *, right: bool, answer: object = None, shown: bool = False) -> None:
    """Append one line; a full or read-only disk does not end the lesson."""
    at = Clock().now().isoformat(timespec="seconds")
    done = Try(at=at, exercise=exercise, right=right, answer=_as_json(answer), shown=shown)
    try:
        progress_file().parent.mkdir(parents=True, exist_ok=True)
        with progress_file().open("a", encoding="utf-8") as stream:
            stream.write(_LINES.line(done))
    except OSError:
        return
    _tell()


def _as_json(answer: object) -> str:
    try:
        text = json.dumps(answer)
    except (TypeError, ValueError):
        return ""
    return text if len(text) <= _MAX_ANSWER else ""


def forget(notebook: str) -> int:
    """Remove the answers of one notebook (its two digits); return how many. `restore` brings them back.

    Raises:
        InputError: the files cannot be written.
    """
    every = tries()
    gone = [t for t in every if t.exercise.startswith(f"{notebook}-")]
    if gone:
        kept = [t for t in every if not t.exercise.startswith(f"{notebook}-")]
        with _kept_files():
            _forgotten_file().write_text("".join(map(_LINES.line, gone)), encoding="utf-8")
            progress_file().write_text("".join(map(_LINES.line, kept)), encoding="utf-8")
        _tell()
    return len(gone)


def restore() -> int:
    """Bring back the answers that were removed last; return how many.

    Raises:
        InputError: the files cannot be written.
    """
    gone = _read(_forgotten_file())
    if gone:
        with _kept_files():
            with progress_file().open("a", encoding="utf-8") as stream:
                stream.write("".join(map(_LINES.line, gone)))
            _forgotten_file().unlink(missing_ok=True)
        _tell()
    return len(gone)


@contextmanager
def _kept_files() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = str(progress_file().parent)
        raise InputError(f"your answers cannot be changed: {error.strerror or error}", where=where) from error


def standing(exercise: str) -> Standing:
    """Return how far the learner is with one exercise."""
    return standings().get(exercise, Standing())


def standings() -> dict[str, Standing]:
    """Return how far the learner is with every exercise that was tried."""
    found: dict[str, Standing] = {}
    for done in tries():
        now = found.get(done.exercise, Standing())
        found[done.exercise] = Standing(
            wrong=now.wrong + (not done.right and not done.shown),
            right=now.right or done.right,
            shown=now.shown or (done.shown and not now.right),
            answer=_from_json(done.answer) if done.answer else now.answer,
        )
    return found


def _from_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def tries() -> tuple[Try, ...]:
    """Return all recorded answers; malformed lines are skipped."""
    return _read(progress_file())


def _read(path: Path) -> tuple[Try, ...]:
    try:
        if not path.is_file():
            return ()
        with path.open(encoding="utf-8", errors="replace") as stream:
            return tuple(_LINES.values(stream.read(MAX_READ).splitlines()))
    except OSError:
        return ()


def progress_report() -> pd.DataFrame:
    """Return one row per exercise and clinic case: how often tried, whether right, since when; nothing about the person."""
    rows: dict[str, dict[str, Any]] = {}
    for done in tries():
        name = printable(done.exercise, 60)
        row = rows.setdefault(
            name,
            {"what": name, "tries": 0, "right": False, "solution shown": False, "since": "", "points": ""},
        )
        row["tries"] += not done.shown
        row["solution shown"] = row["solution shown"] or (done.shown and not row["right"])
        if done.right and not row["right"]:
            row["right"], row["since"] = True, done.at
    for score in kept_scores():
        name = f"clinic {score.case}"
        row = rows.setdefault(
            name, {"what": name, "tries": 0, "right": False, "solution shown": False, "since": "", "points": 0}
        )
        row["tries"] += 1
        row["points"] = max(row["points"], score.points)
        row["right"] = row["points"] > 0
    columns = ["what", "tries", "right", "solution shown", "since", "points"]
    return pd.DataFrame([rows[name] for name in sorted(rows)], columns=columns).set_index("what")


def save_report(path: str | Path) -> str:
    """Write the report as .json or .csv; return one sentence."""
    target = Path(path)
    if target.suffix not in _FORMS:
        raise InputError(f"{target.name}: a report ends in {' or '.join(_FORMS)}")
    table = progress_report().reset_index()
    try:
        if target.suffix == ".json":
            target.write_text(table.to_json(orient="records", indent=2) + "\n", encoding="utf-8")
        else:
            table.to_csv(target, index=False)
    except OSError as error:
        raise InputError(f"{target.name}: {error.strerror or error}") from error
    return f"Saved {len(table)} {'row' if len(table) == 1 else 'rows'} in {target.name}."
