"""A saved result: the document of `expressway-sim rehearse --json` back as values, for a notebook."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from pkikit.errors import InputError
from pkikit.files import read_bytes
from pkikit.judge.legs.known_parts import State
from simulator.rehearsal.results import Cause, Connection, Rehearsal, RehearsedState
from simulator.rehearsal.route import Phase
from simulator.rehearsal.sabotage import Kind, Sabotage

# What reading a document of another kind raises, whatever is in it.
_DAMAGED = (LookupError, AttributeError, TypeError, ValueError, RecursionError)


def read_result(path: Path) -> Rehearsal:
    """Read a result that `--out` saved.

    Args:
        path: the file.

    Returns:
        The result.

    Raises:
        InputError: the file cannot be read, or it is not a result.
    """
    try:
        return result_of(json.loads(read_bytes(path)))
    except _DAMAGED:
        raise InputError("is not the result of a rehearsal that this version can read", where=str(path)) from None


def result_of(document: dict[str, Any]) -> Rehearsal:
    """Return the result in a document.

    Args:
        document: what `Rehearsal.to_json` returned.

    Returns:
        The result. Derived members of the document are worked out again.
    """
    said = document["sabotage"]
    return Rehearsal(
        deployment=str(document["deployment"]),
        goal=str(document["goal"]),
        plan=str(document["plan_sha256"]),
        steps=int(document["steps"]),
        sabotage=Sabotage(kind=Kind(said["kind"]), step=said["step"], other=said["other"] or 0) if said else None,
        states=tuple(map(_state, document["states"])),
        continued=int(document["continued"]),
        notes=tuple(map(str, document["notes"])),
        no_way_back=document["no_way_back_from"] or 0,
    )


def _state(entry: dict[str, Any]) -> RehearsedState:
    return RehearsedState(
        number=int(entry["n"]),
        key=entry["key"] or "",
        says=entry["step"],
        machine=entry["machine"] or "",
        phase=Phase(entry["phase"]),
        undo=entry["undo"],
        off=entry["off"] or "",
        at=datetime.fromisoformat(entry["at"]),
        seconds=float(entry["seconds"]),
        connections=tuple(map(_connection, entry["connections"])),
        refused=tuple(entry["refused"]),
        why=tuple(map(_cause, entry["why"])),
        dropped=tuple(entry["dropped"]),
        moved=tuple(entry["moved"]),
        unannounced=tuple(entry["unannounced"]),
        problems=tuple(entry["problems"]),
        services=tuple(entry["services_down"]),
    )


def _connection(entry: dict[str, Any]) -> Connection:
    return Connection(
        id=entry["id"],
        predicted=State(entry["predicted"]),
        state=State(entry["state"]),
        dialled=entry["dialled"],
        held=entry["held"],
        refused_by=entry["refused_by"] or "",
        causes=tuple(entry["causes"]),
        says=entry["says"],
        fix=entry["fix"],
    )


def _cause(entry: dict[str, Any]) -> Cause:
    return Cause(
        rule=entry["rule"],
        says=entry["says"],
        fix=entry["fix"],
        refused_by=tuple(entry["refused_by"]),
        legs=tuple(entry["legs"]),
    )
