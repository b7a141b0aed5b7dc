"""What a learner has done: recorded on this machine only, without a name; a report as table, JSON or CSV."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pkikit.errors import InputError
from pkikit.model.codec.document import JsonLines
from simulator.clinic.score import kept_scores, scores_file
from simulator.clock import Clock

_FORMS = (".json", ".csv")
MAX_READ = 16 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Try:
    """One answer to one exercise."""

    at: str
    exercise: str
    right: bool


_LINES = JsonLines(Try)


def progress_file() -> Path:
    """Return the file, beside the clinic's scores."""
    return scores_file().with_name("progress.jsonl")


def remember(exercise: str, *, right: bool) -> None:
    """Append one line; a full or read-only disk does not end the lesson."""
    done = Try(at=Clock().now().isoformat(timespec="seconds"), exercise=exercise, right=right)
    try:
        progress_file().parent.mkdir(parents=True, exist_ok=True)
        with progress_file().open("a", encoding="utf-8") as stream:
            stream.write(_LINES.line(done))
    except OSError:
        return


def forget(notebook: str) -> None:
    """Remove the answers of one notebook (its two digits) from the file."""
    kept = [t for t in tries() if not t.exercise.startswith(f"{notebook}-")]
    if progress_file().exists():
        progress_file().write_text("".join(map(_LINES.line, kept)), encoding="utf-8")


def tries() -> tuple[Try, ...]:
    """Return all recorded answers; malformed lines are skipped."""
    path = progress_file()
    if not path.is_file():
        return ()
    with path.open(encoding="utf-8", errors="replace") as stream:
        return tuple(_LINES.values(stream.read(MAX_READ).splitlines()))


def progress_report() -> pd.DataFrame:
    """Return one row per exercise and clinic case: how often tried, whether right, since when; nothing about the person."""
    rows: dict[str, dict[str, Any]] = {}
    for done in tries():
        row = rows.setdefault(
            done.exercise, {"what": done.exercise, "tries": 0, "right": False, "since": "", "points": ""}
        )
        row["tries"] += 1
        if done.right and not row["right"]:
            row["right"], row["since"] = True, done.at
    for score in kept_scores():
        name = f"clinic {score.case}"
        row = rows.setdefault(name, {"what": name, "tries": 0, "right": False, "since": "", "points": 0})
        row["tries"] += 1
        row["points"] = max(row["points"], score.points)
        row["right"] = row["points"] > 0
    columns = ["what", "tries", "right", "since", "points"]
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
    return f"{len(table)} rows in {target.name}"
