"""Counterexample-guided search: order by what is known, replay, learn from every refusal, order again.

Sources: Snowcap (Schneider, Birkner, Vanbever, SIGCOMM 2021) and McClurg et al. (PLDI 2015) for ordering by counterexamples.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pkikit.planning.search.clause_orders import Orders, Solved
from pkikit.planning.search.clauses import Clause, Done, allowed
from pkikit.planning.search.fewest_lost import Losses, lost_by
from pkikit.planning.search.learning import Learner
from pkikit.planning.search.preferred import Preferred, eager
from pkikit.planning.search.problem import Found, Problem, Progress
from pkikit.planning.search.smallest_reason import smallest_reason

IMPROVEMENTS = 6
"""How often an order that is not proven to be the best is improved and replayed again."""


def search(problem: Problem, progress: Progress = lambda what, number: None) -> Found:
    """Order the steps so that nothing is refused in any state.

    Args:
        problem: the steps, the rules and the oracle.
        progress: is called now and then.

    Returns:
        An order without refusals; or the smallest reason why there is none, and the order with the fewest lost minutes.
    """
    return _Search(problem, progress).run()


class _Search:
    def __init__(self, problem: Problem, progress: Progress) -> None:
        self.problem = problem
        self.progress = progress
        self.learner = Learner(problem)
        self.clauses: dict[Clause, None] = {}
        self.rounds = 0

    @property
    def facts(self) -> tuple[Clause, ...]:
        return (*self.problem.rules, *self.clauses)

    def run(self) -> Found:
        found = self._any_order()
        if found.exists:
            return self._preferred_order(found)
        reason = (
            smallest_reason(self.problem.keys, self.facts, self.problem.limits.dead_ends) if found.impossible else ()
        )
        self.progress("reason", len(reason))
        return self._fewest_lost(replace(found, reason=reason))

    def _any_order(self) -> Found:
        """Return an order without refusals, or the proof that there is none."""
        pick = eager(self.problem)
        while True:
            solved: Solved = Orders(self.problem.keys, self.facts).solve(pick, self.problem.limits.dead_ends)
            if solved.order is None:
                return Found(order=(), exists=False, proven=not solved.gave_up, impossible=not solved.gave_up)
            order = tuple(self.problem.keys[position] for position in solved.order)
            if not self.replay(order):
                return self._answer(order)

    def _preferred_order(self, found: Found) -> Found:
        """Return the preferred order. The known clauses may allow orders that the oracle refuses: replay again."""
        while True:
            better = Preferred(self.problem, self.facts).order(found.order)
            if better.order == found.order or not self.replay(better.order):
                return replace(self._answer(better.order), best=better.best)

    def _fewest_lost(self, found: Found) -> Found:
        """Return the order that loses the fewest connection-minutes.

        What the known clauses cost is never more than what is lost, and it is all after a replay. So if a replay of the cheapest
        order teaches nothing, no order loses less.
        """
        left, best, proven = self.problem.limits.lost_states, (float("inf"), tuple[str, ...]()), False
        while left > 0:
            cheap = Losses(self.problem, self.facts).cheapest(left)
            left -= cheap.opened
            self.progress("loss", self.problem.limits.lost_states - left)
            if not cheap.order:
                break
            new = self.replay(cheap.order)
            best = min(best, (self._lost(cheap.order), cheap.order)) if self._keeps_rules(cheap.order) else best
            if not new:
                proven = cheap.proven
                break
        for _ in range(0 if proven or not best[1] else IMPROVEMENTS):
            moved = Losses(self.problem, self.facts).moved(best[1])
            new = self.replay(moved)
            lost = self._lost(moved)
            self.progress("improve", self.rounds)
            if lost >= best[0] and not new:
                break
            best = min(best, (lost, moved)) if self._keeps_rules(moved) else best
        lost, order = best
        return replace(
            found,
            order=order,
            lost=lost if order else 0.0,
            exists=bool(order) and allowed(order, self.facts),
            proven=found.proven and (proven or not order),
            clauses=tuple(self.clauses),
            rounds=self.rounds,
        )

    def _lost(self, order: tuple[str, ...]) -> float:
        return lost_by(order, self.problem, self.facts)

    def _keeps_rules(self, order: tuple[str, ...]) -> bool:
        """Tell whether an order breaks no hard clause, also none that its replay taught."""
        return allowed(order, [clause for clause in self.facts if clause.hard])

    def _answer(self, order: tuple[str, ...]) -> Found:
        return Found(order=order, exists=True, proven=True, clauses=tuple(self.clauses), rounds=self.rounds)

    def replay(self, order: Sequence[str]) -> int:
        """Ask the oracle about each state of an order, and learn from all refusals that no clause knows.

        Args:
            order: the keys of all steps.

        Returns:
            How many clauses are new.
        """
        before = len(self.clauses)
        self.rounds += 1
        self.progress("replay", self.rounds)
        for state in states(order):
            refused = self.problem.oracle.refused(state)
            known = {clause.because for clause in self.clauses if clause.matches(state)} if refused else set[str]()
            for name in sorted(set(refused) - known):
                self.clauses.setdefault(self.learner.learn(name, state, order))
        return len(self.clauses) - before


def states(order: Sequence[str]) -> Iterator[Done]:
    """Iterate over the states of an order.

    Args:
        order: keys of steps.

    Yields:
        The state before the first step, and after each.
    """
    done: Done = frozenset()
    yield done
    for key in order:
        done |= {key}
        yield done
