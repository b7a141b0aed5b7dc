"""What tomorrow itself refuses, each cause once, with its fix."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pkikit.planning.plan import Clash
from pkikit.rules.catalogue import CATALOGUE
from pkikit.text import counted

AFTER_ALL = "After the last step, "
EXAMPLE = " For example, "
"""The words after which the reason of a plan names one of these connections."""


@dataclass(frozen=True, kw_only=True)
class LostConnections:
    """Connections that tomorrow refuses for one cause.

    Attributes:
        legs: their ids.
        says: the reason, with the first of them as example.
        fix: what to change in tomorrow; empty if no rule says so.
    """

    legs: tuple[str, ...]
    says: str
    fix: str

    @property
    def sentence(self) -> str:
        """How many there are, and the reason."""
        return f"{counted(len(self.legs), 'connection')}{', for example' if len(self.legs) > 1 else ''}: {self.says}"


def lost_by_cause(clashes: Iterable[Clash]) -> tuple[LostConnections, ...]:
    """Return the connections that no order can help, the cause of most of them first.

    Args:
        clashes: of a plan.

    Returns:
        One entry for each cause.
    """
    found: dict[str, list[Clash]] = {}
    for clash in clashes:
        if clash.leg and not clash.missing:
            found.setdefault(next(iter(clash.causes), ""), []).append(clash)
    return tuple(
        LostConnections(
            legs=tuple(clash.leg for clash in lost),
            says=lost[0].says.removeprefix(AFTER_ALL),
            fix=CATALOGUE.by_id[cause].fix if cause in CATALOGUE.by_id else "",
        )
        for cause, lost in sorted(found.items(), key=lambda pair: -len(pair[1]))
    )
