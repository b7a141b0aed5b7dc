"""How a player did in the clinic. Scores are kept on this machine only."""

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
    """How a player did. Points: 100, minus 10 for each hint and 15 for each wrong answer; 0 if the player gave up."""

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
        """The time since the case began, in seconds."""
        return round(time.monotonic() - self.began)


def scores_file() -> Path:
    """Return the file of scores on this machine."""
    return state_folder() / "clinic.jsonl"


def kept_scores() -> list[dict[str, Any]]:
    """Return all recorded scores, oldest first; malformed lines are skipped."""
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
    """Append one line; a full or read-only disk does not end the game."""
    line = asdict(score) | {"found": sorted(score.found), "points": score.points, "seconds": score.seconds}
    del line["began"]
    try:
        scores_file().parent.mkdir(parents=True, exist_ok=True)
        with scores_file().open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")
    except OSError:
        return
