"""What the search asks: which connections a state refuses, and which steps matter to one of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from itertools import chain, combinations

from pkikit.errors import InputError
from pkikit.judge.legs.known_parts import State
from pkikit.model.leg import machines_of_id, renamed_id
from pkikit.planning.change import Change, Done
from pkikit.planning.predictions.verdicts import Verdicts
from pkikit.planning.steps import Action, Step

# The name of what is refused where the settings of a state contradict each other.
SETTINGS = "settings"
_ALL_SUBSETS = 6  # of at most this many steps, all subsets are compared
_ANYWHERE = frozenset({Action.SET, Action.UPGRADE, Action.DNS, Action.WAIT})


class Oracle:
    """Knows what each state of a change refuses. A connection that was down before the change is never refused.

    `whole`: connections that tomorrow refuses count too.
    """

    def __init__(self, change: Change, verdicts: Verdicts | None = None, *, whole: bool = False) -> None:
        self.change = change
        self._whole = whole
        self.verdicts = verdicts or Verdicts(change)
        self._refused: dict[Done, frozenset[str]] = {}

    @cached_property
    def down_before(self) -> frozenset[str]:
        """The connections that are down today, under all names that they have on the way."""
        down = {name for name, state in self.verdicts.states(frozenset()).items() if state is State.DOWN}
        return frozenset(chain.from_iterable(map(self._names_of, down)))

    def is_refused(self, name: str, state: State | None, done: Done) -> bool:
        """Return True if a connection that is down counts as refused: it was not down before, and somebody is led to it.

        Args:
            name: the id of the connection.
            state: of it, after these steps.
            done: keys of completed steps.

        Returns:
            Whether it is refused.
        """
        return state is State.DOWN and name not in self.down_before and self.verdicts.is_offered(name, done)

    @cached_property
    def lost(self) -> frozenset[str]:
        """The connections that tomorrow refuses and today does not: no order can help them."""
        return frozenset() if self._whole else self._of(frozenset(self.change.by_key))

    def refused(self, done: Done) -> Collection[str]:
        """Return the ids of all connections that a state refuses, without those that tomorrow refuses.

        Args:
            done: keys of completed steps.

        Returns:
            The ids; `SETTINGS` alone if the settings contradict each other.
        """
        return self._of(done) - self.lost

    def refuses(self, name: str, done: Done) -> bool:
        """Return True if a state refuses one connection. Steps that do not matter to it may be missing from the state.

        Args:
            name: the id of the connection, or `SETTINGS`.
            done: keys of completed steps.

        Returns:
            Whether it is refused.
        """
        if name in self.down_before or name in self.lost:
            return False
        try:
            if name == SETTINGS:
                self.change.deployment(done)
                return False
            return self.is_refused(name, self.verdicts.state(name, done), done)
        except InputError:
            return name == SETTINGS

    def keys_of(self, name: str) -> Done:
        """Return the keys of the steps that can change the answer about one connection.

        Args:
            name: its id, or `SETTINGS`.

        Returns:
            The keys, with those of the restarts that put them into effect.
        """
        if name == SETTINGS:
            found = [step.key for step in self.change.steps if step.settings]
        else:
            machines = self._ends(name)
            found = []
            for machine in machines:
                found += self._mattering(name, [s for s in self.change.steps if _is_at(s, machine)])
            found += self._mattering(name, [s for s in self.change.steps if s.action in _ANYWHERE])
        restarts = (self.change.restart_of[key] for key in found if key in self.change.restart_of)
        return frozenset(chain(found, restarts))

    def _of(self, done: Done) -> frozenset[str]:
        found = self._refused.get(done)
        if found is None:
            try:
                states = self.verdicts.states(done)
                found = frozenset(name for name, state in states.items() if self.is_refused(name, state, done))
            except InputError:
                found = frozenset({SETTINGS})
            self._refused[done] = found
        return found

    def _names_of(self, name: str) -> Iterator[str]:
        """Yield all ids of a connection of today: machines get their new names one after the other."""
        renames = self.change.renames
        renamed = [end for end in dict.fromkeys(machines_of_id(name)) if end in renames]
        for count in range(len(renamed) + 1):
            for some in combinations(renamed, count):
                yield renamed_id(name, {end: renames[end] for end in some})

    def _ends(self, name: str) -> tuple[str, ...]:
        """Return the machines of a connection, by the names that they have today."""
        before = {new: old for old, new in self.change.renames.items()}
        ends: list[str] = []
        for deployment in (self.change.today.deployment, self.change.tomorrow.deployment):
            found = self.verdicts.leg(deployment, name)
            if found is not None:
                ends += [found[0].client, found[0].server]
        if not ends:
            ends += machines_of_id(name)
        return tuple(dict.fromkeys(before.get(end, end) for end in ends))

    def _mattering(self, name: str, steps: list[Step]) -> list[str]:
        """Return the keys of those of these steps that change what decides about a connection, whatever else is done."""
        keys = [step.key for step in steps]
        found: dict[str, None] = {}
        for context, subsets in self._contexts(keys):
            facts = {subset: self._facts(name, context | self._with_restarts(subset)) for subset in subsets}
            for subset, value in facts.items():
                for key in keys:
                    without = subset - {key}
                    if key in subset and key not in found and without in facts and facts[without] != value:
                        found[key] = None
        return list(found)

    def _contexts(self, keys: list[str]) -> Iterator[tuple[Done, Iterable[Done]]]:
        """Yield what else is done while these steps are compared, and which subsets of them are.

        Nothing else and everything else; then each setting by itself, and everything but one setting: a setting decides whether
        there is such a connection at all, and what its ends look for.
        """
        others = frozenset(self.change.by_key) - set(keys)
        every = tuple(_subsets(keys))
        yield frozenset(), every
        yield self._with_restarts(others), every
        near = tuple(subset for subset in every if min(len(subset), len(keys) - len(subset)) <= 1)
        for step in self.change.steps:
            if step.settings and step.key in others:
                yield self._with_restarts({step.key}), near
                yield self._with_restarts(others - {step.key}), near

    def _facts(self, name: str, done: Done) -> object:
        try:
            return self.verdicts.facts(name, done)
        except InputError:
            return InputError

    def _with_restarts(self, keys: Iterable[str]) -> Done:
        keys = tuple(keys)
        return frozenset(chain(keys, (self.change.restart_of[key] for key in keys if key in self.change.restart_of)))


def _is_at(step: Step, machine: str) -> bool:
    return step.machine == machine and step.action not in _ANYWHERE and step.action is not Action.RESTART


def _subsets(keys: list[str]) -> Iterator[Done]:
    """Yield the subsets that are compared: all of few steps; of many, none, all, and those that differ by one or two steps."""
    if len(keys) <= _ALL_SUBSETS:
        sizes: Iterable[int] = range(len(keys) + 1)
        yield from (frozenset(some) for size in sizes for some in combinations(keys, size))
        return
    for size in (0, 1, 2):
        for some in combinations(keys, size):
            yield frozenset(some)
            yield frozenset(keys) - frozenset(some)
