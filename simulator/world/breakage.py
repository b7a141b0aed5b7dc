"""Faults by name, and undoing them. Whatever was changed after a fault stays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pydantic

from pkikit.errors import InputError
from pkikit.model.world import Party, World
from pkikit.values.names import printable
from simulator.world.faults import Fault

_FAULT: pydantic.TypeAdapter[Fault] = pydantic.TypeAdapter(Fault)
_PARTS = ("credential", "services", "client", "domains", "trusted_ca_list", "lists", "clock_offset", "speaks", "held")


def fault_of(name: str, /, **fields: Any) -> Fault:
    """Return the fault with this name and these fields, as the clinic's case files write them.

    Raises:
        InputError: the fault is unknown, or a field is missing or wrong.
    """
    try:
        return _FAULT.validate_python({"fault": name, **fields})
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:])  # the first part is the fault's own name
        reason = f"{where}: {first['msg']}" if where else first["msg"]
        raise InputError(f"cannot make the fault {printable(name)!r}: {reason}") from None


@dataclass(frozen=True, kw_only=True)
class Breakage:
    """A world with faults. well: before the first fault; broken: after the last one."""

    well: World
    broken: World

    def fixed(self, now: World) -> World:
        """Return the world without the faults. A certificate or list that was changed since then stays."""
        parties = {f: _undo(p, self.broken.parties[f], self.well.parties[f]) for f, p in now.parties.items()}
        return replace(self.well, parties=parties)


def _undo(now: Party, broken: Party, well: Party) -> Party:
    undone = {part: getattr(well, part) for part in _PARTS if getattr(now, part) is getattr(broken, part)}
    return replace(now, **undone)
