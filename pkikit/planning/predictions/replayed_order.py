"""The prediction for each state of an order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from pkikit.design.services import Service, services_of
from pkikit.errors import InputError
from pkikit.judge.legs.known_parts import State
from pkikit.judge.legs.known_verdict import judge_of
from pkikit.judge.legs.leg_verdict import LegVerdict
from pkikit.judge.legs.service_state import ServiceState, service_states
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Leg
from pkikit.model.trace import Side
from pkikit.planning.change import Change, Done
from pkikit.planning.plan import Prediction, Refusal
from pkikit.planning.predictions.oracle import Oracle
from pkikit.planning.predictions.verdicts import Verdicts
from pkikit.planning.steps import Action, Step


def replay(change: Change, order: Sequence[str], verdicts: Verdicts | None = None) -> tuple[Prediction, ...]:
    """Return what each connection and service does before the first step of an order, and after each.

    Args:
        change: the steps.
        order: the keys of all steps.
        verdicts: those of the same change, if somebody has judged already.

    Returns:
        One prediction more than steps. A state whose settings contradict each other has no connections.
    """
    return tuple(_Replay(change, verdicts or Verdicts(change)).run(order))


class _Replay:
    """The work on one order."""

    def __init__(self, change: Change, verdicts: Verdicts) -> None:
        self._change, self._verdicts = change, verdicts
        self._oracle = Oracle(change, verdicts)
        self._services: dict[int, tuple[Service, ...]] = {}
        self._refusals = Refusals(change, verdicts)

    def run(self, order: Sequence[str]) -> Iterator[Prediction]:
        done: Done = frozenset()
        before: Mapping[str, State] | None = self._verdicts.states(done)
        yield self.state(done)
        for key in order:
            done |= {key}
            try:
                states = self._verdicts.states(done)
            except InputError:
                before = None
                yield Prediction(done=done, legs={}, services=())
                continue
            yield self._prediction(done, states, self._change.by_key[key], before)
            before = states

    def state(self, done: Done) -> Prediction:
        """Return the prediction for a state, without what a restart cuts."""
        states = self._verdicts.states(done)
        return self._prediction(done, states, None, None)

    def _prediction(
        self, done: Done, states: Mapping[str, State], step: Step | None, before: Mapping[str, State] | None
    ) -> Prediction:
        deployment = self._change.deployment(done)
        down: tuple[str, ...] = ()
        interrupted: tuple[str, ...] = ()
        if step is not None and before is not None and step.restarts:
            down, interrupted = self._outage(step, done, before)
        return Prediction(
            done=done,
            legs=states,
            services=service_states(self._of(deployment), states),
            refused=tuple(
                self._refusals.of(name, done) for name in states if self._oracle.is_refused(name, states[name], done)
            ),
            down_during=down,
            interrupted=interrupted,
        )

    def _of(self, deployment: Deployment) -> tuple[Service, ...]:
        found = self._services.get(id(deployment))
        if found is None:
            legs = [leg for leg, _ in self._verdicts.legs(deployment)]
            found = self._services[id(deployment)] = services_of(deployment, legs)
        return found

    def _outage(self, step: Step, done: Done, before: Mapping[str, State]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the connections that a restart cuts, and the services that nobody else carries meanwhile.

        An upgrade restarts all Expressways, one peer after the other.
        """
        deployment = self._change.deployment(done - {step.key})
        machines = (
            deployment.peers
            if step.action is Action.UPGRADE
            else (self._change.name_of(step.machine, done - {step.key}),)
        )
        ends = {leg.id: {leg.client, leg.server} for leg, _ in self._verdicts.legs(deployment)}
        services = self._of(deployment)
        cut: dict[str, None] = {}
        lost: dict[str, None] = {}
        for machine in machines:
            here = [
                name
                for name, both in ends.items()
                if machine in both and before.get(name, State.DOWN) is not State.DOWN
            ]
            cut |= dict.fromkeys(here)
            during = {**before, **dict.fromkeys(here, State.DOWN)}
            lost |= dict.fromkeys(_lost(service_states(services, during), service_states(services, before)))
        return tuple(cut), tuple(lost)


class Refusals:
    """Who refuses a connection in a state, and why: as a diagnosis of this very state has it."""

    def __init__(self, change: Change, verdicts: Verdicts) -> None:
        self._change, self._verdicts = change, verdicts
        self._known: dict[tuple[str, Done], Refusal] = {}
        self._judges: dict[Done, Callable[[Leg], LegVerdict]] = {}

    def of(self, name: str, done: Done) -> Refusal:
        """Return a refusal.

        Args:
            name: the id of a connection that the state has.
            done: keys of completed steps.

        Returns:
            The refusal.
        """
        effective = frozenset(step.key for step in self._change.in_effect(done))
        known = self._known.get((name, effective))
        if known is None:
            found = self._verdicts.leg(self._change.deployment(done), name)
            assert found is not None  # it has a state
            judge = self._judges.get(effective)
            if judge is None:
                judge = self._judges[effective] = judge_of(self._change.world(done), self._change.time(done))
            known = self._known[name, effective] = refusal_of(judge(found[0]))
        return known


def _lost(during: Sequence[ServiceState], before: Sequence[ServiceState]) -> Iterator[str]:
    """Yield the services of whole clusters that work before and not meanwhile."""
    for now, then in zip(during, before, strict=True):
        if now.cluster and now.state is State.DOWN and then.state is not State.DOWN:
            yield f"{now.name.value} at {now.where}"


def refusal_of(verdict: LegVerdict) -> Refusal:
    """Return who refuses a connection and why, as its verdict says."""
    leg = verdict.leg
    refused_by = leg.client if verdict.rejected_by is Side.CLIENT else leg.server
    side = verdict.by_client if verdict.rejected_by is Side.CLIENT else verdict.by_server
    causes = verdict.causes
    first = next((f for f in side.findings if f.rule in causes), None)
    return Refusal(leg=leg.id, refused_by=refused_by, causes=causes, says=first.message if first is not None else "")
