"""The truth about a made fleet, as `truth.json` and `truth.csv`: what an audit must find, known from how each fault was made."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pkikit.fleet.made.customer import SOUND
from pkikit.fleet.made.workshop import KEY_PAIRS
from pkikit.view.description import iso

FORMAT = 1
_COLUMNS = ("folder", "expected", "fault", "damage", "machine", "first_break", "cause", "connections", "says")


@dataclass(frozen=True, kw_only=True)
class TrueBreak:
    """A connection that breaks.

    Attributes:
        leg: its id.
        at: the date that breaks it, in the past if it is down for it already; the time of the fleet if it is down and no date is
            the reason.
        cause: the rule that is breached.
    """

    leg: str
    at: str
    cause: str


@dataclass(frozen=True, kw_only=True)
class TrueFolder:
    """What is true of one folder.

    Attributes:
        folder: its name.
        deployment: the name in its deployment file.
        version: of the product.
        issuers: who issues its certificates.
        connections: how many connections the deployment has.
        expected: what an audit must say: accepted, breaks, problem or error.
        fault: the kind of fault; empty without one.
        damage: the kind of damage; empty without one.
        says: what was done, in one sentence.
        machine: the machine that has the fault.
        breaks: the connections that break, in the order of the deployment.
    """

    folder: str
    deployment: str
    version: str
    issuers: str
    connections: int
    expected: str = "accepted"
    fault: str = ""
    damage: str = ""
    says: str = ""
    machine: str = ""
    breaks: tuple[TrueBreak, ...] = ()

    @property
    def first_break(self) -> TrueBreak | None:
        """The first connection that breaks; of several at one time the one whose id comes first, as in an audit."""
        return min(self.breaks, key=lambda b: (b.at, b.leg), default=None)

    def to_json(self) -> dict[str, Any]:
        """Return the folder as a JSON value."""
        first = self.first_break
        return {**asdict(self), "first_break": asdict(first) if first is not None else None}


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What is true of a fleet.

    Attributes:
        seed: of the fleet.
        at: the time for which it is made; an audit for another time finds other dates for what is broken already.
        folders: every folder, sorted by name.
    """

    seed: str
    at: datetime
    folders: tuple[TrueFolder, ...]

    def counted(self, expected: str) -> int:
        """Return how many folders must get this answer."""
        return sum(folder.expected == expected for folder in self.folders)

    def to_json(self) -> dict[str, Any]:
        """Return everything as a JSON value."""
        return {
            "format": FORMAT,
            "seed": self.seed,
            "at": iso(self.at),
            "sound_until": iso(self.at + SOUND),
            "keys": f"{KEY_PAIRS} RSA key pairs that everybody has serve all machines and CAs; no folder has a private key",
            "accepted": self.counted("accepted"),
            "breaks": self.counted("breaks"),
            "problem": self.counted("problem"),
            "error": self.counted("error"),
            "folders": [folder.to_json() for folder in self.folders],
        }


def truth_files(truth: Truth) -> dict[str, bytes]:
    """Return `truth.json` and `truth.csv`.

    Args:
        truth: what is true.

    Returns:
        Content by name.
    """
    text = json.dumps(truth.to_json(), indent=1)
    return {"truth.json": f"{text}\n".encode(), "truth.csv": _table(truth.folders).encode()}


def _table(folders: Sequence[TrueFolder]) -> str:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(_COLUMNS)
    for one in folders:
        first, legs = one.first_break, " ".join(b.leg for b in one.breaks)
        date, cause = (first.at, first.cause) if first is not None else ("", "")
        writer.writerow((one.folder, one.expected, one.fault, one.damage, one.machine, date, cause, legs, one.says))
    return stream.getvalue()
