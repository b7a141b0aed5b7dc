"""Brings a running lab from one state of a rehearsal to the next, as the machines do it: load, restart, use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from pkikit.errors import InputError
from pkikit.model.world import Party, World
from pkikit.planning.change import Change
from pkikit.planning.steps import Action, Step
from simulator.errors import LabError
from simulator.lab.running_lab import RunningLab
from simulator.peer.state import PeerState
from simulator.rehearsal.forecast import Forecasts
from simulator.rehearsal.route import Phase, Stop, name_now


async def perform(
    lab: RunningLab, change: Change, forecasts: Forecasts, stop: Stop, *, compare: bool = True
) -> tuple[str, ...]:
    """Do what leads to a state: change lists and settings, load certificates, or let a machine restart with what it has.

    Args:
        lab: is in the state before.
        change: has the steps.
        forecasts: knows the machines in each state.
        stop: the state to reach.
        compare: the lab did all steps before this one, so afterwards its machines have to be those of the state.

    Returns:
        What is not as the plan says, in sentences.
    """
    world, step = forecasts.world(stop), change.by_key.get(stop.key)
    problems: tuple[str, ...] = ()
    if step is not None and stop.phase is Phase.AFTER:
        problems = await _do(lab, change, world, step)
        if compare and not problems:
            problems = tuple(_strange(lab.world, world, step))
    elif stop.restarts in lab.peers and stop.restarts in world.parties:
        lab.peers[stop.restarts].restart()  # it uses what was loaded
    lab.change(world)
    if step is not None and not stop.off and is_pending(change, stop, step):
        await load(lab, change, forecasts, stop, step)
    return problems


async def _do(lab: RunningLab, change: Change, world: World, step: Step) -> tuple[str, ...]:
    """Do a step as its owner does it. What lacks a private key is put in place afterwards, with the whole state."""
    known = {*lab.world.parties, *(name for other in change.steps for _, name in other.renames)}
    new = {fqdn: party for fqdn, party in world.parties.items() if fqdn not in known}
    try:
        await lab.steps.do(step, waits=step.key in change.restart_of, new=new)
    except LabError:
        return ()  # no private key, or the lab began later
    except InputError as error:
        return (f"{step.machine or 'The lab'} refuses step {step.key}: {error}",)
    return ()


def _strange(found: World, wanted: World, step: Step) -> Iterator[str]:
    """Yield what the lab has otherwise than the plan after a step."""
    if step.credential is not None and step.credential.key is None:
        return
    if found.deployment != wanted.deployment:
        yield f"After step {step.key} the configuration of the lab is not that of the plan."
    for fqdn, party in wanted.parties.items():
        here = found.parties.get(fqdn)
        if here is not None and _contents(here) != _contents(_with_given_lists(here, party, wanted)):
            yield f"After step {step.key} {fqdn} does not have the certificates and lists that the plan says."


def _with_given_lists(found: Party, wanted: Party, world: World) -> Party:
    """Return a machine of the plan; a list that nobody gave is empty there, and the lab's takes its place."""
    if not world.stand_ins.unknown:
        return wanted
    lists = {port: listed or found.lists.get(port, ()) for port, listed in wanted.lists.items()}
    return replace(wanted, trusted_ca_list=wanted.trusted_ca_list or found.trusted_ca_list, lists=lists)


def _contents(party: Party) -> tuple[object, ...]:
    lists = {port: frozenset(listed) for port, listed in party.lists.items()}
    own = (party.credential, party.client, dict(party.services), dict(party.domains))
    return (*own, frozenset(party.trusted_ca_list), lists)


def is_pending(change: Change, stop: Stop, step: Step) -> bool:
    """Return True if a step loads (or loads back) a certificate that its machine uses only after a restart."""
    loads = step.loads and step.key in change.restart_of
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
