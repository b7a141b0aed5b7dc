"""What the search is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pkikit.planning.search.clauses import Clause, Done


class Oracle(Protocol):
    """Knows what is refused in each state. The search asks only what it has to know."""

    def refused(self, done: Done) -> Collection[str]:
        """Return the names of all that is refused in this state."""

    def refuses(self, name: str, done: Done) -> bool:
        """Tell whether this one is refused in this state. It is asked with the keys of `keys_of(name)` only."""

    def keys_of(self, name: str) -> Done:
        """Return the keys on which the answer for this name can depend. Too many are slow, too few are wrong."""


@dataclass(frozen=True, kw_only=True)
class Grouping:
    """Steps that are better done one after the other.

    Attributes:
        labels: the group of a step, by its key: who does it, in which maintenance window. A step without one fits everywhere.
        price: of each change from one group to another.
    """

    labels: Mapping[str, str]
    price: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Preference:
    """Which of the possible orders is the best: the lowest sum of prices, then the lowest ranks first.

    Attributes:
        groupings: for instance by owner, and by maintenance window.
        rank: for the rest, by key: low numbers first.
    """

    groupings: tuple[Grouping, ...] = ()
    rank: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much work the search may do. It counts work, not time, so that the same problem always has the same answer.

    Attributes:
        dead_ends: how many dead ends the search for an order may meet.
        questions: how many states of one connection may be asked to make one clause smaller.
        states: how many states the search for the preferred order may open.
        lost_states: how many states the search for the fewest lost minutes may open.
        exact_steps: changes with at most this many steps get an order that is preferred for certain.
    """

    dead_ends: int = 20_000
    questions: int = 600
    states: int = 60_000
    lost_states: int = 12_000
    exact_steps: int = 12


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Steps to order.

    Attributes:
        keys: of all steps. Earlier ones come first if nothing else decides.
        oracle: knows what is refused.
        rules: clauses that hold from the start: precedences, with `hard=True`.
        minutes: how long a step takes, by key. The state before it lasts that long. Steps that are not here take one minute.
        preference: which order is the best.
        forbidden: names that may be refused in no order, also if that means that there is none.
        limits: how much work is allowed.
    """

    keys: tuple[str, ...]
    oracle: Oracle
    rules: tuple[Clause, ...] = ()
    minutes: Mapping[str, float] = field(default_factory=dict)
    preference: Preference = Preference()
    forbidden: frozenset[str] = frozenset()
    limits: Limits = Limits()


@dataclass(frozen=True, kw_only=True)
class Found:
    """The answer.

    Attributes:
        order: the keys of all steps. If no order is without refusals: the one with the fewest lost minutes. Empty if the rules
            contradict each other, so that there is no order at all.
        exists: True if no state of the order is refused.
        proven: True if it is certain: the order exists, or no order exists and none loses less.
        impossible: True if it is certain that no order without refusals exists.
        reason: if none exists: a smallest set of clauses that together rule out every order. Without any one of them, one exists.
        lost: minutes times connections that are refused in this order.
        clauses: all that the search learned, without the rules.
        rounds: how many orders were replayed.
        best: True if it is certain that no other order is preferred to this one.
    """

    order: tuple[str, ...]
    exists: bool
    proven: bool
    impossible: bool = False
    reason: tuple[Clause, ...] = ()
    lost: float = 0.0
    clauses: tuple[Clause, ...] = ()
    rounds: int = 0
    best: bool = False


Progress = Callable[[str, int], None]
"""Is called with what the search does (`replay`, `order`, `reason`, `loss`) and how many times it did so."""
