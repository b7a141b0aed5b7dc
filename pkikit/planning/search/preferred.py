"""Among the orders that clauses allow: the preferred one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pkikit.planning.search.clause_orders import Orders, Pick
from pkikit.planning.search.clauses import Clause
from pkikit.planning.search.problem import Preference, Problem

Labels = tuple[str, ...]
"""For each grouping, the group of the last step that had one."""


@dataclass(frozen=True)
class Better:
    """An order.

    Attributes:
        order: keys.
        best: True if no other order that the clauses allow is preferred.
    """

    order: tuple[str, ...]
    best: bool


def eager(problem: Problem) -> Pick:
    """Return how to choose quickly: stay in the group, then the lowest rank, then the first key.

    Args:
        problem: has the preference.

    Returns:
        The function.
    """
    keys, preference = problem.keys, problem.preference

    def pick(possible: list[int], previous: int | None) -> int:
        def cost(position: int) -> tuple[float, float, int]:
            changes = 0.0 if previous is None else _price(preference, keys[previous], keys[position])
            return (changes, preference.rank.get(keys[position], 0.0), position)

        return min(possible, key=cost)

    return pick


def _price(preference: Preference, previous: str, key: str) -> float:
    labels = moved(preference, ("",) * len(preference.groupings), previous)
    return change_price(preference, labels, key)


def moved(preference: Preference, labels: Labels, key: str) -> Labels:
    """Return the groups after a step.

    Args:
        preference: has the groupings.
        labels: the groups before it; empty before the first step.
        key: of the step.

    Returns:
        The groups.
    """
    return tuple(g.labels.get(key, "") or label for g, label in zip(preference.groupings, labels, strict=True))


def change_price(preference: Preference, labels: Labels, key: str) -> float:
    """Return what it costs to do this step after a step of these groups.

    Args:
        preference: has the groupings.
        labels: the groups before it.
        key: of the step.

    Returns:
        The sum of the prices.
    """
    return sum(
        g.price
        for g, label in zip(preference.groupings, labels, strict=True)
        if label and g.labels.get(key, "") not in ("", label)
    )


def order_price(preference: Preference, order: Sequence[str]) -> float:
    """Return the sum of the prices of an order.

    Args:
        preference: has the groupings.
        order: keys.

    Returns:
        The sum.
    """
    labels, total = ("",) * len(preference.groupings), 0.0
    for key in order:
        total += change_price(preference, labels, key)
        labels = moved(preference, labels, key)
    return total


class Preferred:
    """Searches the preferred order."""

    def __init__(self, problem: Problem, clauses: Sequence[Clause]) -> None:
        self.problem = problem
        self.preference = problem.preference
        self.orders = Orders(problem.keys, clauses)
        self.members: list[dict[str, int]] = []
        for grouping in self.preference.groupings:
            keys: dict[str, set[str]] = {}
            for key in problem.keys:
                keys.setdefault(grouping.labels.get(key, ""), set()).add(key)
            self.members.append({label: self.orders.mask(frozenset(k)) for label, k in keys.items() if label})

    def order(self, known: tuple[str, ...]) -> Better:
        """Return the preferred order.

        Args:
            known: an order that the clauses may or may not allow: it is the answer if nothing better is found.

        Returns:
            An order that the clauses allow.
        """
        if len(self.problem.keys) <= self.problem.limits.exact_steps:
            return self._exact()
        return self._beam(known)

    def _exact(self) -> Better:
        """Return the best of all orders: what each state still costs at least, then the lowest ranks first."""
        costs: dict[tuple[int, Labels], float] = {}

        def rest(state: int, labels: Labels) -> float:
            if state == self.orders.all:
                return 0.0
            known = costs.get((state, labels))
            if known is None:
                ways = (self._step(state, labels, position) for position in self.orders.possible(state))
                known = costs[state, labels] = min((price + rest(*then) for price, then in ways), default=float("inf"))
            return known

        state, labels, order = 0, ("",) * len(self.preference.groupings), list[str]()
        while state != self.orders.all:

            def cost(position: int, state: int = state, labels: Labels = labels) -> tuple[float, float, int]:
                price, then = self._step(state, labels, position)
                return (price + rest(*then), self.preference.rank.get(self.problem.keys[position], 0.0), position)

            chosen = min(self.orders.possible(state), key=cost)
            order.append(self.problem.keys[chosen])
            state, labels = self._step(state, labels, chosen)[1]
        return Better(tuple(order), best=True)

    def _step(self, state: int, labels: Labels, position: int) -> tuple[float, tuple[int, Labels]]:
        key = self.problem.keys[position]
        price = change_price(self.preference, labels, key)
        return price, (state | (1 << position), moved(self.preference, labels, key))

    def _beam(self, known: tuple[str, ...]) -> Better:
        """Look at states by size, and keep only the most promising of each."""
        start = (0, ("",) * len(self.preference.groupings))
        layer: dict[tuple[int, Labels], _Way] = {start: _Way(0.0, (), ())}
        rows = sum(len(rows) for rows in self.orders.rows_of) + len(known)
        width, all_kept = max(6, self.problem.limits.states * 3 // (rows * len(known) + 1)), True
        for _ in known:
            following: dict[tuple[int, Labels], _Way] = {}
            for (state, labels), way in layer.items():
                for position in self.orders.possible(state):
                    price, then = self._step(state, labels, position)
                    rank = self.preference.rank.get(self.problem.keys[position], 0.0)
                    longer = _Way(way.price + price, (*way.ranks, rank), (*way.path, position))
                    if then not in following or longer < following[then]:
                        following[then] = longer
            kept = sorted(
                following, key=lambda then: (following[then].price + self._still(*then), following[then].ranks)
            )
            all_kept = all_kept and len(kept) <= width
            layer = {then: following[then] for then in kept[:width]}
        found = min(layer.values(), default=None)
        if found is None or found.price > order_price(self.preference, known):
            return Better(known, best=False)
        order = tuple(self.problem.keys[position] for position in found.path)
        return Better(order, best=all_kept or found.price <= self._still(*start))

    def _still(self, state: int, labels: Labels) -> float:
        """Return what the rest costs at least: each group that is still to come costs once, the present one nothing."""
        total, left = 0.0, self.orders.all & ~state
        for grouping, members, label in zip(self.preference.groupings, self.members, labels, strict=True):
            groups = sum(1 for group, mask in members.items() if mask & left and group != label)
            total += grouping.price * (groups - (0 if label or not groups else 1))
        return total


@dataclass(frozen=True, order=True)
class _Way:
    """How a state was reached: the cheapest comes first, then the lowest ranks."""

    price: float
    ranks: tuple[float, ...]
    path: tuple[int, ...]
