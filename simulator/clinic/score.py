"""How a player did in the clinic. Scores are stored on this machine only."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, fields
from pathlib import Path

from pkikit.model.codec.document import JsonLines
from pkikit.text import counted
from simulator.folders import state_folder

FULL_SCORE, HINT_COSTS, MISS_COSTS, WORKAROUND_COSTS = 100, 10, 15, 20
_MAX_READ = 4 * 1024 * 1024


@dataclass
class Score:
    """How a player did. Points: 100, minus 10 for each hint, 15 for each wrong cause and 20 for a workaround.

    Somebody who gave up has 0. Time and looking cost nothing.
    """

    case: str
    hints: int = 0
    misses: int = 0
    found: set[str] = field(default_factory=set)
    gave_up: bool = False
    mended_by_hand: bool = False
    ticket: str = ""
    workarounds: int = 0
    began: float = field(default_factory=time.monotonic)

    @property
    def points(self) -> int:
        """0 to 100."""
        lost = HINT_COSTS * self.hints + MISS_COSTS * self.misses + WORKAROUND_COSTS * bool(self.workarounds)
        return 0 if self.gave_up else max(0, FULL_SCORE - lost)

    @property
    def told(self) -> str:
        """The points in words: `75 points: 1 hint, 1 wrong cause`."""
        parts = [_some(self.hints, "hint"), _some(self.misses, "wrong cause")]
        parts += ["a workaround"] if self.workarounds else []
        parts += ["you gave up"] if self.gave_up else []
        spent = ", ".join(part for part in parts if part)
        return f"{_some(self.points, 'point') or '0 points'}{f': {spent}' if spent else ''}"

    @property
    def seconds(self) -> int:
        """The time since the case began, in seconds."""
        return round(time.monotonic() - self.began)


def _some(number: int, what: str) -> str:
    return counted(number, what) if number else ""


@dataclass(frozen=True, kw_only=True)
class KeptScore:
    """A line of the file: a score at its end."""

    case: str
    hints: int
    misses: int
    found: tuple[str, ...] = ()
    gave_up: bool = False
    mended_by_hand: bool = False
    points: int
    seconds: int
    ticket: str = ""
    workarounds: int = 0


_LINES = JsonLines(KeptScore)


def scores_file() -> Path:
    """Return the file of scores on this machine."""
    return state_folder() / "clinic.jsonl"


def kept_scores() -> tuple[KeptScore, ...]:
    """Return all recorded scores, oldest first; malformed lines are skipped."""
    try:
        if not scores_file().is_file():
            return ()
        with scores_file().open("rb") as stream:
            return tuple(_LINES.values(stream.read(_MAX_READ).splitlines()))
    except OSError:
        return ()


def keep_score(score: Score) -> None:
    """Append one line; a full or read-only disk does not end the game."""
    shared = {f.name: getattr(score, f.name) for f in fields(KeptScore)}
    kept = KeptScore(**{**shared, "found": tuple(sorted(score.found))})
    try:
        scores_file().parent.mkdir(parents=True, exist_ok=True)
        with scores_file().open("a", encoding="utf-8") as stream:
            stream.write(_LINES.line(kept))
    except OSError:
        return
