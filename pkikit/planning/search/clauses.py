"""What rules out orders: states that nobody may enter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Done = frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Clause:
    """A fact: each state in which all of some steps are done, and none of some others, is refused.

    An order respects it if and only if one of `missing` comes before the last of `done`. So a clause with one key on each side
    says that the missing one comes first.

    Attributes:
        done: keys of steps.
        missing: keys of steps, none of them in `done`.
        because: what is refused: the name that the oracle has for it, or a sentence if it is a rule.
        hard: True for a rule that every order respects; False for a connection, which may be refused if nothing else works.
    """

    done: Done
    missing: Done
    because: str = ""
    hard: bool = False

    def matches(self, state: Done) -> bool:
        """Tell whether this state is refused by this clause."""
        return self.done <= state and not (self.missing & state)

    @property
    def size(self) -> tuple[int, int, int]:
        """How difficult it is to understand and to solve: small first."""
        return (len(self.done) + len(self.missing), len(self.done), len(self.missing))


def before(first: str, then: str, because: str = "") -> Clause:
    """Return the rule that one step comes before another.

    Args:
        first: the key of the earlier step.
        then: the key of the later one.
        because: why.

    Returns:
        The clause.
    """
    return Clause(done=frozenset({then}), missing=frozenset({first}), because=because, hard=True)


def refused_at(clauses: Iterable[Clause], state: Done) -> set[str]:
    """Return what these clauses know to be refused in a state.

    Args:
        clauses: of any kind.
        state: keys of completed steps.

    Returns:
        The `because` of each clause that matches.
    """
    return {clause.because for clause in clauses if clause.matches(state)}


def allowed(order: Iterable[str], clauses: Iterable[Clause]) -> bool:
    """Tell whether an order respects clauses, by looking at each of its states.

    Args:
        order: the keys of all steps.
        clauses: of any kind.

    Returns:
        True if no state of it matches a clause: neither the first nor the last nor one between.
    """
    facts = tuple(clauses)
    state: Done = frozenset()
    if refused_at(facts, state):
        return False
    for key in order:
        state |= {key}
        if any(clause.matches(state) for clause in facts):
            return False
    return True
