"""A rehearsal while it runs: a lab with held connections goes through the states, and every connection is dialled in each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

from pkikit.design.legs import legs_of
from pkikit.design.services import services_of
from pkikit.judge.legs.known_parts import State
from pkikit.judge.legs.service_state import service_states
from pkikit.model.findings import Finding
from pkikit.model.leg import Leg
from pkikit.planning.plan import Plan
from pkikit.view.connections.check_report import CheckReport
from pkikit.view.connections.leg_report import LegReport
from simulator.lab.running_lab import RunningLab
from simulator.rehearsal.forecast import Forecast, Forecasts
from simulator.rehearsal.performing import perform
from simulator.rehearsal.results import Cause, Connection, RehearsedState
from simulator.rehearsal.route import Stop

PATIENCE = 20.0  # seconds until a held connection counts as not up although others can dial it
_SETTLING = 0.01


class LiveRehearsal:
    """Takes a lab through the states of a plan. The lab is in the first of them."""

    def __init__(
        self,
        lab: RunningLab,
        plan: Plan,
        forecasts: Forecasts,
        words: Callable[[Stop], str],
        *,
        whole: bool = True,
    ) -> None:
        """Describe it; nothing is dialled yet.

        Args:
            lab: a lab that holds its connections.
            plan: the plan.
            forecasts: predicts its states.
            words: a state in a few words.
            whole: the lab begins before the first step, and not where an interrupted rehearsal was.
        """
        self._lab, self._plan, self._forecasts, self._words = lab, plan, forecasts, words
        self._whole = whole
        self._announced: dict[int, frozenset[str]] = {}

    async def reach(self, stop: Stop, *, first: bool = False) -> RehearsedState:
        """Do what leads to a state, and dial every connection.

        Args:
            stop: the state.
            first: the lab is in it already.

        Returns:
            What was found.
        """
        began, lab = time.monotonic(), self._lab
        losses = lab.losses.count
        await self._wait_for(stop)
        forecast = self._forecasts.at(stop)
        allowed = self._allowed(stop, forecast)
        moved = self._moved(stop)
        problems: tuple[str, ...] = ()
        if not first:
            problems = await perform(lab, self._plan.change, self._forecasts, stop, compare=self._whole)
        report = await lab.check()
        await self._settle(leg.leg.id for leg in report.legs if leg.up and forecast.legs.get(leg.leg.id) is State.UP)
        dropped = tuple(dict.fromkeys(loss.leg for loss in lab.losses if loss.number > losses))
        offered = self._forecasts.offered(stop)
        found = tuple(self._connection(leg, forecast, stop) for leg in report.legs if leg.leg.id in offered)
        refused = self._forecasts.refused({c.id: c.state for c in found}, stop.in_effect)
        refused -= self._of(stop.off)
        return RehearsedState(
            number=stop.number,
            key=stop.key,
            says=self._words(stop),
            machine=self._plan.change.by_key[stop.key].machine if stop.key else "",
            phase=stop.phase,
            undo=stop.undo,
            off=stop.off,
            at=lab.clock.now(),
            seconds=time.monotonic() - began,
            connections=found,
            refused=tuple(c.id for c in found if c.id in refused),
            why=_causes(report, refused),
            dropped=dropped,
            moved=tuple(leg for leg in dropped if leg in moved),
            unannounced=tuple(leg for leg in dropped if leg not in allowed | moved),
            problems=problems,
            services=self._lost_services(found),
        )

    def _lost_services(self, found: Iterable[Connection]) -> tuple[str, ...]:
        """Return the services that no peer of their cluster carries."""
        services = services_of(self._lab.deployment, self._lab.legs)
        states = service_states(services, {c.id: c.state for c in found})
        return tuple(f"{s.name.value} at {s.where}" for s in states if s.cluster and s.state is State.DOWN)

    def _of(self, machine: str) -> frozenset[str]:
        return frozenset(leg.id for leg in self._lab.legs if machine in {leg.client, leg.server})

    def _allowed(self, stop: Stop, forecast: Forecast) -> frozenset[str]:
        """Return the connections that may go down on the way to a state: those that its restart announces."""
        told = self._announced.get(stop.number, frozenset()) | forecast.announced
        self._announced[stop.number] = told
        return told if stop.restarts else forecast.announced

    def _moved(self, stop: Stop) -> frozenset[str]:
        """Return the connections that the settings of a step lead elsewhere. They connect again, and the page says where."""
        before = {leg.id: _leads(leg) for leg in self._lab.legs}
        after = legs_of(self._forecasts.world(stop).deployment)
        return frozenset(leg.id for leg in after if leg.id in before and before[leg.id] != _leads(leg))

    async def _wait_for(self, stop: Stop) -> None:
        """Move the lab's clock to the earliest time of a state; it never goes back."""
        clock, until = self._lab.clock, stop.time(self._plan.change)
        if until > clock.now():
            clock.travel(until - clock.now())
            await self._lab.tick()

    async def _settle(self, wanted: Iterable[str]) -> None:
        """Wait until these connections are up again where somebody keeps them up, but not for ever."""
        links = self._lab.links
        waiting = [links[leg] for leg in wanted if leg in links]
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if all(link.active for link in waiting):
                return
            await asyncio.sleep(_SETTLING)

    def _connection(self, found: LegReport, forecast: Forecast, stop: Stop) -> Connection:
        leg, dialled = found.leg.id, found.trace is not None
        predicted = forecast.legs.get(leg, State.NOT_ASSESSED)
        silent = not dialled and bool(stop.off) and leg in forecast.announced
        link = self._lab.links.get(leg)
        cause = first_cause(found)
        return Connection(
            id=leg,
            predicted=predicted,
            state=predicted if silent else found.state,
            dialled=dialled,
            held=link.active if link is not None and dialled else None,
            refused_by=found.refused_by,
            causes=found.causes,
            says=cause.message if cause is not None else "",
            fix=cause.fix if cause is not None else "",
        )


def _leads(leg: Leg) -> tuple[object, ...]:
    """Return where a connection leads."""
    return leg.protocol, leg.port, leg.reference_name, leg.discovered_by


def first_cause(found: LegReport) -> Finding | None:
    """Return the finding to fix first; None if the connection is up, or nothing explains it."""
    return next((f for f in found.findings if f.rule in found.causes[:1]), None)


def _causes(report: CheckReport, refused: frozenset[str]) -> tuple[Cause, ...]:
    """Return why connections are refused, each reason once."""
    causes = report.root_causes(first_only=True) if refused else ()
    return tuple(
        Cause(rule=c.finding.rule, says=c.finding.message, fix=c.fix, refused_by=c.refused_by, legs=legs)
        for c in causes
        if (legs := tuple(leg for leg in c.legs if leg in refused))
    )
