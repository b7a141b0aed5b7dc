"""Plans as a person would write them, for tests that need a plan and no planner: a new root, step by step."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from pkikit.design.csr import fast_key
from pkikit.issue.authority import create_root
from pkikit.judge.legs.known_parts import State
from pkikit.judge.legs.known_verdict import judge_as_known
from pkikit.model.deployment import Deployment
from pkikit.model.world import World
from pkikit.planning.change import Change
from pkikit.planning.plan import Plan, Prediction
from pkikit.planning.steps import Action, Precedence, Step
from pkikit.worlds.issued_world import IssuedWorld, issue_world, layout_of, profile_of


def new_root(deployment: Deployment, at: datetime) -> Change:
    """Every Expressway gets a certificate of a new CA: append the CA everywhere, load, restart, remove the old CA."""
    today = issue_world(deployment, at=at, rsa=False).world
    root = create_root("New Root CA", at=at, key=fast_key())
    authority = root.intermediate("New Issuing CA", at=at, key=fast_key())
    issued = IssuedWorld(world=today, authority=authority, root=root)
    new = (root.certificate, authority.certificate)
    tomorrow = today
    for party in today.parties.values():
        tomorrow = tomorrow.with_party(party.trusting(new))
    for fqdn in deployment.peers:
        credential = issued.sign(layout_of(deployment, fqdn), at=at, profile=profile_of(deployment), rsa=False)
        tomorrow = tomorrow.with_party(replace(tomorrow.parties[fqdn], credential=credential))
    steps = [
        Step(key=f"append-ca {fqdn}", action=Action.APPEND_CA, machine=fqdn, certificates=new) for fqdn in today.parties
    ]
    precedences: list[Precedence] = []
    for fqdn in deployment.peers:
        load = f"load-certificate {fqdn}"
        steps.append(
            Step(
                key=load, action=Action.LOAD, machine=fqdn, place="server", credential=tomorrow.parties[fqdn].credential
            )
        )
        steps.append(Step(key=f"restart {fqdn}", action=Action.RESTART, machine=fqdn, activates=(load,)))
        precedences.append(
            Precedence(first=load, then=f"restart {fqdn}", why="the restart uses what is loaded", rule="page")
        )
    return Change(
        today=today, tomorrow=tomorrow, at=at, steps=tuple(steps), precedences=tuple(precedences), goal="new root"
    )


def planned(change: Change, order: tuple[str, ...] = ()) -> Plan:
    """The plan of an order (default: that of the steps), judged state by state."""
    order = order or tuple(step.key for step in change.steps)
    sets = [frozenset(order[:number]) for number in range(len(order) + 1)]
    states = [{v.leg.id: v.state for v in judge_as_known(_members(change, done), change.time(done))} for done in sets]
    predictions = tuple(
        Prediction(done=done, legs=legs, services=(), down_during=_cut(change, order[: len(done)], legs))
        for done, legs in zip(sets, states, strict=True)
    )
    refused = any(State.DOWN in legs.values() for legs in states)
    return Plan(change=change, order=order, predictions=predictions, order_exists=not refused)


def _members(change: Change, done: frozenset[str]) -> World:
    world = change.world(done)
    members = {name for group in world.deployment.groups for name in group.members}
    return replace(world, parties={fqdn: party for fqdn, party in world.parties.items() if fqdn in members})


def _cut(change: Change, done: tuple[str, ...], legs: dict[str, State]) -> tuple[str, ...]:
    step = change.by_key[done[-1]] if done else None
    if step is None or step.action is not Action.RESTART:
        return ()
    return tuple(leg for leg in legs if step.machine in leg.partition(":")[2])
