"""If no order is without refusals: the one that loses the fewest minutes, summed over connections."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pkikit.planning.search.clause_orders import Orders, bits
from pkikit.planning.search.clauses import Clause, refused_at
from pkikit.planning.search.preferred import eager
from pkikit.planning.search.problem import Problem

BEAM, MOVES = 40, 8
"""If there are too many states to look at all: one of so many of them is kept of each size, and so many moves are tried."""


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


class Table:
    """All clauses as bits of numbers, so that a state is looked at with few operations.

    `names` are the clauses of each connection, `helped_by` those that a step settles, `alone` those whose only late step it is.
    """

    def __init__(self, rules: Sequence[tuple[int, int]], soft: Sequence[tuple[int, int, int]], steps: int) -> None:
        """Enter all clauses.

        Args:
            rules: hard ones, as (done, missing).
            soft: the others, with the number of the connection.
            steps: how many steps there are.
        """
        self.every = (1 << (len(rules) + len(soft))) - 1
        self.helped_by = [0] * steps
        self.alone = [0] * steps  # clauses that this step completes by itself
        self._soft_of = [0] * steps
        self._rules_alone = [0] * steps
        self._rules_together = [0] * steps
        self._several: list[tuple[int, int]] = []
        self._several_rules: list[list[tuple[int, int]]] = [[] for _ in range(steps)]
        names: dict[int, int] = {}
        for number, (done, missing) in enumerate(rules):
            bit = 1 << number
            self._enter(bit, done, missing)
            for k in bits(done):
                if single(done):
                    self._rules_alone[k] |= bit
                else:
                    self._rules_together[k] |= bit
                    self._several_rules[k].append((bit, done))
        for number, (done, missing, name) in enumerate(soft, len(rules)):
            bit = 1 << number
            self._enter(bit, done, missing)
            names[name] = names.get(name, 0) | bit
            for k in bits(done):
                self._soft_of[k] |= bit
        self.names = tuple(names.values())

    def _enter(self, bit: int, done: int, missing: int) -> None:
        for k in bits(missing):
            self.helped_by[k] |= bit
        if single(done):
            self.alone[done.bit_length() - 1] |= bit
        else:
            self._several.append((bit, done))

    def open(self, state: int) -> int:
        """Return the clauses that no completed step has settled."""
        settled = 0
        for k in bits(state):
            settled |= self.helped_by[k]
        return self.every & ~settled

    def complete(self, state: int) -> int:
        """Return the clauses all of whose late steps are completed."""
        found = self.several(state)
        for k in bits(state):
            found |= self.alone[k]
        return found

    def several(self, state: int) -> int:
        """Return those of them that have several late steps."""
        found = 0
        for bit, done in self._several:
            if not done & ~state:
                found |= bit
        return found

    def blocks(self, state: int, open_: int, k: int) -> bool:
        """Tell whether a rule excludes this step in this state."""
        if self._rules_alone[k] & open_:
            return True
        after = state | (1 << k)
        return any(bit & open_ and not done & ~after for bit, done in self._several_rules[k])

    def wants_late(self, state: int, open_: int, k: int) -> bool:
        """Tell whether an open clause is nearer to a refusal after this step."""
        return bool((self._soft_of[k] | self._rules_together[k]) & open_)


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
        self.table = Table(self.rules, self.soft, len(problem.keys))
        self.pick = eager(problem)
        self._estimates()

    def _estimates(self) -> None:
        """Find for each connection a pair of steps that refuses it in between, whichever comes first.

        The later one ends the refusal, so each way loses at least its minutes. If a rule puts one first, it is the other's.
        """
        after = {(done, missing, name) for done, missing, name in self.soft if single(done) and single(missing)}
        rules = {(done, missing) for done, missing in self.rules if single(done) and single(missing)}
        best: dict[int, tuple[float, int, int, float, float]] = {}
        for done, missing, name in after:
            one, other = done.bit_length() - 1, missing.bit_length() - 1
            if (missing, done, name) in after:
                of_one, of_other = self.minutes[one], self.minutes[other]
            elif (missing, done) in rules:
                of_one = of_other = self.minutes[other]
            else:
                continue
            best[name] = max(
                best.get(name, (0.0, 0, 0, 0.0, 0.0)), (min(of_one, of_other), one, other, of_one, of_other)
            )
        self.least = sum(pair[0] for pair in best.values())
        self.pairs: list[list[tuple[int, float, float]]] = [[] for _ in self.minutes]
        weights = Counter(best.values())
        for (least, one, other, of_one, of_other), count in weights.items():
            self.pairs[one].append((1 << other, -of_one * count, (of_other - least) * count))
            self.pairs[other].append((1 << one, -of_other * count, (of_one - least) * count))

    def _nearer(self, state: int, position: int) -> float:
        """Return by how much this step changes the least that every way on loses."""
        return sum(second if state & other else first for other, second, first in self.pairs[position])

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
        waiting = [(self.least, 0, 0, 0.0)]
        while waiting:
            estimate, _, state, cost = heapq.heappop(waiting)
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
                    nearer = estimate + price + self._nearer(state, position)
                    heapq.heappush(waiting, (nearer, -then.bit_count(), then, cost + price))
        return Cheap((), 0.0, proven=False, opened=opened)

    def _beam(self, opened: int) -> Cheap:
        """Look at states by size, and keep only the most promising of each."""
        width = max(10, self.problem.limits.lost_states // BEAM)
        layer, came = {0: (self.least, 0.0)}, dict[int, tuple[int, int]]()
        for _ in self.problem.keys:
            following = dict[int, tuple[float, float]]()
            for state, (estimate, cost) in layer.items():
                for position, price in self._ways(state, came):
                    then = state | (1 << position)
                    reached = (estimate + price + self._nearer(state, position), cost + price)
                    if then not in following or reached < following[then]:
                        following[then], came[then] = reached, (state, position)
            kept = sorted(following.items(), key=lambda item: item[1])[:width]
            layer = dict(kept)
        if self.hard.all not in layer:  # hard rules with several keys ended all of them
            solved = self.hard.solve(self.pick, self.problem.limits.dead_ends).order or ()
            order = tuple(self.problem.keys[position] for position in solved)
            return Cheap(order, float("inf"), proven=False, opened=opened)
        return Cheap(self._order(came), layer[self.hard.all][1], proven=False, opened=opened)

    def moved(self, order: tuple[str, ...]) -> tuple[str, ...]:
        """Move steps one by one to where the order loses less.

        Args:
            order: keys, as the hard clauses allow them.

        Returns:
            The order with which no move helps any more, or enough were tried.
        """
        best = [self.hard.positions[key] for key in order]
        lost, tried, most = self._cost(best, float("inf")), 0, self.problem.limits.lost_states // MOVES
        improved = True
        while improved and tried < most:
            improved = False
            for k in tuple(best):
                rest = [other for other in best if other != k]
                for place in range(len(best)):
                    tried += 1
                    cost = self._cost([*rest[:place], k, *rest[place:]], lost)
                    if cost < lost:
                        best, lost, improved = [*rest[:place], k, *rest[place:]], cost, True
                if tried > most:
                    break
        return tuple(self.problem.keys[k] for k in best)

    def _cost(self, order: Sequence[int], limit: float) -> float:
        """Return what an order loses; infinite as soon as it is above the limit, or if a rule excludes it."""
        table, state, total = self.table, 0, 0.0
        settled = started = 0
        for k in order:
            open_ = table.every & ~settled
            if table.blocks(state, open_, k):
                return float("inf")
            refusing = open_ & (started | table.several(state))
            if refusing:
                total += self.minutes[k] * sum(1 for mask in table.names if mask & refusing)
                if total >= limit:
                    return float("inf")
            state |= 1 << k
            settled |= table.helped_by[k]
            started |= table.alone[k]
        return total

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
        table, left = self.table, list(bits(self.hard.all & ~state))
        open_ = table.open(state)
        started = open_ & table.complete(state)
        refused = sum(1 for mask in table.names if mask & started)
        possible = [k for k in left if not table.blocks(state, open_, k)]
        if not refused:
            at_once = [k for k in possible if not table.wants_late(state, open_, k)]
            if at_once:
                yield self.pick(at_once, self._previous(state, came)), 0.0
                return
        choice = possible if self.endless else [k for k in possible if open_ & table.helped_by[k]]
        for position in choice or possible[:1]:
            yield position, refused * self.minutes[position]

    def _previous(self, state: int, came: dict[int, tuple[int, int]]) -> int | None:
        return came[state][1] if state in came else None
