"""An order that respects clauses, or the proof that none exists.

A clause (done, missing) means: one of `missing` comes before the last of `done`. If `done` has one key, a step that became
possible stays possible, so taking any possible step is never wrong (AND/OR precedences: Möhring, Skutella, Stork, 2004). For the
others, the search goes back from dead ends and learns from each: if every missing step is ruled out by a clause, then the union
of these clauses is a clause too, and it rules out this state and all that are dead for the same reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pkikit.planning.search.clauses import Clause, Done

Pick = Callable[[list[int], int | None], int]
"""Chooses one of several possible steps, given the step before: all as positions in the keys."""


@dataclass(frozen=True)
class Row:
    """A clause in bits: one for each key.

    Attributes:
        done: one side of the clause.
        missing: the other.
        leaves: the numbers of the clauses from which it follows.
    """

    done: int
    missing: int
    leaves: frozenset[int]


@dataclass(frozen=True)
class Solved:
    """The outcome.

    Attributes:
        order: positions of all keys; None if there is no order, or if the search gave up.
        core: numbers of clauses that together rule out every order; empty if the search gave up.
        gave_up: True if there were too many dead ends.
    """

    order: tuple[int, ...] | None
    core: frozenset[int] = frozenset()
    gave_up: bool = False


class Orders:
    """Searches orders of keys that respect clauses."""

    def __init__(self, keys: Sequence[str], clauses: Sequence[Clause]) -> None:
        self.keys = tuple(keys)
        self.positions = {key: number for number, key in enumerate(self.keys)}
        self.all = (1 << len(self.keys)) - 1
        self.roots: list[Row] = []
        self.rows_of: list[list[Row]] = [[] for _ in self.keys]
        self.learned = 0
        for number, clause in enumerate(clauses):
            if clause.done & clause.missing:
                continue
            self._add(Row(self.mask(clause.done), self.mask(clause.missing), frozenset({number})))

    def mask(self, keys: Done) -> int:
        """Return keys as bits."""
        return sum(1 << self.positions[key] for key in keys)

    def _add(self, row: Row) -> None:
        if not row.done:
            self.roots.append(row)
        for position in bits(row.done):
            self.rows_of[position].append(row)

    def blocking(self, state: int, position: int) -> Row | None:
        """Return a clause that rules out this step in this state."""
        after = state | (1 << position)
        found: Row | None = None
        for row in self.rows_of[position]:
            if row.done & ~after or row.missing & after:
                continue
            if found is None or row.missing.bit_count() < found.missing.bit_count():
                found = row
        return found

    def blocked(self, state: int, position: int) -> bool:
        """Tell whether a clause rules out this step in this state."""
        after = state | (1 << position)
        return any(not (row.done & ~after or row.missing & after) for row in self.rows_of[position])

    def harmless(self, state: int, position: int) -> bool:
        """Tell whether this step can only help: no clause that is still open needs it to come late."""
        here = 1 << position
        return all(row.missing & state or not (row.done & ~state & ~here) for row in self.rows_of[position])

    def possible(self, state: int) -> list[int]:
        """Return the steps that no clause rules out in this state."""
        return [position for position in bits(self.all & ~state) if not self.blocked(state, position)]

    def solve(self, pick: Pick, dead_ends: int) -> Solved:
        """Search an order.

        Args:
            pick: which of several possible steps comes first.
            dead_ends: after how many to give up.

        Returns:
            An order, or the clauses that rule out all.
        """
        for row in self.roots:  # the state before the first step is refused already
            return Solved(None, row.leaves)
        states, path = [0], list[int]()
        while states[-1] != self.all:
            state = states[-1]
            possible = self.possible(state)
            if possible:
                helping = [position for position in possible if self.harmless(state, position)]
                chosen = pick(helping or possible, path[-1] if path else None)
                path.append(chosen)
                states.append(state | (1 << chosen))
                continue
            dead = self._dead(state)
            if not dead.done:
                return Solved(None, dead.leaves)
            if self.learned >= dead_ends:
                return Solved(None, gave_up=True)
            self.learned += 1
            self._add(dead)
            while not dead.done & ~states[-1]:
                states.pop()
                path.pop()
        return Solved(tuple(path))

    def _dead(self, state: int) -> Row:
        """Return the smallest clause that follows from all missing steps being ruled out."""
        missing = list(bits(self.all & ~state))
        rows = {position: self._required(state, position) for position in missing}
        return min(
            (self._closure(position, rows) for position in missing[:40]), key=lambda row: row.missing.bit_count()
        )

    def _required(self, state: int, position: int) -> Row:
        row = self.blocking(state, position)
        assert row is not None  # otherwise the state is not dead
        return row

    def _closure(self, start: int, rows: dict[int, Row]) -> Row:
        done, missing, leaves = 0, 1 << start, frozenset[int]()
        waiting = [start]
        while waiting:
            position = waiting.pop()
            row = rows[position]
            done |= row.done & ~(1 << position)
            leaves |= row.leaves
            waiting.extend(bits(row.missing & ~missing))
            missing |= row.missing
        return Row(done, missing, leaves)


def bits(mask: int) -> Iterator[int]:
    """Iterate over the positions of the bits that are set.

    Args:
        mask: bits.

    Yields:
        Positions, lowest first.
    """
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
