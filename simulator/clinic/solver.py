"""Looks for fixes of a case that names none: a case that somebody sent. It tries what an administrator would try next.

The search judges worlds and dials nothing. It is bounded; what it finds is then played in the lab.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pkikit.design.legs import legs_of
from pkikit.errors import PkikitError
from pkikit.judge.legs.known_verdict import judge_as_known, judge_of
from pkikit.judge.legs.leg_verdict import LegVerdict
from pkikit.model.places import deployment_with
from pkikit.model.world import World
from pkikit.view.connections.check_report import CheckReport
from pkikit.worlds.issued_world import issue_world
from simulator.clinic.case import Case
from simulator.clinic.suggestions import suggestions
from simulator.world.fault_context import FaultContext
from simulator.world.plan_settings import setting_named
from simulator.world.remedies import Action, Remedy, apply_remedy, remedy_of

_MOST_JUDGED = 200  # worlds; one of 52 connections takes some 0.1 s
_Key = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Solution:
    """What to do about a case.

    lines: fixes, one after the other, as one types them.
    left: ids of the connections for which no fix was found. Nobody has to bring them up.
    """

    lines: tuple[str, ...] = ()
    left: frozenset[str] = frozenset()

    def settles(self, report: CheckReport) -> bool:
        """Return True if every connection is up for which there is a fix."""
        return all(leg.leg.id in self.left for leg in report.down)


NOT_SOUGHT = Solution()


def solution_of(case: Case) -> Solution:
    """Look for fixes that bring up as many connections as possible."""
    deployment, at = case.changed(), case.clock().now()
    issued = issue_world(deployment, at=at, rsa=False)
    context = FaultContext(issued, at, rsa=False, made=case.authorities())
    world = context.apply(case.faults, case.prepared(issued.world))
    return _Search(context, world).run()


@dataclass(frozen=True)
class _State:
    world: World
    verdicts: tuple[LegVerdict, ...]
    lines: tuple[str, ...] = ()

    @property
    def up(self) -> frozenset[str]:
        return frozenset(v.leg.id for v in self.verdicts if v.accepted)


@dataclass
class _Search:
    context: FaultContext
    world: World
    judged: int = 0
    given_up: set[_Key] = field(default_factory=set)
    seen: set[tuple[str, tuple[str, ...]]] = field(default_factory=set)

    def run(self) -> Solution:
        state = self._judge(self.world, ())
        while self.judged < _MOST_JUDGED:
            verdict = next((v for v in state.verdicts if not v.accepted and _key(v) not in self.given_up), None)
            if verdict is None:
                break
            better = self._better(state, verdict)
            if better is None:
                self.given_up.add(_key(verdict))
            else:
                state = better
        down = frozenset(v.leg.id for v in state.verdicts if not v.accepted)
        return Solution(lines=state.lines, left=down)

    def _judge(self, world: World, lines: tuple[str, ...]) -> _State:
        self.judged += 1
        return _State(world, judge_as_known(world, self.context.at), lines)

    def _judge_one(self, leg_id: str, world: World) -> LegVerdict | None:
        """Judge a connection as it is in another world, where settings and so its names may be others."""
        leg = next((leg for leg in legs_of(world.deployment) if leg.id == leg_id), None)
        return judge_of(world, self.context.at)(leg) if leg is not None else None

    def _better(self, state: _State, verdict: LegVerdict) -> _State | None:
        """Return the state after the first suggestion that brings this connection up and takes none down.

        If there is none, a suggestion counts after which another cause is in the way, once for each cause.
        """
        leg, partly = verdict.leg, None
        self.seen.add((leg.id, verdict.causes[:1]))
        for lines in suggestions(verdict, state.world, self.context):
            world = self._after(state.world, lines)
            if world is None or self.judged >= _MOST_JUDGED:
                continue
            now = self._judge_one(leg.id, world)  # a whole world takes fifty times as long
            if now is None or not (now.accepted or (partly is None and (leg.id, now.causes[:1]) not in self.seen)):
                continue
            after = self._judge(world, (*state.lines, *lines))
            if after.up >= state.up:
                if leg.id in after.up:
                    return after
                partly = after
        return partly

    def _after(self, world: World, lines: Sequence[str]) -> World | None:
        before = world
        try:
            for line in dict.fromkeys(lines):
                world = self._with(remedy_of(line, "", world.deployment, world), world)
        except PkikitError:
            return None
        return None if world == before else world

    def _with(self, remedy: Remedy, world: World) -> World:
        if remedy.action is not Action.CONFIGURE:
            return apply_remedy(remedy, world, self.context)
        setting = setting_named(world.deployment, remedy.target)
        value = setting.parsed(" ".join(remedy.words))
        return replace(world, deployment=deployment_with(world.deployment, {setting.place: value}))


def _key(verdict: LegVerdict) -> _Key:
    """Return what the search gives up: a connection with its causes."""
    return (verdict.leg.id, *verdict.causes)
