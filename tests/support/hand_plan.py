"""A plan made by hand, for tests of what is written about plans: new certificates of another root on all Expressways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache

from pkikit.design.services import services_of
from pkikit.issue.authority import Authority, create_root
from pkikit.judge.legs.known_parts import State
from pkikit.judge.legs.leg_verdict import judge_all_legs
from pkikit.judge.legs.service_state import service_states
from pkikit.model.world import World
from pkikit.planning.change import Change, Done
from pkikit.planning.plan import Plan, Prediction, Refusal
from pkikit.planning.steps import Action, Owner, SettingChange, Step
from pkikit.worlds.issued_world import layout_of
from simulator.world.craft import craft
from tests.support.worlds import AT, C1, CLUSTER_C, PARTNER, issued

OTHERS = Owner(name="administrators of the partner", lead=timedelta(days=14), ours=False)


def predicted(change: Change, done: Done, restarted: str = "") -> Prediction:
    world, at = change.world(done), change.time(done)
    verdicts = judge_all_legs(world, at)
    legs = {v.leg.id: v.state for v in verdicts}
    refused = tuple(
        Refusal(
            leg=v.leg.id, refused_by=v.leg.server, causes=("trust.issuer-unknown",), says=f"{v.leg.server} refuses it."
        )
        for v in verdicts
        if v.state is State.DOWN
    )
    cut = tuple(v.leg.id for v in verdicts if restarted and restarted in {v.leg.client, v.leg.server})
    services = service_states(services_of(world.deployment, [v.leg for v in verdicts]), legs)
    return Prediction(done=done, legs=legs, services=services, refused=refused, down_during=cut)


def predict(change: Change, order: tuple[str, ...]) -> tuple[Prediction, ...]:
    found = [predicted(change, frozenset())]
    for number, key in enumerate(order, start=1):
        step = change.by_key[key]
        found.append(
            predicted(change, frozenset(order[:number]), step.machine if step.action is Action.RESTART else "")
        )
    return tuple(found)


def _steps(today: World, new: Authority) -> Iterator[Step]:
    root = (new.certificate,)
    for fqdn in today.parties:
        owner = OTHERS if "partner" in fqdn else Owner()
        for name in today.lists_of(fqdn):
            yield Step(
                key=f"append {fqdn} {name}",
                action=Action.APPEND_CA,
                machine=fqdn,
                place=name,
                certificates=root,
                owner=owner,
            )
    yield Step(key="wait", action=Action.WAIT, machine="", until=AT + timedelta(days=20))
    for fqdn in today.deployment.peers:
        layout = layout_of(today.deployment, fqdn)
        credential = craft(layout.dns_names, new, at=AT, common_name=layout.common_name)
        yield Step(key=f"load {fqdn}", action=Action.LOAD, machine=fqdn, place="server", credential=credential)
        yield Step(key=f"restart {fqdn}", action=Action.RESTART, machine=fqdn, activates=(f"load {fqdn}",))
    changed = SettingChange(place="zones.0.tls_verify_subject_name", old=CLUSTER_C, new=C1)
    yield Step(key="set zone", action=Action.SET, machine="edge", settings=(changed,))
    yield Step(
        key="remove partner",
        action=Action.REMOVE_CA,
        machine=PARTNER,
        certificates=(issued().root.certificate,),
        owner=OTHERS,
    )


@cache
def hand_plan(name: str = "Your Root CA") -> Plan:
    """The plan. Its zone looks for a name that c2 does not have, so the step `set zone` drops connections of c2."""
    today = issued().world
    steps = tuple(_steps(today, create_root(name, at=AT)))
    change = Change(today=today, tomorrow=today, at=AT, steps=steps, goal=f"new root {name}")
    order = tuple(step.key for step in steps)
    predictions = predict(change, order)
    return Plan(
        change=change, order=order, predictions=predictions, order_exists=False, reason="The zone looks for one name only.",
        lost_minutes=12.0,
    )  # fmt: skip


@cache
def good_plan() -> Plan:
    """The same plan without that step: an order exists."""
    plan = hand_plan()
    steps = tuple(step for step in plan.change.steps if step.key != "set zone")
    change = replace(plan.change, steps=steps)
    order = tuple(step.key for step in steps)
    return replace(
        plan,
        change=change,
        order=order,
        predictions=predict(change, order),
        order_exists=True,
        reason="",
        lost_minutes=0,
    )
