"""How long the steps take. What Cisco's documents estimate is a restart; everything else is ours, and a team replaces it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from pkikit.design.restarts import ESTIMATES, WATCH
from pkikit.planning.steps import Action, Step

__all__ = ["IN_WINDOWS", "MINUTES", "WATCH", "length_of"]

MINUTES: Mapping[Action, int] = MappingProxyType(
    {
        Action.APPEND_CA: 5,
        Action.REMOVE_CA: 5,
        Action.LOAD: 10,
        Action.LOAD_CLIENT: 10,
        Action.RESTART: ESTIMATES["restart"],
        Action.SET: 5,
        Action.UPGRADE: 60,
        Action.DNS: 5,
        Action.WAIT: 0,
    }
)
# These wait for a maintenance window: they cut connections, or the next restart does.
IN_WINDOWS = frozenset({Action.RESTART, Action.UPGRADE, Action.LOAD, Action.LOAD_CLIENT})


def length_of(step: Step) -> timedelta:
    """Return how long somebody works on a step, without the lead time of its owner."""
    return timedelta(minutes=MINUTES[step.action])
