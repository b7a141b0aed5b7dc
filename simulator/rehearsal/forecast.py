"""What is predicted for each state of a rehearsal: by the plan for its own order, else by the same decisions again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import zip_longest

from pkikit.errors import InputError
from pkikit.judge.legs.known_parts import State
from pkikit.model.world import World
from pkikit.planning.change import Done
from pkikit.planning.plan import Plan
from pkikit.planning.predictions import Oracle
from pkikit.planning.schedule.dated_verdicts import DatedVerdicts
from pkikit.planning.steps import Action
from simulator.rehearsal.route import Phase, Stop, back_from

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What is predicted for one state.

    legs: the state of each connection, by id. announced: the connections that may go down on the way here.
    """

    legs: Mapping[str, State]
    announced: frozenset[str] = frozenset()


class Forecasts:
    """Predicts the states of one plan. Worlds and verdicts of a state are made once."""

    def __init__(self, plan: Plan) -> None:
        self._plan, self._change = plan, plan.change
        self._oracle = Oracle(plan.change)
        self._dated = DatedVerdicts(plan.change, self._oracle.verdicts)
        self._worlds: dict[Done, World] = {}

    def require_possible(self, route: Iterable[Stop]) -> None:
        """Return if the settings of every state can be entered.

        Raises:
            InputError: those of a state contradict each other.
        """
        for stop in route:
            try:
                self._world(stop.in_effect)
            except InputError as error:
                raise InputError(f"step {stop.number} ({stop.key}) cannot be done in this order: {error}") from None

    def with_waits(self, route: Sequence[Stop]) -> tuple[Stop, ...]:
        """Return the states, and one more where something expires or begins to be valid before the next step."""
        found: list[Stop] = []
        for stop, following in zip_longest(route, route[1:]):
            found.append(stop)
            until = following.time(self._change) - _SECOND if following is not None else None
            if until is None or until <= stop.time(self._change) or stop.off:
                continue
            if self._states(stop) != self._dated.states(stop.in_effect, until):
                found.append(replace(stop, phase=Phase.LATER, at=until, restarts="", position=-1))
        return tuple(found)

    def _states(self, stop: Stop) -> Mapping[str, State]:
        return self._dated.states(stop.in_effect, stop.time(self._change))

    def world(self, stop: Stop) -> World:
        """Return the machines in a state; a machine that is off is cut from all others."""
        world = self._world(stop.in_effect)
        return off(world, stop.off) if stop.off else world

    def _world(self, in_effect: Done) -> World:
        made = self._worlds.get(in_effect)
        if made is None:
            made = self._worlds[in_effect] = _members_only(self._change.world(in_effect))
        return made

    def at(self, stop: Stop) -> Forecast:
        """Return what is predicted for a state."""
        legs = self._planned(stop) or self._states(stop)
        if not stop.off:
            return Forecast(legs=legs)
        announced = self._announced(stop)
        return Forecast(legs={**legs, **dict.fromkeys(announced & legs.keys(), State.DOWN)}, announced=announced)

    def _planned(self, stop: Stop) -> Mapping[str, State] | None:
        """Return the plan's own prediction of a state; None if the state is not part of its order."""
        if stop.position < 0 or stop.time(self._change) > self._change.time(stop.done):
            return None
        return self._plan.predictions[stop.position - (stop.phase is Phase.DURING)].legs

    def _announced(self, stop: Stop) -> frozenset[str]:
        """Return the connections that a machine takes down while it is off: as the plan announces them, else all of its own."""
        legs = self._oracle.verdicts.legs(self._world(stop.in_effect).deployment)
        own = frozenset(leg.id for leg, _ in legs if stop.off in {leg.client, leg.server})
        if stop.position < 0 or stop.phase is not Phase.DURING:
            return own
        planned = frozenset(self._plan.predictions[stop.position].down_during)
        before = self._plan.predictions[stop.position - 1].legs
        # What is refused anyway can still be up where it was before; the restart ends that, and the refusal is announced.
        planned |= {leg for leg in own if before.get(leg) is State.DOWN}
        # An upgrade restarts all Expressways, one after the other, and its announcement is about all of them.
        return planned & own if self._change.by_key[stop.key].action is Action.UPGRADE else planned

    def refused(self, legs: Mapping[str, State], in_effect: Done) -> frozenset[str]:
        """Return the connections that are down, were not before the change, and to which somebody is led."""
        return frozenset(leg for leg, state in legs.items() if self._oracle.is_refused(leg, state, in_effect))

    def offered(self, stop: Stop) -> frozenset[str]:
        """Return the connections of a state to which somebody can be led."""
        verdicts = self._oracle.verdicts
        legs = verdicts.legs(self._change.deployment(stop.in_effect))
        return frozenset(leg.id for leg, _ in legs if verdicts.is_offered(leg.id, stop.in_effect))

    def first_without_way_back(self, order: Sequence[str]) -> int:
        """Return the first step after which undoing it and all before it refuses connections; 0 if there is none."""
        return next((n for n in range(1, len(order) + 1) if self._breaks(tuple(order[:n]))), 0)

    def _breaks(self, order: tuple[str, ...]) -> bool:
        on_the_way = (stop for stop in back_from(self._change, order) if not stop.off)
        at = self._change.time(frozenset(order))
        there = self.refused(self._dated.states(frozenset(order), at), frozenset(order))
        return any(self.refused(self._dated.states(stop.in_effect, at), stop.in_effect) - there for stop in on_the_way)


def off(world: World, machine: str) -> World:
    """Return the world in which no packet gets to a machine or from it."""
    pairs = {frozenset({machine, other}) for other in world.parties if other != machine}
    return replace(world, cut=world.cut | pairs)


def _members_only(world: World) -> World:
    """Return the world without machines that its deployment does not have, as a change has them that adds some."""
    members = {name for group in world.deployment.groups for name in group.members}
    kept = {fqdn: party for fqdn, party in world.parties.items() if fqdn in members}
    return replace(world, parties=kept) if len(kept) < len(world.parties) else world
