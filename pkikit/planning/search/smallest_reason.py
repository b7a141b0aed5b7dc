"""Why no order exists: the smallest set of clauses that together rule out every order."""

from __future__ import annotations

from collections.abc import Sequence

from pkikit.planning.search.clause_orders import Orders
from pkikit.planning.search.clauses import Clause


def smallest_reason(keys: Sequence[str], clauses: Sequence[Clause], dead_ends: int) -> tuple[Clause, ...]:
    """Return clauses of which none can be left out.

    Args:
        keys: of all steps.
        clauses: that together rule out every order.
        dead_ends: how many dead ends each trial may meet.

    Returns:
        The smallest of some sets that still rule out every order, and of which each smaller one does not: a shortest cycle of
        clauses with one key on each side if there is one, else what is left after leaving out the most complicated first.
    """
    cycle = shortest_cycle(clauses)
    if len(cycle) == 2:
        return cycle
    easy_first = sorted(clauses, key=lambda clause: clause.size)
    few = _without_the_rest(keys, easy_first, dead_ends)
    return min((found for found in (cycle, few) if found), key=len, default=())


def _without_the_rest(keys: Sequence[str], easy_first: list[Clause], dead_ends: int) -> tuple[Clause, ...]:
    """Leave out clauses one by one, the most complicated first, as long as no order exists."""
    core = _core(keys, easy_first, dead_ends)
    if core is None:
        return ()
    for clause in reversed(core.copy()):
        if clause in core:
            smaller = _core(keys, [other for other in core if other is not clause], dead_ends)
            core = core if smaller is None else smaller
    return tuple(core)


def _core(keys: Sequence[str], clauses: list[Clause], dead_ends: int) -> list[Clause] | None:
    """Return the clauses that a proof uses; None if an order exists or the search gave up."""
    solved = Orders(keys, clauses).solve(lambda possible, _: possible[0], dead_ends)
    if solved.order is not None or solved.gave_up:
        return None
    return [clauses[number] for number in sorted(solved.core)]


def shortest_cycle(clauses: Sequence[Clause]) -> tuple[Clause, ...]:
    """Return clauses with one key on each side that go round: A before B, B before C, C before A.

    Args:
        clauses: of any kind.

    Returns:
        The shortest cycle, in its order; empty if there is none.
    """
    after: dict[str, dict[str, Clause]] = {}
    for clause in clauses:
        if len(clause.done) == len(clause.missing) == 1:
            (first,), (then,) = clause.missing, clause.done
            known = after.setdefault(first, {}).get(then)
            if known is None or (clause.hard and not known.hard):
                after[first][then] = clause
    shortest: tuple[Clause, ...] = ()
    for start in after:
        found = _back_to(start, after)
        if found and (not shortest or len(found) < len(shortest)):
            shortest = found
    return shortest


def _back_to(start: str, after: dict[str, dict[str, Clause]]) -> tuple[Clause, ...]:
    """Return the shortest way from a key back to itself."""
    came: dict[str, tuple[str, Clause]] = {}
    waiting = [start]
    for key in waiting:  # grows while it is read: nearest first
        for then, clause in after.get(key, {}).items():
            if then in came:
                continue
            came[then] = (key, clause)
            if then == start:
                return _way_back(start, came)
            waiting.append(then)
    return ()


def _way_back(start: str, came: dict[str, tuple[str, Clause]]) -> tuple[Clause, ...]:
    way, key = list[Clause](), start
    while not way or key != start:
        key, clause = came[key]
        way.append(clause)
    return tuple(reversed(way))
