"""From one refused state to the most general clause that is true: sound for every state that it matches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pkikit.planning.search.clauses import Clause, Done
from pkikit.planning.search.problem import Oracle, Problem


def earlier_keys(keys: Iterable[str], rules: Iterable[Clause]) -> dict[str, Done]:
    """Return for each key the keys that rules put before it.

    Args:
        keys: of all steps.
        rules: clauses; only hard ones with one key on each side count.

    Returns:
        All keys that come before it, also through others.
    """
    earlier: dict[str, Done] = dict.fromkeys(keys, frozenset())
    for rule in rules:
        if rule.hard and len(rule.done) == len(rule.missing) == 1:
            earlier[next(iter(rule.done))] |= rule.missing
    changed = True
    while changed:
        changed = False
        for key, known in earlier.items():
            more = known.union(*(earlier[other] for other in known))
            if more != known:
                earlier[key], changed = more, True
    return earlier


class Learner:
    """Makes clauses of refusals. It asks the oracle about one name at a time, and never the same twice."""

    def __init__(self, problem: Problem) -> None:
        self._keys = frozenset(problem.keys)
        self._oracle: Oracle = problem.oracle
        self._earlier: Mapping[str, Done] = earlier_keys(problem.keys, problem.rules)
        self._forbidden = problem.forbidden
        self._limit = problem.limits.questions
        self._answers: dict[tuple[str, Done], bool] = {}
        self._relevant: dict[str, Done] = {}
        self._asked = 0

    def learn(self, name: str, state: Done, order: Sequence[str]) -> Clause:
        """Return a clause that this refusal proves.

        Args:
            name: what is refused.
            state: in which state.
            order: the order that led there. It decides which keys are left out first.

        Returns:
            A clause that matches the state. Every state that it matches and that the rules allow is refused for this name.
        """
        relevant = self._relevant.setdefault(name, self._oracle.keys_of(name) & self._keys)
        hard = name in self._forbidden
        self._asked = 0
        if not self._refused(name, state & relevant):  # the oracle named too few keys: claim nothing about other states
            return Clause(done=state, missing=self._keys - state, because=name, hard=hard)
        done, missing = state & relevant, relevant - state
        place = {key: number for number, key in enumerate(order)}
        free: list[Done] = [
            state & relevant
        ]  # every way to complete the keys that are left out; all of them are refused
        for key in sorted(relevant, key=lambda k: (k not in state, -place[k] if k in state else place[k])):
            more = [way ^ {key} for way in free]
            if all(self._refused_or_unreachable(name, way, relevant) for way in more):
                done, missing = done - {key}, missing - {key}
                free += more
            if self._asked > self._limit:
                break
        return Clause(done=done, missing=missing, because=name, hard=hard)

    def _refused_or_unreachable(self, name: str, way: Done, relevant: Done) -> bool:
        if any((self._earlier[key] & relevant) - way for key in way):
            return True
        return self._asked <= self._limit and self._refused(name, way)

    def _refused(self, name: str, way: Done) -> bool:
        known = self._answers.get((name, way))
        if known is None:
            self._asked += 1
            known = self._answers[name, way] = self._oracle.refuses(name, way)
        return known
