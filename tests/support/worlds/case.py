"""A broken world and its near miss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pkikit.model.leg import Leg
from tests.support.worlds.builder import WorldBuilder


@dataclass(frozen=True)
class Case:
    """A broken world, the rule that says why on every affected leg, and its near miss."""

    id: str
    broken: Callable[[WorldBuilder], WorldBuilder]
    rule: str
    affected: Callable[[Leg], bool]
    near_miss: Callable[[WorldBuilder], WorldBuilder]
    also: tuple[str, ...] = ()  # further rules that speak on the affected legs


def unchanged(builder: WorldBuilder) -> WorldBuilder:
    return builder
