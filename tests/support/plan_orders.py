"""All orders of a small change, by looking at each of its states: what a planner says about them is compared with this.

A state is a set of completed steps that respects the precedences. An order is a path from nothing to everything.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from pkikit.errors import InputError
from pkikit.judge.legs.known_parts import State
from pkikit.model.world import World
from pkikit.planning.change import Change, Done
from pkikit.planning.plan import Clash
from pkikit.planning.steps import Action, Step
from tests.support.plan_replay import Judge, after, renamed_leg

SETTINGS = "settings that contradict each other"


@dataclass(frozen=True, kw_only=True)
class _Place:
    """A state: its world, and what its machines are called."""

    world: World
    at: datetime
    names: Mapping[str, str]
    done: tuple[Step, ...] = ()


@dataclass(kw_only=True)
class Orders:
    """All states of a change, and what each refuses."""

    change: Change

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The steps in an order that the precedences allow; fewer if they contradict each other."""
        found: list[Step] = []
        while ready := [
            s for s in self.change.steps if s not in found and self._earlier(s.key) <= {f.key for f in found}
        ]:
            found.append(ready[0])
        return tuple(found)

    def _earlier(self, key: str) -> set[str]:
        return {rule.first for rule in self.change.precedences if rule.then == key}

    def next_keys(self, done: Done) -> Iterator[str]:
        """Yield the steps that the precedences allow in a state."""
        return (s.key for s in self.steps if s.key not in done and self._earlier(s.key) <= done)

    @cached_property
    def refused(self) -> dict[Done, frozenset[str]]:
        """For each state, the connections that are refused there and were not before the change."""
        judge = Judge()
        start = _Place(world=self.change.today, at=self.change.at, names={})
        before = judge(start.world, start.at)
        places, found = {frozenset[str](): start}, {frozenset[str](): frozenset[str]()}
        layer = list(places)
        for _ in self.steps:
            following: dict[Done, None] = {}
            for done in layer:
                for step in map(self.change.by_key.__getitem__, self.next_keys(done)):
                    then = done | {step.key}
                    place = self._after(places[done], step) if then not in places else None
                    if place is not None:
                        places[then] = place
                        following[then] = None
                        found[then] = self._down(place, judge(place.world, place.at), before)
                    elif then not in places:
                        found[then] = frozenset({SETTINGS})
            layer = list(following)
            assert len(places) < 5000
        return found

    def _down(self, place: _Place, legs: Mapping[str, State], before: Mapping[str, State]) -> frozenset[str]:
        old = {new: name for name, new in place.names.items()}
        down = (leg for leg, state in legs.items() if state is State.DOWN)
        return frozenset(leg for leg in down if before.get(renamed_leg(leg, old)) is not State.DOWN)

    def _after(self, place: _Place, step: Step) -> _Place | None:
        """Return the state after one more step; None if nobody can enter its settings there."""
        world, names, done = place.world, dict(place.names), (*place.done, step)
        late = {key for other in self.change.steps for key in other.activates}
        for ready in (s for s in done if s.key in step.activates or (s is step and s.key not in late)):
            try:
                world = after(world, ready, names.get(ready.machine, ready.machine))
            except InputError:
                return None
            names |= dict(ready.renames)
        return _Place(world=world, at=max(place.at, step.until or place.at), names=names, done=done)

    def exists(self, refuses: Callable[[Done], object] | None = None) -> bool:
        """True if an order has no refused state; `refuses` decides instead of the connections, if it is given."""
        refuses = refuses or (lambda done: self.refused.get(done, True))
        reached = [frozenset[str]()] if not refuses(frozenset()) else []
        for _ in self.steps:
            following = {d | {key} for d in reached for key in self.next_keys(d)}
            reached = [d for d in following if not refuses(d)]
        return bool(reached)

    def exists_without(self, clashes: Iterable[Clash]) -> bool:
        """True if an order avoids all states that these facts rule out, whatever else is refused."""
        facts = tuple(clashes)
        return self.exists(lambda done: any(c.done <= done and not (c.missing & done) for c in facts))

    @property
    def all(self) -> Done:
        """The state after all steps."""
        return frozenset(self.change.by_key)

    def fewest_hand_overs(self) -> int:
        """The fewest changes from one owner to another in an order without refusals."""
        costs = {(frozenset[str](), ""): 0} if not self.refused[frozenset()] else {}
        for _ in self.steps:
            reached: dict[tuple[Done, str], int] = {}
            for (done, owner), cost in costs.items():
                for key in self.next_keys(done):
                    if not self.refused.get(done | {key}, True):
                        now = owner_at(self.change.by_key[key]) or owner
                        price = cost + (owner not in {"", now})
                        reached[done | {key}, now] = min(price, reached.get((done | {key}, now), price))
            costs = reached
        return min(costs.values())

    def least(self, minutes: Callable[[Step], float]) -> float:
        """The fewest connection-minutes that an order loses: each state lasts as long as the step that ends it takes.

        If an order drops nothing but what the last state refuses anyway, only such orders count.
        """
        anyway = self.refused.get(self.all, frozenset())
        strict = self.exists(lambda done: self.refused.get(done, frozenset({SETTINGS})) - anyway)
        costs = {frozenset[str](): 0.0}
        by_key = self.change.by_key
        for _ in self.steps:
            reached: dict[Done, float] = {}
            for done, cost in costs.items():
                for key in self.next_keys(done):
                    refused = self.refused.get(done | {key}, frozenset({SETTINGS}))
                    if SETTINGS in refused or (strict and refused - anyway):
                        continue
                    price = cost + minutes(by_key[key]) * len(self.refused[done])
                    reached[done | {key}] = min(price, reached.get(done | {key}, price))
            costs = reached
        return min(costs.values(), default=float("inf"))


def owner_at(step: Step) -> str:
    """Who has to be asked for a step; nobody for a wait."""
    return step.owner.name if step.action is not Action.WAIT else ""


def hand_overs(change: Change, order: Iterable[str]) -> int:
    """How many times an order changes from one owner to another."""
    owners = [owner for owner in (owner_at(change.by_key[key]) for key in order) if owner]
    return sum(one != other for one, other in itertools.pairwise(owners))
