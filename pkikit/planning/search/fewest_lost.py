"""If no order is without refusals: the one that loses the fewest minutes, summed over connections."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pkikit.planning.search.clause_orders import Orders
from pkikit.planning.search.clauses import Clause, refused_at
from pkikit.planning.search.preferred import eager
from pkikit.planning.search.problem import Problem

BEAM = 300
"""States that are kept of each size if there are too many to look at all."""
PAIRS = 4
"""Pairs of steps for each connection that the estimate looks at."""


@dataclass(frozen=True)
class Cheap:
    """An order.

    Attributes:
        order: keys; empty if the hard clauses allow none.
        lost: minutes times refused connections, as far as the clauses know.
        proven: True if no order that the hard clauses allow loses less by these clauses.
        opened: how many states were opened for it.
    """

    order: tuple[str, ...]
    lost: float
    proven: bool
    opened: int


def lost_by(order: Sequence[str], problem: Problem, clauses: Sequence[Clause]) -> float:
    """Return what an order loses by clauses: for each step, its minutes times the connections that are refused before it.

    Args:
        order: keys of all steps.
        problem: has the minutes.
        clauses: soft ones count.

    Returns:
        Connection-minutes.
    """
    soft = tuple(clause for clause in clauses if not clause.hard)
    steps = ((frozenset(order[:number]), key) for number, key in enumerate(order))
    return sum(problem.minutes.get(key, 1.0) * len(refused_at(soft, state)) for state, key in steps)


def single(mask: int) -> bool:
    """Tell whether one bit is set."""
    return mask.bit_count() == 1


class Losses:
    """Searches the order that loses the least by clauses: soft ones cost, hard ones are never broken."""

    def __init__(self, problem: Problem, clauses: Sequence[Clause]) -> None:
        self.problem = problem
        self.minutes = [problem.minutes.get(key, 1.0) for key in problem.keys]
        self.hard = Orders(problem.keys, [clause for clause in clauses if clause.hard])
        soft = [clause for clause in clauses if not clause.hard and not clause.done & clause.missing]
        names = {name: number for number, name in enumerate(dict.fromkeys(clause.because for clause in soft))}
        self.soft = [(self.hard.mask(c.done), self.hard.mask(c.missing), names[c.because]) for c in soft]
        self.rules = [(self.hard.mask(c.done), self.hard.mask(c.missing)) for c in clauses if c.hard]
        self.endless = any(not missing for _, missing, _ in self.soft)
        self.pick = eager(problem)
        self.cycles = self._cycles()

    def _cycles(self) -> list[list[tuple[int, int, float, float]]]:
        """Return for each connection the pairs of steps that refuse it in between, whichever comes first.

        A pair is (one, other, minutes of one, minutes of other). If a rule puts one first, only the other one ends the refusal.
        """
        after = {(done, missing, name) for done, missing, name in self.soft if single(done) and single(missing)}
        rules = {(done, missing) for done, missing in self.rules if single(done) and single(missing)}
        found: dict[int, list[tuple[int, int, float, float]]] = {}
        for done, missing, name in after:
            minutes = [self.minutes[mask.bit_length() - 1] for mask in (done, missing)]
            if (missing, done, name) in after and done < missing:
                found.setdefault(name, []).append((done, missing, minutes[0], minutes[1]))
            elif (missing, done) in rules:  # `done` comes first in any case, so the other one ends it
                found.setdefault(name, []).append((done, missing, minutes[1], minutes[1]))
        return [sorted(pairs, key=lambda pair: -min(pair[2:]))[:PAIRS] for pairs in found.values()]

    def still(self, state: int) -> float:
        """Return what every way on from a state loses at least."""
        total = 0.0
        for pairs in self.cycles:
            most = 0.0
            for one, other, of_one, of_other in pairs:
                if state & one:
                    least = 0.0 if state & other else of_other
                else:
                    least = of_one if state & other else min(of_one, of_other)
                most = max(most, least)
            total += most
        return total

    def cheapest(self, limit: int) -> Cheap:
        """Return the order that loses the least.

        Args:
            limit: how many states may be opened before the search only keeps the most promising ones.

        Returns:
            The order.
        """
        if self.hard.solve(self.pick, self.problem.limits.dead_ends).order is None:
            return Cheap((), 0.0, proven=False, opened=0)
        costs, came, opened = {0: 0.0}, dict[int, tuple[int, int]](), 0
        waiting = [(self.still(0), -0, 0, 0.0)]
        while waiting:
            _, _, state, cost = heapq.heappop(waiting)
            if state == self.hard.all:
                return Cheap(self._order(came), cost, proven=True, opened=opened)
            if cost > costs[state]:
                continue
            opened += 1
            if opened > limit:
                return self._beam(opened)
            for position, price in self._ways(state, came):
                then = state | (1 << position)
                if cost + price < costs.get(then, float("inf")):
                    costs[then], came[then] = cost + price, (state, position)
                    heapq.heappush(waiting, (cost + price + self.still(then), -then.bit_count(), then, cost + price))
        return Cheap((), 0.0, proven=False, opened=opened)

    def _beam(self, opened: int) -> Cheap:
        """Look at states by size, and keep only the cheapest of each."""
        layer, came = {0: 0.0}, dict[int, tuple[int, int]]()
        for _ in self.problem.keys:
            following = dict[int, float]()
            for state, cost in layer.items():
                for position, price in self._ways(state, came):
                    then = state | (1 << position)
                    if cost + price < following.get(then, float("inf")):
                        following[then], came[then] = cost + price, (state, position)
            kept = sorted(following.items(), key=lambda item: item[1] + self.still(item[0]))[:BEAM]
            layer = dict(kept)
        if self.hard.all not in layer:  # hard rules with several keys ended all of them
            solved = self.hard.solve(self.pick, self.problem.limits.dead_ends).order or ()
            order = tuple(self.problem.keys[position] for position in solved)
            return Cheap(order, float("inf"), proven=False, opened=opened)
        return Cheap(self._order(came), layer[self.hard.all], proven=False, opened=opened)

    def _order(self, came: dict[int, tuple[int, int]]) -> tuple[str, ...]:
        order, state = list[str](), self.hard.all
        while state:
            state, position = came[state]
            order.append(self.problem.keys[position])
        return tuple(reversed(order))

    def _ways(self, state: int, came: dict[int, tuple[int, int]]) -> Iterator[tuple[int, float]]:
        """Iterate over the next steps that are worth a look, and what each costs.

        Two kinds of steps need no choice. While nothing is refused, a step that no clause wants late is done at once. A step that
        no clause wants early is done last, when nothing is refused any more.
        """
        soft = [row for row in self.soft if not row[1] & state]
        rules = [row for row in self.rules if not row[1] & state]
        refused = len({name for done, _, name in soft if not done & ~state})
        possible = self.hard.possible(state)
        late = 0
        for done, _, _ in soft:
            late |= done
        for done, _ in rules:
            if (done & ~state).bit_count() > 1:
                late |= done
        if not refused:
            at_once = [position for position in possible if not late >> position & 1]
            if at_once:
                yield self.pick(at_once, self._previous(state, came)), 0.0
                return
        early = 0
        for row in (*soft, *rules):
            early |= row[1]
        choice = possible if self.endless else [position for position in possible if early >> position & 1]
        for position in choice or possible[:1]:
            yield position, refused * self.minutes[position]

    def _previous(self, state: int, came: dict[int, tuple[int, int]]) -> int | None:
        return came[state][1] if state in came else None
