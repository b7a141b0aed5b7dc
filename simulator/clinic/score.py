"""How a person did in the clinic, and where that is kept: on this machine, and nowhere else."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from simulator.folders import state_folder

FULL_SCORE, HINT_COSTS, MISS_COSTS = 100, 10, 15
_MAX_READ = 4 * 1024 * 1024


@dataclass
class Score:
    """How a person did. Points: 100, less 10 for a hint and 15 for a wrong answer; nought where it was given up."""

    case: str
    hints: int = 0
    misses: int = 0
    found: set[str] = field(default_factory=set)
    gave_up: bool = False
    mended_by_hand: bool = False
    began: float = field(default_factory=time.monotonic)

    @property
    def points(self) -> int:
        """0 to 100."""
        return 0 if self.gave_up else max(0, FULL_SCORE - HINT_COSTS * self.hints - MISS_COSTS * self.misses)

    @property
    def seconds(self) -> int:
        """Since the case began."""
        return round(time.monotonic() - self.began)


def scores_file() -> Path:
    """Where scores are kept: on this machine, and nowhere else."""
    return state_folder() / "clinic.jsonl"


def kept_scores() -> list[dict[str, Any]]:
    """What was played, oldest first. Lines that no version of this program wrote are left out."""
    try:
        if not scores_file().is_file():
            return []
        with scores_file().open("rb") as stream:
            lines = stream.read(_MAX_READ).splitlines()
    except OSError:
        return []
    return [score for line in lines if (score := _score_of(line)) is not None]


def _score_of(line: bytes) -> dict[str, Any] | None:
    try:
        score = json.loads(line)
    except (ValueError, RecursionError):
        return None
    wanted = {"case": str, "points": int, "hints": int, "misses": int, "seconds": int}
    good = isinstance(score, dict) and all(isinstance(score.get(key), kind) for key, kind in wanted.items())
    return score if good else None


def keep_score(score: Score) -> None:
    """Append one line; a disk that is full or read-only costs nobody the game."""
    line = asdict(score) | {"found": sorted(score.found), "points": score.points, "seconds": score.seconds}
    del line["began"]
    try:
        scores_file().parent.mkdir(parents=True, exist_ok=True)
        with scores_file().open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")
    except OSError:
        return
