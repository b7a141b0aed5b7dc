"""What is predicted for each state of a rehearsal: by the plan for its own order, else by the same decisions again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from pkikit.design.legs import legs_of
from pkikit.judge.legs.known_parts import State
from pkikit.judge.legs.known_verdict import judge_as_known
from pkikit.model.world import World
from pkikit.planning.plan import Plan
from simulator.rehearsal.route import Phase, Stop, back_from


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
        self._worlds: dict[frozenset[str], World] = {}
        self._judged: dict[tuple[frozenset[str], datetime], Mapping[str, State]] = {}

    def world(self, stop: Stop) -> World:
        """Return the machines in a state; a machine that is off is cut from all others."""
        world = self._world(stop.in_effect)
        return off(world, stop.off) if stop.off else world

    def _world(self, in_effect: frozenset[str]) -> World:
        made = self._worlds.get(in_effect)
        if made is None:
            made = self._worlds[in_effect] = _members_only(self._change.world(in_effect))
        return made

    def at(self, stop: Stop, at: datetime) -> Forecast:
        """Return what is predicted for a state at a time."""
        world = self._world(stop.in_effect)
        legs = self._planned(stop) or self._judge(stop.in_effect, at)
        if stop.off:
            own = frozenset(leg.id for leg in legs_of(world.deployment) if stop.off in {leg.client, leg.server})
            announced = self._announced(stop, own)
            return Forecast(legs={**legs, **dict.fromkeys(announced & legs.keys(), State.DOWN)}, announced=announced)
        return Forecast(legs=legs)

    def _planned(self, stop: Stop) -> Mapping[str, State] | None:
        """Return the plan's own prediction of a state; None if the state is not part of its order."""
        if stop.position < 0:
            return None
        return self._plan.predictions[stop.position - (stop.phase is Phase.DURING)].legs

    def _announced(self, stop: Stop, own: frozenset[str]) -> frozenset[str]:
        """Return the connections that a machine without power takes down: as the plan announces them, else all of its own."""
        if stop.position < 0 or stop.phase is not Phase.DURING:
            return own
        return frozenset(self._plan.predictions[stop.position].down_during)

    def _judge(self, in_effect: frozenset[str], at: datetime) -> Mapping[str, State]:
        key = (in_effect, at)
        if key not in self._judged:
            verdicts = judge_as_known(self._world(in_effect), at)
            self._judged[key] = {verdict.leg.id: verdict.state for verdict in verdicts}
        return self._judged[key]

    def refused(self, forecast: Forecast) -> frozenset[str]:
        """Return the connections that are down and were not before the change."""
        before = self._plan.predictions[0].legs
        down = (leg for leg, state in forecast.legs.items() if state is State.DOWN)
        return frozenset(leg for leg in down if before.get(leg) is not State.DOWN)

    def breaks_on_the_way_back(self, last: int) -> frozenset[str]:
        """Return the connections that are refused if steps `last` to 1 are undone in this order."""
        order = self._plan.order[:last]
        at = self._change.time(frozenset(order))
        stops = [stop for stop in back_from(self._change, order) if not stop.off]
        return frozenset(leg for stop in stops for leg in self.refused(self.at(stop, at)))


def off(world: World, machine: str) -> World:
    """Return the world in which no packet gets to a machine or from it."""
    pairs = {frozenset({machine, other}) for other in world.parties if other != machine}
    return replace(world, cut=world.cut | pairs)


def _members_only(world: World) -> World:
    """Return the world without machines that its deployment does not have, as a change has them that adds some."""
    members = {name for group in world.deployment.groups for name in group.members}
    kept = {fqdn: party for fqdn, party in world.parties.items() if fqdn in members}
    return replace(world, parties=kept) if len(kept) < len(world.parties) else world
