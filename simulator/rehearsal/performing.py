"""Brings a running lab from one state of a rehearsal to the next, as the machines do it: load, restart, use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pkikit.model.world import Party
from pkikit.planning.change import Change
from pkikit.planning.steps import Action, Step
from simulator.lab.running_lab import RunningLab
from simulator.peer.state import PeerState
from simulator.rehearsal.forecast import Forecasts
from simulator.rehearsal.route import Stop, name_now


async def perform(lab: RunningLab, change: Change, forecasts: Forecasts, stop: Stop) -> None:
    """Do what leads to a state: change lists and settings, load certificates, or let a machine restart with what it has.

    Args:
        lab: is in the state before.
        change: has the steps.
        forecasts: knows the machines in each state.
        stop: the state to reach.
    """
    world = forecasts.world(stop)
    if stop.restarts in lab.peers and stop.restarts in world.parties:
        lab.peers[stop.restarts].restart()  # it uses what was loaded
    lab.change(world)
    step = change.by_key.get(stop.key)
    if step is not None and not stop.off and is_pending(change, stop, step):
        await load(lab, change, forecasts, stop, step)


def is_pending(change: Change, stop: Stop, step: Step) -> bool:
    """Return True if a step loads (or loads back) a certificate that its machine uses only after a restart."""
    loads = step.action in {Action.LOAD, Action.LOAD_CLIENT} and step.key in change.restart_of
    return loads and (step.key in stop.in_effect) == stop.undo


async def load(lab: RunningLab, change: Change, forecasts: Forecasts, stop: Stop, step: Step) -> None:
    """Put the certificate of a step into the state of its machine, where it waits for the restart.

    Args:
        lab: the lab.
        change: has the steps.
        forecasts: knows the machines in each state.
        stop: the state after the load.
        step: the load. If it is undone, the certificate from before is loaded.
    """
    both = {step.key, change.restart_of[step.key]}
    used = forecasts.world(replace(stop, in_effect=stop.in_effect - both if stop.undo else stop.in_effect | both))
    # The restart may give the machine its new name as well.
    peer = lab.peers.get(name_now(change, step.machine, stop.in_effect))
    party = used.parties.get(name_now(change, step.machine, stop.in_effect | both))
    if peer is not None and party is not None:
        await peer.change_state(_loads(step, party))


def _loads(step: Step, party: Party) -> Callable[[PeerState], PeerState]:
    store, _, domain = step.place.partition(" ")

    def load_into(state: PeerState) -> PeerState:
        if step.action is Action.LOAD_CLIENT:
            return state.with_client_certificate(party.client)
        if store == "domain":
            return state.with_domain_certificate(domain, party.domains.get(domain))
        return replace(state, certificate=party.credential)

    return load_into
