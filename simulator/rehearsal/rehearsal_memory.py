"""What an interrupted rehearsal left behind: the states that it dialled, in a file beside the plan."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pkikit.errors import InputError
from pkikit.files import read_bytes, write_public
from pkikit.model.codec.document import Codec
from simulator.rehearsal.results import RehearsedState
from simulator.rehearsal.sabotage import Sabotage


@dataclass(frozen=True, kw_only=True)
class Interrupted:
    """A rehearsal that has not ended.

    plan: the SHA-256 of the plan's file. sabotage: what is done otherwise. states: those that were dialled.
    under_way: the step that was being done; empty between two steps.
    """

    plan: str
    sabotage: Sabotage | None = None
    states: tuple[RehearsedState, ...] = ()
    under_way: str = ""


def identity_of(plan: Path) -> str:
    """Return what identifies a plan: the SHA-256 of its file, which has those of all files that it names.

    Raises:
        InputError: the file cannot be read.
    """
    return hashlib.sha256(read_bytes(plan)).hexdigest()


@cache
def _codec() -> Codec[Interrupted]:
    return Codec(Interrupted, "the state of a rehearsal", upgrades={0: dict})


class Memory:
    """The file of one plan's rehearsal. Each write replaces it whole, so a killed program leaves the last whole one."""

    def __init__(self, plan: Path, identity: str) -> None:
        """Describe the file; nothing is read or written yet.

        Args:
            plan: the file of the plan.
            identity: what identifies its contents.
        """
        self.path, self._plan, self._identity = plan.with_name(f"{plan.stem}.rehearsal.json"), plan, identity

    def load(self) -> Interrupted | None:
        """Return what an interrupted rehearsal left; None if there is nothing.

        Raises:
            InputError: the file is damaged, or it belongs to another plan.
        """
        if not self.path.exists():
            return None
        left = _codec().from_bytes(read_bytes(self.path), where=str(self.path))
        if left.plan != self._identity:
            raise InputError(
                f"belongs to another plan than {self._plan} is now; rehearse this plan from its beginning",
                where=str(self.path),
            )
        return left

    def save(self, states: tuple[RehearsedState, ...], sabotage: Sabotage | None, under_way: str = "") -> None:
        """Write what was dialled until now.

        Raises:
            InputError: the file cannot be written.
        """
        left = Interrupted(plan=self._identity, sabotage=sabotage, states=states, under_way=under_way)
        write_public(self.path, _codec().to_bytes(left))

    def forget(self) -> None:
        """Remove the file: the rehearsal has ended."""
        self.path.unlink(missing_ok=True)
