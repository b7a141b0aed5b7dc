"""Small puzzles for the search of orders: an oracle made of clauses, and plain answers by looking at every set of steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from hypothesis import strategies as st

from pkikit.planning.search.clauses import Clause, Done, before, refused_at
from pkikit.planning.search.preferred import order_price
from pkikit.planning.search.problem import Limits, Preference, Problem


@dataclass(frozen=True)
class Puzzle:
    """An oracle that refuses what its facts say, and nothing else."""

    facts: tuple[Clause, ...]

    def refused(self, done: Done) -> set[str]:
        return refused_at(self.facts, done)

    def refuses(self, name: str, done: Done) -> bool:
        return name in self.refused(done)

    def keys_of(self, name: str) -> Done:
        return frozenset[str]().union(*(f.done | f.missing for f in self.facts if f.because == name))


def fact(name: str, done: Iterable[str], missing: Iterable[str]) -> Clause:
    """Return a clause about keys of one letter: `fact("x", "ab", "c")`."""
    return Clause(done=frozenset(done), missing=frozenset(missing), because=name)


def problem(keys: str, *facts: Clause, rules: Sequence[Clause] = (), limits: Limits | None = None) -> Problem:
    return Problem(keys=tuple(keys), oracle=Puzzle(facts), rules=tuple(rules), limits=limits or Limits())


@st.composite
def puzzles(draw: st.DrawFn, most_keys: int = 7) -> Problem:
    """Draw a problem of a few steps with rules and connections; several facts can be about one connection."""
    keys = "abcdefg"[: draw(st.integers(2, most_keys))]
    sides = st.frozensets(st.sampled_from(keys), min_size=1, max_size=3)
    few = st.frozensets(st.sampled_from(keys), min_size=1, max_size=2)
    facts = [
        Clause(done=done, missing=missing - done, because=draw(st.sampled_from("uvwxyz")))
        for done, missing in draw(st.lists(st.tuples(few, sides), max_size=9))
        if missing - done
    ]
    pairs = draw(st.lists(st.tuples(st.sampled_from(keys), st.sampled_from(keys)), max_size=2))
    rules = [before(min(pair), max(pair), "rule") for pair in pairs if len(set(pair)) == 2]
    minutes = {key: float(draw(st.integers(1, 4))) for key in keys}
    return Problem(keys=tuple(keys), oracle=Puzzle(tuple(facts)), rules=tuple(rules), minutes=minutes)


def fewest_lost(made: Problem, facts: Sequence[Clause]) -> float | None:
    """Return the fewest connection-minutes of all orders that the rules allow, by every set of steps; None if they allow none."""
    best: dict[Done, float] = {frozenset(): 0.0}
    for size in range(1, len(made.keys) + 1):
        for chosen in combinations(made.keys, size):
            state = frozenset(chosen)
            if any(rule.matches(state) for rule in made.rules):
                continue
            ways = [
                best[state - {k}] + made.minutes.get(k, 1.0) * len(refused_at(facts, state - {k}))
                for k in state
                if state - {k} in best
            ]
            if ways:
                best[state] = min(ways)
    return best.get(frozenset(made.keys))


def order_exists(keys: Sequence[str], facts: Sequence[Clause]) -> bool:
    """Tell whether an order respects these clauses, by every set of steps."""
    reached: set[Done] = {frozenset()} - {frozenset() for fact_ in facts if fact_.matches(frozenset())}
    for size in range(1, len(keys) + 1):
        for state in map(frozenset, combinations(keys, size)):
            if any(state - {k} in reached for k in state) and not any(f.matches(state) for f in facts):
                reached.add(state)
    return frozenset(keys) in reached


def lowest_price(keys: Sequence[str], facts: Sequence[Clause], preference: Preference) -> float:
    """Return the lowest price of all orders that respect these clauses, by trying each order."""

    def orders(path: tuple[str, ...]) -> list[float]:
        if any(f.matches(frozenset(path)) for f in facts):
            return []
        if len(path) == len(keys):
            return [order_price(preference, path)]
        return [price for key in keys if key not in path for price in orders((*path, key))]

    return min(orders(()))
